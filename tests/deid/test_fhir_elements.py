"""Elements of resources beside their texts, and the files that say more of patients."""

from __future__ import annotations

from typing import Any

import pytest

from openbioner_batch.deid.fhir import transform
from openbioner_batch.deid.fhir.patients import digest
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.base import InputFile

KEY = Key(b"a key of sixteen" * 2)


def report(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", **elements}


def transformed(policy: str, **elements: Any) -> Any:
    return transform(report(**elements), load_policy(policy), Scope.for_patient(KEY, "p", 7), lambda text: text)


def test_the_time_of_an_identifier_is_moved_as_other_times_are() -> None:
    period = {"start": "2021-03-02", "end": "2021-03-04"}
    done = transformed("surrogate", identifier=[{"system": "http://x.example", "value": "88412", "period": period}])
    (identifier,) = done.resource["identifier"]
    assert identifier["period"] == {"start": "2021-03-09", "end": "2021-03-11"}


@pytest.mark.parametrize("name", ["extension", "modifierExtension"])
def test_extensions_are_dropped_and_counted_by_their_kind(name: str) -> None:
    done = transformed("surrogate", **{name: [{"url": "http://x.example/Jane-Doe", "valueString": "Jane Doe"}]})
    assert "Jane" not in str(done.resource)
    assert dict(done.dropped) == {"extension": 1}


def test_a_digest_of_files_changes_with_their_content_alone() -> None:
    files = [InputFile("/data/Jane Doe.ndjson", 100, "1"), InputFile("/data/b.ndjson", 60, "1")]
    moved = [InputFile("/elsewhere/a.ndjson", 100, "1"), InputFile("/elsewhere/b.ndjson", 60, "1")]
    assert digest(files) == digest(moved)
    changed = [InputFile("/data/Jane Doe.ndjson", 100, "2"), files[1]]
    grown = [files[0], InputFile("/data/b.ndjson", 61, "1")]
    assert len({digest(files), digest(changed), digest(grown), digest(files[:1])}) == 4

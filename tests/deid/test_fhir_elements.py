"""Elements of resources beside their texts, and the files that say more of patients."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.fhir import transform
from openbioner_batch.deid.fhir.patients import patients_digest
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile

from .conftest import Deidentify

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


def test_a_code_keeps_its_version_and_whether_it_was_chosen() -> None:
    coding = {"system": "http://loinc.org", "version": "2.72", "code": "24627-2", "userSelected": True}
    done = transformed("surrogate", code={"coding": [coding, {**coding, "version": "of Dr. Lee"}]})
    assert done.resource["code"]["coding"] == [coding, {name: coding[name] for name in coding if name != "version"}]
    assert dict(done.dropped) == {"value": 1}


def test_what_a_code_is_called_goes_where_the_callback_changes_it() -> None:
    codes = [{"system": "http://loinc.org", "code": "24627-2", "display": words} for words in ("CT of Lee", "CT chest")]
    found = report(code={"coding": codes})
    scope = Scope.for_patient(KEY, "p", 7)
    done = transform(found, load_policy("safe-harbor"), scope, lambda text: text.replace("Lee", "[PATIENT]"))
    assert done.resource["code"]["coding"] == [{"system": "http://loinc.org", "code": "24627-2"}, codes[1]]


@pytest.mark.parametrize(
    ("kind", "type"), [("Patient", "patient_name"), ("RelatedPerson", "relative_name"), ("Group", None)]
)
def test_the_display_of_a_reference_goes_as_a_name_of_the_contained_resource(kind: str, type: str | None) -> None:
    contained = [{"resourceType": kind, "id": "a"}]
    done = transformed("safe-harbor", contained=contained, performer=[{"reference": "#a", "display": "Jane Doe"}])
    assert "Jane" not in str(done.resource)
    assert [of for of, _, _ in done.replaced] == ([type] if type else [])


def test_a_contact_point_goes_as_what_its_system_says() -> None:
    contacts = [
        {"system": "fax", "value": "617 555 0142"},
        {"system": "email", "value": "a@x.org"},
        {"value": "ask Jo"},
    ]
    person = {"resourceType": "Patient", "id": "p", "telecom": contacts}
    done = transform(person, load_policy("safe-harbor"), Scope.for_patient(KEY, "p", 7), str)
    assert {type for type, _, _ in done.replaced} == {"fax_number", "email_address", "contact_detail"}
    assert [one.get("system") for one in done.resource["telecom"]] == ["fax", "email", None]


def test_a_reference_keeps_the_kind_that_it_names_and_a_death_is_counted_as_one() -> None:
    done = transformed("surrogate", subject={"type": "Patient", "display": "Jane Doe"})
    assert done.resource["subject"]["type"] == "Patient"
    person = {"resourceType": "Patient", "id": "p", "deceasedDateTime": "2021-03-02"}
    done = transform(person, load_policy("surrogate"), Scope.for_patient(KEY, "p", 7), str)
    assert done.resource["deceasedDateTime"] == "2021-03-09"
    assert [type for type, _, _ in done.replaced] == ["death_date"]


def test_a_digest_of_files_changes_with_their_content_alone() -> None:
    files = [InputFile("/data/Jane Doe.ndjson", 100, "1"), InputFile("/data/b.ndjson", 60, "1")]
    moved = [InputFile("/elsewhere/a.ndjson", 100, "1"), InputFile("/elsewhere/b.ndjson", 60, "1")]
    assert patients_digest(files) == patients_digest(moved)
    changed = [InputFile("/data/Jane Doe.ndjson", 100, "2"), files[1]]
    grown = [files[0], InputFile("/data/b.ndjson", 61, "1")]
    assert (
        len({patients_digest(files), patients_digest(changed), patients_digest(grown), patients_digest(files[:1])}) == 4
    )


@pytest.mark.parametrize(("day", "born"), [(None, {"birthDate": "1940"}), (date(2031, 5, 2), {})])
def test_a_year_of_birth_goes_where_the_callers_date_makes_an_age_over_89(day: date | None, born: Any) -> None:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1940-03-27"}
    done = transform(person, load_policy("safe-harbor"), Scope.for_patient(KEY, "p", 7), str, day)
    assert {name: done.resource[name] for name in done.resource if name == "birthDate"} == born


@pytest.mark.parametrize("option", ["note_date_field", "patient_field"])
def test_elements_are_no_columns_to_name(option: str, run_here: Deidentify, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_text(json.dumps(report(conclusion="well")))
    with pytest.raises(UsageError, match=r"^date: elements of FHIR resources cannot be chosen"):
        run_here(tmp_path / "in.ndjson", format="fhir", policy="surrogate", key_file=key_file, **{option: "date"})

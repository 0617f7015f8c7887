"""A FHIR resource as a note: each of its texts with the model's spans on it, its codes, and the account of both."""

from __future__ import annotations

from typing import Any, cast

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.fhir.notes import ResourceRecords
from openbioner_batch.deid.finder import FinderSettings
from openbioner_batch.deid.job import DeidJob, Tools
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.records import DeidentifiedRecord
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.fhir import SEPARATOR
from openbioner_batch.formats.fhir_texts import texts_of
from openbioner_batch.records import Span

KEY = Key(b"a key of sixteen" * 2)
NO_JOB = cast(DeidJob, None)
"""A record by itself asks nothing of its run."""


def report(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", **elements}


def deidentified(resource: dict[str, Any], *seen: str, policy: str = "safe-harbor") -> DeidentifiedRecord:
    """The resource's record where the model has seen these words of its texts."""
    text = SEPARATOR.join(texts_of(resource))
    places = [(text.index(words), text.index(words) + len(words), words) for words in seen]
    spans = tuple(Span(start, end, "patient_name", 0.9, words) for start, end, words in places)
    known = KnownIdentifiers.of(known_values_of(resource))
    note = Note("0", 0, "r1", "p", text, spans, {"resource": resource}, known, None)
    settings = FinderSettings(recognizers=("model", "known"))
    tools = Tools(Deidentifier(load_policy(policy), settings, KEY), KEY)
    return ResourceRecords().deidentify(note, Scope.for_patient(KEY, "p", 7), NO_JOB, tools)


def test_each_text_has_the_models_spans_that_lie_inside_of_it() -> None:
    texts = ["no change", "Zorvexia came today", "asked Brandvold to call", "Kestrelle came"]
    resource = report(conclusion=texts[0], conclusionCode=[{"text": text} for text in texts[1:]])
    done = deidentified(resource, "Zorvexia", "Brandvold", f"call{SEPARATOR}Kestrelle")
    new = ["no change", "[PATIENT] came today", "asked [PATIENT] to call", "Kestrelle came"]
    assert [(part.name, part.original, part.new.text) for part in done.parts] == [
        (f"text {number}", *both) for number, both in enumerate(zip(texts, new, strict=True))
    ]
    assert done.resource is not None
    assert (done.resource["conclusion"], done.resource["conclusionCode"]) == (
        new[0],
        [{"text": one} for one in new[1:]],
    )


def test_codes_are_judged_by_what_is_known_of_the_patient_and_are_no_texts() -> None:
    codes = [
        {"system": "http://loinc.org", "code": "24627-2", "display": f"CT chest{whose}"} for whose in ("", " of Lee")
    ]
    subject = {"reference": "Patient/p", "display": "Ann Lee"}
    for policy in ("safe-harbor", "surrogate"):
        done = deidentified(report(code={"coding": codes, "text": "scan"}, subject=subject), policy=policy)
        assert done.resource is not None
        assert done.resource["code"]["coding"] == [codes[0], {"system": "http://loinc.org", "code": "24627-2"}]
        assert [part.original for part in done.parts] == ["scan"]
        assert done.dropped == {"value": 1}
        assert [(type, action) for type, action, _ in done.replaced] == [
            ("patient_name", {"safe-harbor": "tag", "surrogate": "surrogate"}[policy])
        ]

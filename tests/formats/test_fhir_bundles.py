"""Bundles: references to the addresses of entries lead to each other, and resources know the people beside them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from openbioner_batch.formats.fhir_bundles import entries_of
from openbioner_batch.formats.fhir_texts import texts_of
from openbioner_batch.formats.json_values import MalformedValue


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": deepcopy(list(entries))}


ANN = {"fullUrl": "urn:uuid:a1", "resource": {"resourceType": "Patient", "name": [{"family": "Lee"}], "photo": ["x"]}}
BOB = {"fullUrl": "http://h.example/fhir/Patient/b", "resource": {"resourceType": "Patient", "id": "b"}}
DOCTOR = {"fullUrl": "urn:uuid:d", "resource": {"resourceType": "Practitioner", "id": "d"}}


def report(subject: str) -> dict[str, Any]:
    return {"resource": {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": subject}}}


def test_references_to_addresses_become_relative_and_ids_come_from_them() -> None:
    ann, _, first, second = entries_of(
        bundle(ANN, BOB, report("urn:uuid:a1"), report("http://h.example/fhir/Patient/b"))
    )
    assert ann.resource["id"] == "a1"
    assert first.resource["subject"]["reference"] == "Patient/a1"
    assert second.resource["subject"]["reference"] == "Patient/b"


def test_a_resource_knows_its_own_patient_and_the_others_that_are_no_patients() -> None:
    *_, first, second = entries_of(bundle(ANN, BOB, DOCTOR, report("urn:uuid:a1"), report("Patient/b")))
    assert [one["id"] for one in first.people] == ["a1", "d"]
    assert [one["id"] for one in second.people] == ["b", "d"]
    assert "photo" not in first.people[0]


def test_some_resources_call_their_subject_patient() -> None:
    note = {"resource": {"resourceType": "DocumentReference", "patient": {"reference": "Patient/b"}}}
    *_, entry = entries_of(bundle(ANN, BOB, note))
    assert [one["id"] for one in entry.people] == ["b"]


def test_others_of_its_kind_are_known_to_a_resource() -> None:
    other = {"resource": {"resourceType": "Practitioner", "id": "e"}}
    assert [[one["id"] for one in entry.people] for entry in entries_of(bundle(DOCTOR, other))] == [["e"], ["d"]]


def test_an_only_patient_is_everybodys() -> None:
    _, lone = entries_of(bundle(ANN, {"resource": {"resourceType": "DiagnosticReport", "id": "r"}}))
    assert [one["id"] for one in lone.people] == ["a1"]


@pytest.mark.parametrize("ids", [{"id": "1"}, {}])
def test_ids_are_of_their_type_so_a_note_with_its_patients_id_knows_the_patient(ids: dict[str, str]) -> None:
    note = {"resourceType": "DocumentReference", **ids}
    patient = {"resourceType": "Patient", "name": [{"family": "Lee"}], **ids}
    found = entries_of(bundle({"resource": note}, {"resource": patient}))
    assert [entry.people for entry in found] == [(patient,), ()]


def test_of_very_many_people_only_the_patient_is_known() -> None:
    lists = [{"resource": {"resourceType": "Practitioner", "id": str(n)}} for n in range(199)]
    *_, few = entries_of(bundle(ANN, *lists, report("Patient/a1")))
    assert len(few.people) == 200
    *_, many = entries_of(bundle(ANN, BOB, *lists, report("Patient/a1")))
    assert [one["id"] for one in many.people] == ["a1"]


def test_what_has_no_resources_is_a_reason() -> None:
    (entry,) = entries_of({"resourceType": "Bundle", "entry": {"resource": {}}})
    assert entry.resource == MalformedValue("the entries of a Bundle are not a list: the rest of the file is unread")
    assert entries_of({"resourceType": "Bundle"}) == []
    bad, good = entries_of(bundle("secret", BOB))  # type: ignore[arg-type]
    assert bad.resource == MalformedValue("an entry of a Bundle holds no resource")
    assert good.resource == BOB["resource"]


def test_words_of_a_resource_are_its_texts_wherever_they_stand() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "meta": {"text": "no"},
        "_conclusion": {"text": "no"},
        "subject": {"name": {"text": "no"}, "display": "no"},
        "conclusion": "Zinc.",
        "media": [{"link": {"title": "An image"}}, {"link": {"title": "---"}}, {"link": {"title": "Zinc."}}],
    }
    assert texts_of(report) == ["Zinc.", "An image"]


def test_a_resource_alone_knows_nobody() -> None:
    (entry,) = entries_of({"resourceType": "Patient", "id": "p"})
    assert entry.people == ()

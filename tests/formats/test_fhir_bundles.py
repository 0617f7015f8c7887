"""Bundles: references to the addresses of entries lead to each other, and resources know the people beside them."""

from __future__ import annotations

from typing import Any

from openbioner_batch.formats.fhir_bundles import entries_of


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


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


def test_an_only_patient_is_everybodys() -> None:
    _, lone = entries_of(bundle(ANN, {"resource": {"resourceType": "DiagnosticReport", "id": "r"}}))
    assert [one["id"] for one in lone.people] == ["a1"]


def test_a_resource_alone_knows_nobody() -> None:
    (entry,) = entries_of({"resourceType": "Patient", "id": "p"})
    assert entry.people == ()

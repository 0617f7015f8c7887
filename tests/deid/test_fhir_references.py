"""What references and identifiers of FHIR are: by what they say, whatever form they have."""

from __future__ import annotations

from typing import Any

import pytest

from openbioner_batch.deid.fhir.references import (
    Target,
    contained_kinds,
    hashed_id,
    hashed_reference,
    patient_of,
    target_of,
)
from openbioner_batch.deid.fhir.systems import type_of_identifier
from openbioner_batch.deid.keys import Key

KEY = Key(b"a key of sixteen" * 2)
CONTAINED = [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Device", "id": "d"}, "no resource"]


@pytest.mark.parametrize(
    ("reference", "kind", "id"),
    [
        ({"reference": "Patient/7"}, "Patient", "7"),
        ({"reference": "https://x.org/fhir/Group/7/_history/2"}, "Group", "7"),
        ({"reference": "Patient?identifier=http://x.org|44"}, "Patient", "44"),
        ({"reference": "Patient?identifier=44"}, "Patient", "44"),
        ({"reference": "urn:uuid:0a-1", "type": "Device"}, "Device", "0a-1"),
        ({"reference": "urn:uuid:0a-1"}, "Practitioner", "0a-1"),
        ({"reference": "#p"}, "Patient", None),
        ({"reference": "#d", "type": "Patient"}, "Device", None),
        ({"reference": "#x", "type": "Group"}, "Group", None),
        ({"identifier": {"value": "44"}, "type": "http://hl7.org/fhir/StructureDefinition/Patient"}, "Patient", "44"),
        ({"identifier": {"value": 44}}, "Practitioner", None),
        ({"reference": "Group/7", "identifier": {"value": "44"}, "type": "Patient"}, "Group", "7"),
        ({"display": "Dr. Lee", "type": ""}, "Practitioner", None),
        ({"reference": "#x", "type": ["Patient"]}, "Practitioner", None),
    ],
)
def test_what_a_reference_is_to(reference: dict[str, Any], kind: str, id: str | None) -> None:
    contained = contained_kinds({"contained": CONTAINED})
    assert contained == {"p": "Patient", "d": "Device"}
    assert target_of(reference, "author", contained) == Target(kind, id)


def test_an_id_has_the_same_hash_in_every_release_and_in_every_form_of_a_reference() -> None:
    """Archives that are written years apart still lead to each other."""
    hashed = hashed_id(KEY, "pat-1")
    assert hashed == "c7dbcba5-5333-8951-88b8-9f3311588595"
    system = hashed_id(KEY, "http://x.org")
    for reference, new in (
        ("Patient/pat-1/_history/2", f"Patient/{hashed}"),
        ("http://x.org/fhir/Patient/pat-1", f"Patient/{hashed}"),
        ("urn:uuid:pat-1", f"urn:uuid:{hashed}"),
        ("Patient?identifier=pat-1", f"Patient?identifier={hashed}"),
        ("Patient?identifier=|pat-1", f"Patient?identifier={hashed}"),
        ("Patient?identifier=http://x.org|pat-1", f"Patient?identifier=urn:uuid:{system}|{hashed}"),
        ("Patient?identifier=http://loinc.org|pat-1", f"Patient?identifier=http://loinc.org|{hashed}"),
        ("#pat-1", None),
    ):
        assert hashed_reference(KEY, reference) == new


def test_an_element_that_says_nothing_is_of_no_kind() -> None:
    assert target_of({"reference": "#p"}, "focus") == Target(None, None)
    assert contained_kinds({"contained": {"id": "p", "resourceType": "Patient"}}) == {}


def test_the_patient_of_a_resource_by_any_form_of_its_subject() -> None:
    of_identifier = {"identifier": {"value": "44"}}
    assert patient_of({"subject": of_identifier}) == patient_of({"patient": of_identifier}) == "44"
    assert patient_of({"subject": of_identifier | {"type": "Group"}}) is None
    contained = {"contained": CONTAINED, "subject": {"reference": "#d"}, "patient": {"reference": "Patient/7"}}
    assert patient_of(contained) is None  # a device has no patient
    assert patient_of({"resourceType": "Patient", "id": 7, "subject": of_identifier}) is None


@pytest.mark.parametrize(
    ("identifier", "type"),
    [
        ({"type": {"coding": [{"code": "XX"}, {"code": "MR"}]}}, "medical_record_number"),
        (
            {"type": {"coding": ["MR", {"code": "DL"}]}, "system": "http://hl7.org/fhir/sid/us-ssn"},
            "drivers_license_number",
        ),
        ({"system": " HTTP://hl7.org/fhir/sid/us-ssn/ "}, "social_security_number"),
        (
            {"system": "http://x.org", "type": {"text": "(Patient's MRN)"}, "value": "219-09-9999"},
            "social_security_number",
        ),
        ({"type": {"text": "Passport number"}}, "passport_number"),
        ({"type": {"text": "x", "coding": [{"display": "Account number"}]}}, "account_number"),
        ({"type": {"text": "(MRN)"}}, "medical_record_number"),
        ({"type": {"text": "City"}}, "other_identifier"),
        ({"type": "MR", "value": " 219-09-9999 "}, "social_security_number"),
        ({"value": "219-09-99991"}, "other_identifier"),
        ({}, "other_identifier"),
    ],
)
def test_what_an_identifier_is(identifier: dict[str, Any], type: str) -> None:
    assert type_of_identifier(identifier) == type

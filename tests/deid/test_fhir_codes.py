"""Codes of public vocabularies stay in FHIR; private ones and identifiers become hashes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from deid.fhir_made import KEY, note, report, resources, run, written

from openbioner_batch.deid.fhir import hashed_id, transform
from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.fhir.systems import is_vocabulary, type_of_identifier
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope

from .conftest import Deidentify


def changed(resource: dict[str, Any], policy: str = "surrogate") -> dict[str, Any]:
    found = transform(resource, load_policy(policy), Scope.for_patient(KEY, "p1"), lambda text: text)
    return dict(found.resource)


@pytest.mark.parametrize(
    "coding",
    [
        {"system": "urn:oid:1.2.840.114350.1.13", "code": "BRANDSTAETTER-5540021", "display": "X"},
        {"system": "http://hospital.example/codes", "code": "Brandstaetter"},
        {"code": "5540021"},
        {"system": "urn:oid:2.16.840.1.113883.4.1", "code": "078051120"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "code": "078-05-1120"},
        {"system": "http://loinc.org.evil.example/", "code": "Brandstaetter"},
    ],
)
def test_codes_of_private_systems_become_keyed_hashes(coding: dict[str, Any]) -> None:
    new = changed(note(type={"coding": [coding]}, securityLabel=[{"coding": [coding]}]))
    (other,) = new["type"]["coding"]
    assert other["code"] == hashed_id(KEY, coding["code"])
    assert "display" not in other
    assert not any(str(value) in json.dumps(new) for name, value in coding.items() if name == "code")
    assert new["securityLabel"][0]["coding"] == [other]


def test_codes_of_public_vocabularies_stay() -> None:
    systems = [
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "urn:iso:std:iso:3166",
    ]
    for system in systems:
        assert is_vocabulary(system)
        coding = {"system": system, "code": "34117-2", "display": "History and physical"}
        assert changed(note(type={"coding": [coding]}))["type"]["coding"] == [coding]


def test_public_codes_that_hold_a_name_lose_it(run_here: Deidentify, key_file: Path, tmp_path: Path) -> None:
    loinc = "http://loinc.org"
    codings = [
        {"system": loinc, "code": "24627-2", "display": "CT chest for Brandstaetter"},
        {"system": loinc, "code": "BRANDSTAETTER-55", "display": "Call Dr. Ignatz Quillfeather at 617-234-5678"},
        {"system": loinc, "code": "718-7", "display": "Hemoglobin [Mass/volume] in Blood"},
        {"system": "http://snomed.info/sct", "code": "118599009", "display": "Hodgkin lymphoma"},
        {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"},
    ]
    named = report(code={"coding": codings}, subject={"reference": "Patient/p1", "display": "Ottilie Brandstaetter"})
    run(run_here, tmp_path, key_file, [named])
    assert not re.search("brandst|quillf|5678", written(tmp_path / "out"), re.IGNORECASE)
    first, second, *others = resources(tmp_path / "out")[0]["code"]["coding"]
    assert first == {"system": loinc, "code": "24627-2"}
    assert second.keys() == {"system", "code"}
    assert others == codings[2:]


def test_words_that_are_no_codes_of_fhir_go() -> None:
    found = note(status="Brandstaetter", language="Ottilie", id="d1")
    found["content"][0]["attachment"]["language"] = "en-US"
    new = changed(found)
    assert "status" not in new
    assert "language" not in new
    assert new["content"][0]["attachment"]["language"] == "en-US"
    person = {"resourceType": "Patient", "id": "p", "gender": "female", "active": True, "multipleBirthInteger": 2}
    assert changed(person) == {
        "resourceType": "Patient",
        "id": hashed_id(KEY, "p"),
        "gender": "female",
        "active": True,
    }


IDENTIFIERS = [
    ({"system": "http://hl7.org/fhir/sid/us-ssn", "value": "078-05-1120"}, "social_security_number"),
    ({"system": "urn:oid:2.16.840.1.113883.4.1", "value": "078051120"}, "social_security_number"),
    ({"system": "HTTP://hl7.org/fhir/sid/us-ssn/", "value": "078-05-1120"}, "social_security_number"),
    ({"type": {"text": "Social Security Number"}, "value": "078-05-1120"}, "social_security_number"),
    ({"type": {"coding": [{"display": "SSN"}]}, "value": "078 05 1120"}, "social_security_number"),
    ({"value": "078-05-1120"}, "social_security_number"),
    (
        {"type": {"coding": [{"code": "SS"}]}, "system": "http://x.example", "value": "078-05-1120"},
        "social_security_number",
    ),
    ({"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}, "license_number"),
    ({"system": "http://hl7.org/fhir/sid/us-mbi", "value": "1EG4-TE5-MK73"}, "health_plan_number"),
    ({"system": "urn:oid:2.16.840.1.113883.4.3.25", "value": "S99985931"}, "drivers_license_number"),
    ({"system": "http://hl7.org/fhir/sid/passport-USA", "value": "X2251137X"}, "passport_number"),
    ({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}, "national_id_number"),
    ({"type": {"text": "Driver's License"}, "value": "S99985931"}, "drivers_license_number"),
    ({"type": {"text": "Name of the patient"}, "value": "x-1"}, "other_identifier"),
    ({"system": "http://hospital.example", "value": "5540021"}, "other_identifier"),
]


@pytest.mark.parametrize(("identifier", "type"), IDENTIFIERS, ids=str)
def test_identifiers_keep_their_kind(identifier: dict[str, Any], type: str) -> None:
    assert type_of_identifier(identifier) == type
    person = {"resourceType": "Patient", "id": "p", "identifier": [identifier]}
    new = changed(person)["identifier"][0]["value"]
    assert new != identifier["value"]
    if type == "social_security_number":
        # Of a kind that is never issued: area 9xx, group below 50.
        assert re.fullmatch(r"9\d\d[ -]?[0-4]\d[ -]?\d{4}", new)
    assert {value.type for value in known_values_of(person)} == {type}

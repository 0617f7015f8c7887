"""What resources say of people and places, and the patients whose resources are given apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.fhir.patients import known_patients, list_patients, patients_digest, write_listing
from openbioner_batch.deid.known import KnownValue
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.base import InputFile


@pytest.mark.parametrize(
    ("resource", "type", "value"),
    [
        (
            {"resourceType": "Patient", "name": [{"given": ["Ann", "May"], "family": "Lee"}]},
            "patient_name",
            "Ann May Lee",
        ),
        ({"resourceType": "Patient", "name": [{"family": "Lee"}]}, "patient_name", "Lee"),
        ({"resourceType": "Patient", "name": [{"text": "A. Lee"}]}, "patient_name", "A. Lee"),
        ({"resourceType": "Patient", "contact": [{"name": {"family": "Roe"}}]}, "relative_name", "Roe"),
        ({"resourceType": "Practitioner", "name": {"family": "Roe"}}, "clinician_name", "Roe"),
        (
            {"resourceType": "Bundle", "entry": [{"resourceType": "Patient", "name": {"family": "Roe"}}]},
            "patient_name",
            "Roe",
        ),
        ({"resourceType": "Organization", "name": "Mercy"}, "organization", "Mercy"),
        ({"resourceType": "Location", "name": "Ward 3"}, "location", "Ward 3"),
        ({"resourceType": "Patient", "birthDate": "1950-03-04"}, "birth_date", "1950-03-04"),
        ({"resourceType": "Patient", "deceasedDateTime": "2021-03-04"}, "death_date", "2021-03-04"),
        ({"telecom": [{"system": "phone", "value": "5550142"}]}, "phone_number", "5550142"),
        ({"telecom": [{"value": "5550142"}]}, "contact_detail", "5550142"),
        ({"address": {"city": "Dover"}}, "city", "Dover"),
        ({"address": [{"line": ["12 Elm St"]}]}, "street_address", "12 Elm St"),
        ({"extension": [{"valueAddress": {"postalCode": "03820"}}]}, "zip_code", "03820"),
        ({"extension": [{"valueContactPoint": {"system": "fax", "value": "5550142"}}]}, "fax_number", "5550142"),
        ({"extension": [{"valueIdentifier": {"value": "123-45-6789"}}]}, "social_security_number", "123-45-6789"),
        (
            {"resourceType": "Patient", "extension": [{"valueHumanName": {"family": "Lee"}}]},
            "patient_name",
            "Lee",
        ),
        ({"resourceType": "Observation", "extension": [{"valueHumanName": {"text": "Lee"}}]}, "person_name", "Lee"),
        ({"masterIdentifier": {"value": "44-17"}}, "other_identifier", "44-17"),
        ({"author": [{"identifier": {}, "display": "Dr. Roe"}]}, "clinician_name", "Dr. Roe"),
        ({"subject": {"type": "Patient", "display": "Ann Lee"}}, "patient_name", "Ann Lee"),
        ({"performer": [{"display": "Dr. Roe"}]}, "clinician_name", "Dr. Roe"),
        ({"extension": [{"url": "http://x/mothers-Maiden-Name", "valueString": "Poe"}]}, "relative_name", "Poe"),
    ],
)
def test_what_an_element_says(resource: dict[str, Any], type: str, value: str) -> None:
    assert list(known_values_of(resource)) == [KnownValue(type, value)]


def test_a_contained_resource_says_whose_name_a_reference_shows() -> None:
    """Wherever the reference stands: a performer is taken for a clinician where nothing says otherwise."""
    shown = {"reference": "#a", "display": "Lee"}
    for elements in ({"performer": [shown]}, {"context": {"related": [{"performer": shown}]}}):
        for kind, type in (("Patient", "patient_name"), ("RelatedPerson", "relative_name")):
            resource = {"contained": [{"resourceType": kind, "id": "a"}], **elements}
            assert list(known_values_of(resource)) == [KnownValue(type, "Lee")]


def test_what_names_nobody_says_nothing() -> None:
    for resource in (
        {"name": "Ann"},
        {"code": {"display": "Fever"}},
        {"subject": {"code": "386661006", "display": "Fever"}},
        {"extension": [{"url": "x", "valueString": "y"}]},
    ):
        assert list(known_values_of(resource)) == []


def test_patients_are_read_from_the_files_that_were_listed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines = [
        {"resourceType": "Patient", "id": "p1", "name": [{"family": "Lee"}]},
        {"resourceType": "Practitioner", "id": "p2", "name": [{"family": "Roe"}]},
    ]
    path = tmp_path / "in" / "Patient.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "in" / "notes.txt").write_text("no resource")
    files = list_patients(str(tmp_path / "in"))
    assert [file.uri for file in files] == [str(path)]
    store = Store(str(tmp_path / "out"))
    write_listing(store, files)
    assert known_patients(str(tmp_path / "out")) == {"p1": (KnownValue("patient_name", "Lee"),)}

    before = patients_digest(files)
    assert patients_digest(list_patients(str(path))) == before
    path.write_text(json.dumps(lines[0]) + "\n")
    assert patients_digest(list_patients(str(path))) != before
    with pytest.raises(UsageError):
        list_patients(str(tmp_path / "nothing"))


def test_a_patients_file_that_is_gone_is_not_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.ndjson"
    path.write_text("{}\n")
    write_listing(Store(str(tmp_path / "out")), list_patients(str(path)))
    path.unlink()
    with pytest.raises(RunFailedError, match="file 0 of --fhir-patients cannot be read") as failed:
        known_patients(str(tmp_path / "out"))
    assert "secret" not in str(failed.value)


def test_a_digest_of_files_changes_with_their_content_alone() -> None:
    files = [InputFile("/data/Jane Doe.ndjson", 100, "1"), InputFile("/data/b.ndjson", 60, "1")]
    moved = [InputFile("/elsewhere/a.ndjson", 100, "1"), InputFile("/elsewhere/b.ndjson", 60, "1")]
    assert patients_digest(files) == patients_digest(moved)
    changed = [InputFile("/data/Jane Doe.ndjson", 100, "2"), files[1]]
    grown = [files[0], InputFile("/data/b.ndjson", 61, "1")]
    assert (
        len({patients_digest(files), patients_digest(changed), patients_digest(grown), patients_digest(files[:1])}) == 4
    )

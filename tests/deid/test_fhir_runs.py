"""FHIR from end to end: every text is read, what a resource says of people is looked for, nothing private stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from deid.fhir_made import attachment, note, report, resources, run, written
from scorers import NameScorerFactory

from openbioner_batch.deid.fhir import patient_of
from openbioner_batch.deid.fhir.known import known_values_of
from openbioner_batch.deid.keys import Key
from openbioner_batch.formats.fhir_texts import texts_of

from .conftest import Deidentify

KEY = Key(b"a key of sixteen" * 2)


def test_every_text_of_a_resource_is_read_by_the_model(run_here: Deidentify, key_file: Path, tmp_path: Path) -> None:
    found = report(
        conclusion="discussed with Zorvexia",
        code={"text": "scan of Quandrelle"},
        category=[{"text": "letters of Brandvold"}],
        presentedForm=[attachment("seen by Thessaly", title="Ulverton.txt")],
    )
    other = note("plain", description="about Ravensby", type={"text": "note on Kestrelle"})
    texts = texts_of(found)
    assert texts[0] == "seen by Thessaly"
    assert {"discussed with Zorvexia", "scan of Quandrelle", "letters of Brandvold", "Ulverton.txt"} == set(texts[1:])
    factory = NameScorerFactory("patient_name")
    run(
        run_here,
        tmp_path,
        key_file,
        [found, other],
        factory,
        model="bundled",
        residual_sample="0%",
        recognizers="model",
    )
    new = written(tmp_path / "out")
    for name in ("Zorvexia", "Quandrelle", "Brandvold", "Thessaly", "Ulverton", "Ravensby", "Kestrelle"):
        assert name not in new
    assert new.count("[PATIENT]") == 7
    assert "discussed with [PATIENT]" in new


def test_names_and_addresses_in_elements_are_no_texts() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "Ann Lee"}], "address": [{"text": "12 Elm St"}]}
    assert texts_of(patient | {"maritalStatus": {"text": "Married to Bo"}}) == ["Married to Bo"]


REFERENCES = [
    {"reference": "Patient/p1"},
    {"reference": "http://ehr.example/fhir/Patient/p1"},
    {"reference": "https://ehr.example:8443/r4/Patient/p1/_history/3"},
    {"reference": "urn:uuid:p1"},
    {"reference": "urn:uuid:p1", "type": "Patient"},
    {"reference": "#c1"},
    {"identifier": {"system": "http://h.example/mrn", "value": "p1"}},
    {"reference": "Patient?identifier=http://h.example/mrn|p1"},
]


@pytest.mark.parametrize("subject", REFERENCES, ids=str)
def test_the_subjects_display_is_looked_for_however_it_is_referred_to(
    subject: dict[str, Any], run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    contained = [{"resourceType": "Patient", "id": "c1"}] if subject.get("reference") == "#c1" else []
    found = note(
        "the family of brandstaetter agreed",
        subject={**subject, "display": "Ottilie Brandstaetter"},
        description="Letter of Ottilie Brandstaetter",
        category=[{"text": "Brandstaetter letters"}],
        contained=contained,
    )
    found["content"][0]["attachment"]["title"] = "Brandstaetter_Ottilie.txt"
    run(run_here, tmp_path, key_file, [found])
    new = written(tmp_path / "out").lower()
    assert "brandstaetter" not in new
    assert "ottilie" not in new
    assert resources(tmp_path / "out")[0]["subject"]["display"] == "[PATIENT]"


def test_contained_people_extensions_and_organisations_are_looked_for(
    run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    contained = [
        {
            "resourceType": "Patient",
            "id": "c1",
            "name": [{"family": "Quandrelle", "given": ["Zorvexia"]}],
            "identifier": [{"type": {"text": "Medical Record Number"}, "value": "447-1209-X"}],
            "telecom": [{"system": "phone", "value": "617 555 0142"}],
            "contact": [{"name": {"text": "Brandvold Kestrelle"}}],
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Ulverton"}
            ],
        },
        {"resourceType": "Practitioner", "id": "c2", "name": [{"text": "thessaly ravensby"}]},
        {"resourceType": "Organization", "id": "c3", "name": "Mirrlees Wharf"},
    ]
    text = (
        "zorvexia quandrelle came with kestrelle brandvold, born ulverton; ravensby saw her at mirrlees wharf; "
        "record 447-1209-X, call 617 555 0142"
    )
    found = note(text, subject={"reference": "#c1"}, contained=contained)
    assert {value.type for value in known_values_of(found)} >= {
        "patient_name",
        "relative_name",
        "clinician_name",
        "organization",
        "medical_record_number",
        "phone_number",
    }
    finished = run(run_here, tmp_path, key_file, [found], policy="tags", recognizers="known")
    new = written(tmp_path / "out").lower()
    for word in (
        "zorvexia",
        "quandrelle",
        "kestrelle",
        "brandvold",
        "ulverton",
        "ravensby",
        "mirrlees",
        "1209",
        "0142",
    ):
        assert word not in new
    assert finished.report["dropped_elements"]["contained"] == 2  # the resources, and the reference to one


def test_urn_subjects_are_patients(run_here: Deidentify, key_file: Path, tmp_path: Path) -> None:
    assert [patient_of(note(subject=subject)) for subject in REFERENCES] == ["p1"] * 5 + [None] + ["p1"] * 2
    assert patient_of(note(subject={"reference": "urn:uuid:g", "type": "Group"})) is None
    text = "Admitted on 03/04/2021."
    found = [note(text, id=f"d{n}", subject=subject) for n, subject in enumerate(REFERENCES[:5])]
    found.append(note(text, id="x", subject={"reference": "urn:uuid:p2"}))
    finished = run(run_here, tmp_path, key_file, found, policy="surrogate")
    new = resources(tmp_path / "out")
    texts = [one["content"][0]["attachment"]["data"] for one in new]
    assert len(set(texts[:5])) == 1
    assert finished.report["notes_without_patient"] == 0
    assert new[3]["subject"]["reference"] == f"urn:uuid:{new[0]['subject']['reference'].removeprefix('Patient/')}"


def test_the_shared_case(run_here: Deidentify, key_file: Path, tmp_path: Path, shared: Path) -> None:
    case = shared / "cases" / "deid" / "F16_fhir.ndjson"
    if not case.exists():
        pytest.skip(f"{case} is not there")
    for policy in ("safe-harbor", "surrogate"):
        run_here(case, policy=policy, format="fhir", key_file=key_file, output=tmp_path / policy)
        new = written(tmp_path / policy).lower()
        assert "brandstaetter" not in new
        assert "ottilie" not in new
        assert "5540021" not in new
        assert "078-05-1120" not in new
    (number,) = [one["identifier"][0]["value"] for one in resources(tmp_path / "surrogate") if "identifier" in one]
    assert re.fullmatch(r"9\d\d-[0-4]\d-\d{4}", number)


def test_a_bundle_knows_its_patient_and_its_references_still_lead_to_it(
    run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Zorvexia", "given": ["Ulverta"]}]}
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Quandrelle"}]}
    found = report(subject={"reference": "urn:uuid:7c1"}, conclusion="Zorvexia, Ulverta seen with Quandrelle.")
    alone = note("Kestrelle and Zorvexia came.", id="d2", subject={"reference": "Patient/other"})
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:7c1", "resource": patient},
            {"fullUrl": "urn:uuid:7c2", "resource": doctor},
            {"resource": found},
        ],
    }
    run(run_here, tmp_path, key_file, [bundle, alone], policy="tags", recognizers="known", max_quarantined="50%")
    new = {one["resourceType"]: one for one in resources(tmp_path / "out")}
    assert not any(name in new["DiagnosticReport"]["conclusion"] for name in ("Zorvexia", "Ulverta", "Quandrelle"))
    assert new["DiagnosticReport"]["subject"]["reference"] == f"Patient/{new['Patient']['id']}"
    assert "Zorvexia" in written(tmp_path / "out")  # a note outside of the Bundle does not know its people

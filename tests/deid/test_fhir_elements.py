"""Elements of resources beside their texts: what becomes of each, and how it is counted."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deid.fhir_made import KEY, kept, person, report, transformed

from openbioner_batch.deid.fhir import hashed_id, transform
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.errors import UsageError

from .conftest import Deidentify

OTHER = "other_identifier"


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


def plain(text: str, **more: Any) -> dict[str, Any]:
    return {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode(), **more}


def test_each_value_is_counted_once_by_what_became_of_it() -> None:
    names = [{"family": "Lee"}, {"family": "Roe", "given": ["Ann"]}]
    phones = [{"system": "phone", "value": value} for value in ("617 555 0142", "617 555 0143")]
    done = person("redact", name=names, telecom=phones, address=[{"city": "Dover", "state": "NH"}])
    assert kept(done) == {}
    counts = {"patient_name": 2, "phone_number": 2, "city": 1, "state": 1}
    assert done.replaced == {(type, "redact", "done"): count for type, count in counts.items()}
    assert done.dropped == {"value": 6}


def test_an_empty_value_stays_empty() -> None:
    done = person("surrogate", name=[{"family": ""}])
    assert kept(done) == {"name": [{"family": ""}]}
    assert done.replaced == {("patient_name", "keep", "done"): 1}


@pytest.mark.parametrize("language", ["de", "en-US", "zh-Hant-TW", "es-419", "haw"])
def test_a_language_stays(language: str) -> None:
    done = transformed("redact", language=language, presentedForm=[plain("seen", language=language)])
    assert [kept(done)["language"], kept(done)["presentedForm"][0]["language"]] == [language] * 2
    assert done.dropped == {}


@pytest.mark.parametrize("language", ["Ottilie", "en-Janet", "e", "english"])
def test_what_is_no_tag_of_a_language_goes(language: str) -> None:
    done = transformed("redact", language=language, presentedForm=[plain("seen", language=language)])
    assert "language" not in kept(done) | kept(done)["presentedForm"][0]
    assert done.dropped == {"value": 2}
    with pytest.raises(ValueError, match="not a text"):
        transformed("redact", language=[7])


def test_the_codes_of_a_hospital_are_hashed_and_counted_and_what_they_are_called_goes() -> None:
    codes = [{"system": "http://x.example", "code": code, "display": "of Lee"} for code in ("lee-1", "41")]
    done = transformed("tags", code={"coding": codes})
    assert [one["code"] for one in kept(done)["code"]["coding"]] == [hashed_id(KEY, "lee-1"), hashed_id(KEY, "41")]
    assert all(one.keys() == {"system", "code"} for one in kept(done)["code"]["coding"])
    assert done.replaced == {(OTHER, "hash", "done"): 2}
    assert done.dropped == {"value": 2}


def test_a_public_code_is_judged_by_its_letters_alone() -> None:
    """Its digits are no identifier, whatever the recognizers take them for."""
    codes = [{"system": "http://loinc.org", "code": code} for code in ("24627-2", "LEE-5", "abc-5")]
    scope = Scope.for_patient(KEY, "p", 7)
    tells = ("24627-2", "LEE-5").__contains__
    done = transform(report(code={"coding": codes}), load_policy("tags"), scope, lambda text: text, tells=tells)
    assert [one["code"] for one in kept(done)["code"]["coding"]] == ["24627-2", hashed_id(KEY, "LEE-5"), "abc-5"]
    assert done.replaced == {(OTHER, "hash", "done"): 1}


def test_a_concept_and_a_reference_of_which_nothing_is_left_go() -> None:
    done = transformed("redact", code={"id": "x"}, performer=[{"display": "Dr. Roe"}], effectivePeriod={"end": "2021"})
    assert kept(done) == {}
    assert done.dropped == {"element": 1, "value": 1, "date": 1}


def test_a_display_is_what_the_element_usually_refers_to_and_an_identifier_stays_beside_it() -> None:
    shown = {"display": "Jane Doe", "identifier": {"value": "44-17"}}
    done = transformed("safe-harbor", performer=[shown], subject=shown)
    new = {"identifier": {"value": "[ID]"}}
    assert kept(done) == {"performer": [new | {"display": "[CLINICIAN]"}], "subject": new | {"display": "[PATIENT]"}}
    assert done.replaced.keys() == {(type, "tag", "done") for type in ("clinician_name", "patient_name", OTHER)}


def test_references_that_lead_nowhere_are_counted_by_why() -> None:
    of_groups = [{"type": "Group", "display": "of Jane"}, {"type": "Group", "display": "of Anne"}]
    done = transformed("tags", performer=[{"reference": "#a"}, {"reference": "#b"}, {"reference": "Jane"}, *of_groups])
    assert kept(done) == {"performer": [{"type": "Group"}] * 2}
    assert done.dropped == {"contained": 2, "value": 3}


def test_an_identifier_keeps_its_use_and_kind_and_the_hash_of_a_urn() -> None:
    mr = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}], "text": "record"}
    assigner = {"display": "Mercy"}
    found = {"use": "usual", "type": mr, "system": "http://x.example", "value": "44-17", "assigner": assigner}
    done = transformed(
        "safe-harbor", identifier=[found, {"value": "urn:uuid:r1"}, {"value": "Group/7"}, {"value": None}]
    )
    assert kept(done)["identifier"] == [
        found
        | {"system": f"urn:uuid:{hashed_id(KEY, 'http://x.example')}", "value": "[MRN]"}
        | {"assigner": {"display": "[ORGANIZATION]"}},
        {"value": f"urn:uuid:{hashed_id(KEY, 'r1')}"},
        {"value": "[ID]"},
    ]
    redacted = transformed("redact", identifier=[{"value": "44-17"}])
    assert kept(redacted) == {}
    assert redacted.dropped == {"value": 1}


def test_dates_are_counted_by_their_type_and_those_that_are_none_by_kind() -> None:
    period = {"start": "2021-03-02", "end": "2021-03-04"}
    instants = {"issued": "2021-03-04T10:00:00Z", "meta": {"lastUpdated": "2021-03-04T10:00:00Z"}}
    done = transformed("safe-harbor", effectivePeriod=period, effectiveDateTime="soon", **instants)
    assert kept(done) == {"effectivePeriod": {"start": "2021", "end": "2021"}}
    assert done.replaced == {("admission_date", "generalise", "generalised"): 4}
    assert done.dropped == {"date": 3}  # no instant is a year, and "soon" is no date
    born = person("surrogate", birthDate="1950-03-04", deceasedDateTime="2021-03-04T10:00:00+01:00")
    assert kept(born) == {"birthDate": "1950-03-11", "deceasedDateTime": "2021-03-11T10:00:00+01:00"}
    assert born.replaced == {("birth_date", "shift", "done"): 1, ("death_date", "shift", "done"): 1}


def test_an_attachment_keeps_its_kind_and_a_plain_text_what_is_listed() -> None:
    listed = {"language": "de", "title": "scan", "creation": "2021-03-02"}
    forms = [
        plain("seen", url="http://x.example/Jane", **listed),
        plain("seen", id="x", extension=[], _data={}),
        {"contentType": "application/pdf", "data": "aGk=", "title": "Jane Doe"},
        {"contentType": "of Jane", "data": "aGk="},
        {"contentType": "text/plain", "url": "http://x.example/Jane"},
    ]
    done = transformed("surrogate", presentedForm=forms)
    text = {"contentType": "text/plain; charset=utf-8", "data": forms[0]["data"]}
    assert kept(done)["presentedForm"] == [
        text | listed | {"creation": "2021-03-09"},
        text,
        {"contentType": "application/pdf"},
        {},
        {"contentType": "text/plain"},
    ]
    assert done.dropped == {"attachment": 4, "element": 1, "extension": 2}


def test_null_is_taken_as_absent() -> None:
    """Exports fill what they lack with null, which FHIR forbids."""
    resource = {
        "resourceType": "Patient",
        "id": "7",
        "gender": None,
        "name": [{"given": None, "family": "Lee", "use": None}],
        "telecom": [{"system": "phone", "value": None}],
        "address": [{"city": None, "state": "IL"}],
        "generalPractitioner": None,
    }
    new = transform(resource, load_policy("surrogate"), Scope.for_patient(KEY, "7"), lambda text: text).resource
    assert new.keys() <= {"resourceType", "id", "name", "address"}
    assert list(new["name"][0]) == ["family"]

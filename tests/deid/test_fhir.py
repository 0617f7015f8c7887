"""FHIR resources without identifiers: nothing but what is on the list, ids and references that still agree."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.actions import OUTCOMES
from openbioner_batch.deid.fhir import TransformedResource, hashed_id, patient_of, transform
from openbioner_batch.deid.fhir.elements import DROPPED, HOW, RESOURCES
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import PRESETS, load_policy
from openbioner_batch.deid.scope import Scope

KEY = Key(b"a key of sixteen" * 2)
TEXT = "Anna Lee came on 03/02/2021. Größe: 170 cm."
CANARY = "Zyxwvut"


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def document(**changes: Any) -> dict[str, Any]:
    found = {
        "resourceType": "DocumentReference",
        "id": "doc-1",
        "meta": {
            "profile": ["http://hl7.org/fhir/us/core/x", f"http://{CANARY}.org/p"],
            "lastUpdated": "2021-03-02T10:00:00Z",
        },
        "text": {"status": "generated", "div": f"<div>{CANARY}</div>"},
        "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"family": CANARY}]}],
        "extension": [{"url": "http://x", "valueString": CANARY}],
        "identifier": [{"system": f"http://{CANARY}.org/doc", "value": "4417-22"}, {"value": "urn:uuid:doc-1"}],
        "status": "current",
        "_status": {"extension": [{"url": "http://x", "valueString": CANARY}]},
        CANARY: CANARY,
        "type": {"coding": [{"system": "http://loinc.org", "code": "34117-2", "display": "History"}], "text": TEXT},
        "subject": {"reference": "Patient/pat-1", "display": f"{CANARY} Lee"},
        "author": [
            {"reference": "#p", "display": CANARY},
            {"reference": f"Practitioner?identifier=http://{CANARY}.org|{CANARY}", "display": f"Dr. {CANARY}"},
            {"reference": f"https://{CANARY}.org/fhir/Organization/o1/_history/2", "display": f"{CANARY} Hospital"},
            {"reference": f"{CANARY}", "display": CANARY},
        ],
        "date": "2021-03-02T10:00:00.5-05:00",
        "description": TEXT,
        "content": [
            {"attachment": {"contentType": "text/plain", "data": encoded(TEXT), "size": 1, "hash": "x", "title": TEXT}},
            {"attachment": {"contentType": "text/plain; charset=ISO-8859-1", "data": encoded(TEXT, "latin-1")}},
            {"attachment": {"contentType": "application/pdf", "data": encoded(CANARY), "title": CANARY, "url": CANARY}},
            {"attachment": {"contentType": "text/html", "data": encoded(f"<b>{CANARY}</b>")}},
        ],
        "context": {
            "encounter": [{"reference": "Encounter/e1"}],
            "period": {"start": "2021-03-02", "end": "2021-03-04"},
            "event": [{"coding": [{"system": f"http://{CANARY}.org", "code": "e", "display": CANARY}]}],
        },
    }
    return found | changes


def patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "pat-1",
        "identifier": [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]},
                "value": "219-09-9999",
            },
            {"use": "usual", "value": "2208714", "assigner": {"display": CANARY}},
        ],
        "name": [
            {
                "use": "official",
                "family": "Lee",
                "given": ["Anna", None, "Maria"],
                "prefix": ["Mrs.", CANARY],
                "text": "Mrs. Anna Lee",
            }
        ],
        "telecom": [{"system": "phone", "value": "617-234-5678"}, {"system": "email", "value": "anna.lee@example.com"}],
        "gender": "female",
        "birthDate": "1948-03-27",
        "deceasedDateTime": "2021-05-01T10:00:00Z",
        "address": [{"line": ["12 Elm St"], "city": "Dover", "state": "NH", "postalCode": "03820", "country": "US"}],
        "photo": [{"contentType": "image/png", "data": encoded(CANARY)}],
        "contact": [{"name": {"family": "Lee", "given": ["Ruth"]}, "gender": "female"}],
    }


def deidentify(text: str) -> str:
    return text.replace("Anna Lee", "[PATIENT]")


def transformed(resource: dict[str, Any], policy: str = "surrogate") -> TransformedResource:
    id = patient_of(resource)
    assert id is not None
    before = json.dumps(resource)
    result = transform(resource, load_policy(policy), Scope.for_patient(KEY, id), deidentify)
    assert json.dumps(resource) == before
    return result


def test_every_treatment_that_a_shape_names_is_one() -> None:
    def words(shape: Any) -> Iterator[str]:
        for how in shape.values():
            yield from [how] if isinstance(how, str) else words(how)

    assert {word for shape in RESOURCES.values() for word in words(shape)} <= HOW.keys()


@pytest.mark.parametrize("policy", PRESETS)
def test_nothing_that_is_not_listed_comes_out(policy: str) -> None:
    for resource in (document(), patient()):
        result = transformed(resource, policy)
        written = json.dumps(result.resource)
        texts = [base64.b64decode(data).decode() for data in re.findall(r'"data": "(.*?)"', written)]
        assert CANARY.casefold() not in " ".join([written, *texts]).casefold()
        assert result.dropped.keys() <= DROPPED.keys()
        assert all(outcome in OUTCOMES for _, _, outcome in result.replaced)
        assert CANARY not in f"{result.dropped}{result.replaced}"


def test_what_is_dropped_is_counted() -> None:
    dropped = transformed(document()).dropped
    # A private profile, the display of a private code, and what is no reference at all.
    assert dropped == {"narrative": 1, "contained": 2, "extension": 2, "element": 1, "attachment": 2, "value": 3}


def test_texts_go_through_the_callback_and_come_back_as_base64_with_size_and_hash() -> None:
    new = transformed(document()).resource
    first, second, pdf, html = (content["attachment"] for content in new["content"])
    expected = deidentify(TEXT).encode()
    for attachment in (first, second):
        assert base64.b64decode(attachment["data"]) == expected
        assert attachment["contentType"] == "text/plain; charset=utf-8"
    assert first["size"] == len(expected)
    assert first["hash"] == base64.b64encode(hashlib.sha1(expected).digest()).decode()
    assert {"size", "hash"}.isdisjoint(second)
    assert (pdf, html) == ({"contentType": "application/pdf"}, {"contentType": "text/html"})
    assert first["title"] == new["description"] == new["type"]["text"] == deidentify(TEXT)


def test_ids_and_references_agree_in_every_resource_and_differ_under_another_key() -> None:
    note, person = transformed(document()).resource, transformed(patient()).resource
    assert note["subject"]["reference"] == f"Patient/{person['id']}"
    assert person["id"] == hashed_id(KEY, "pat-1") != hashed_id(Key(bytes(16)), "pat-1")
    assert str(uuid.UUID(person["id"])) == person["id"]
    assert note["identifier"][1]["value"] == f"urn:uuid:{note['id']}"
    assert note["author"][0].keys() == {"display"}  # of a contained resource, which is dropped
    references = [author["reference"] for author in note["author"] if "reference" in author]
    assert re.fullmatch(r"Practitioner\?identifier=urn:uuid:[0-9a-f-]{36}\|[0-9a-f-]{36}", references[0])
    assert references[1] == f"Organization/{hashed_id(KEY, 'o1')}"
    assert note["context"]["encounter"] == [{"reference": f"Encounter/{hashed_id(KEY, 'e1')}"}]
    assert transformed(document(), "tags").resource["id"] == note["id"]


def test_a_patients_own_elements_go_by_the_policy() -> None:
    person = transformed(patient()).resource
    (name,) = person["name"]
    assert name["prefix"] == ["Mrs."]
    assert name["text"] == f"Mrs. {name['given'][0]} {name['family']}"
    assert len(name["given"]) == 2
    assert person["contact"][0]["name"]["family"] == name["family"]
    assert person["telecom"][1]["value"].startswith(f"{name['given'][0]}.{name['family']}@".lower())
    assert re.fullmatch(r"\d{3}-555-01\d\d", person["telecom"][0]["value"])
    assert re.fullmatch(r"9\d\d-[0-4]\d-\d{4}", person["identifier"][0]["value"])
    assert person["identifier"][1]["value"] != "2208714"
    assert "photo" not in person
    harbor = transformed(patient(), "safe-harbor").resource
    assert harbor["birthDate"] == "1948"
    assert harbor["name"] == [{"use": "official", "prefix": ["Mrs."], "text": "[PATIENT]"}]
    assert harbor["address"] == [
        {"line": ["[ADDRESS]"], "city": "[CITY]", "state": "NH", "postalCode": "038", "country": "US"}
    ]


def test_dates_move_alike_in_all_elements_and_go_where_the_policy_leaves_none() -> None:
    days = Scope.for_patient(KEY, "pat-1").shift_days
    note, person = transformed(document()).resource, transformed(patient()).resource

    def moved(day: str) -> str:
        return (date.fromisoformat(day) + timedelta(days)).isoformat()

    assert note["date"] == moved("2021-03-02") + "T10:00:00.5-05:00"
    assert note["context"]["period"] == {"start": moved("2021-03-02"), "end": moved("2021-03-04")}
    assert person["birthDate"] == moved("1948-03-27")
    assert person["deceasedDateTime"] == moved("2021-05-01") + "T10:00:00Z"
    harbor = transformed(document(), "safe-harbor").resource
    assert harbor["context"]["period"] == {"start": "2021", "end": "2021"}
    assert "date" not in harbor  # an instant, which no year is
    assert "lastUpdated" not in harbor["meta"]
    tagged = transformed(patient(), "tags")
    assert {"birthDate", "deceasedDateTime"}.isdisjoint(tagged.resource)
    assert tagged.dropped["date"] == 2


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"resourceType": "Observation"}, "DocumentReference, DiagnosticReport, Patient"),
        (document(content=[{"attachment": {"contentType": "text/plain", "data": f"{CANARY}!"}}]), "not base64"),
        (
            document(content=[{"attachment": {"contentType": "text/plain", "data": encoded("ö" + CANARY, "latin-1")}}]),
            "character set",
        ),
        (document(id=[CANARY, [CANARY]]), "^id: .*not a text"),
        (document(context=CANARY), "^context: .*not an object"),
        (document(context={"encounter": [{"identifier": {"value": [CANARY]}}]}), r"^context\.encounter\.identifier: "),
    ],
)
def test_what_is_no_such_resource_is_refused_without_telling_its_content(
    resource: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        transform(resource, load_policy("surrogate"), Scope.for_patient(KEY, "x"), deidentify)
    assert CANARY not in str(refused.value)


def test_the_patient_of_a_resource_is_its_subject_or_itself() -> None:
    assert patient_of(document()) == patient_of(patient()) == "pat-1"
    assert patient_of(document(subject={"reference": "http://server/fhir/Patient/7"})) == "7"
    assert patient_of(document(subject={"reference": "Group/7"})) is None
    assert patient_of({"resourceType": "DocumentReference"}) is None


def test_a_real_export_comes_out_without_its_names(shared: Path) -> None:
    files = sorted((shared / "corpora" / "fhir").glob("*.ndjson.gz"))
    if not files:
        pytest.skip("no corpora/fhir in the shared folder")
    resources = [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    names = {name["family"] for resource in resources if "name" in resource for name in resource["name"]}
    ids = {resource["id"] for resource in resources}
    assert len(names) > 10
    hashed = {hashed_id(KEY, id) for id in ids}
    for resource in resources[:: max(1, len(resources) // 150)]:
        new = transform(
            resource, load_policy("surrogate"), Scope.for_patient(KEY, patient_of(resource) or ""), lambda _: ""
        )
        written = json.dumps(new.resource)
        assert not any(name in written for name in names | ids)
        assert new.resource["id"] in hashed
        assert new.resource.get("subject", {}).get("reference", "Patient/").startswith("Patient/")

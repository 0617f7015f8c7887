"""Names, titles, contacts and addresses in FHIR elements go as what they are."""

from __future__ import annotations

import pytest
from deid.fhir_made import kept, person

from openbioner_batch.deid.policy import Policy

KEPT = Policy("kept", dict.fromkeys(("patient_name", "phone_number", "admission_date"), "keep"))


def test_the_parts_of_a_name_stay_apart_where_they_can_and_become_one_text_where_not() -> None:
    rest = {"use": "official", "prefix": ["Dr."], "suffix": ["M.D., PhD"], "period": {"end": "2021"}}
    name = rest | {"given": ["Ann", None, "May"], "family": "Lee"}
    assert kept(person(KEPT, name=[name])) == {"name": [name | {"given": ["Ann", "May"]}]}
    dated = Policy("m", {"patient_name": "mask", "admission_date": "keep"})
    assert kept(person(dated, name=[name])) == {"name": [rest | {"text": "*" * len("Ann May Lee")}]}
    assert kept(person(dated, name=[{"text": "A. Lee", "family": "Lee"}])) == {"name": [{"text": "*" * len("A. Lee")}]}
    assert kept(person(dated, name=[{"given": ["Ann"]}])) == {"name": [{"text": "***"}]}
    assert kept(person("redact", name=[{"use": "official", "family": "Lee"}])) == {"name": [{"use": "official"}]}


@pytest.mark.parametrize("title", ["Captain Lee", "", "Dr. Lee", "Dr. Иванов", "Dr. 陈", "MD 4471209"])
def test_a_title_that_may_be_a_name_goes(title: str) -> None:
    done = person(KEPT, name=[{"prefix": [title], "suffix": [title], "family": "Roe"}])
    assert kept(done) == {"name": [{"family": "Roe"}]}
    assert done.dropped == {"value": 2}


def test_a_contacts_name_is_a_relatives() -> None:
    contact = {"telecom": [{"system": "phone", "value": "617 555 0142"}], "address": {"city": "Dover", "use": "home"}}
    done = person("safe-harbor", contact=[contact | {"name": {"family": "Roe"}}])
    assert {type for type, _, _ in done.replaced} == {"relative_name", "phone_number", "city"}
    (shown,) = kept(done)["contact"]
    assert (shown["name"], shown["address"]) == ({"text": "[RELATIVE]"}, {"city": "[CITY]", "use": "home"})


def test_a_contact_point_without_its_value_goes() -> None:
    rest = {"system": "phone", "use": "home", "rank": 1, "period": {"start": "2021-03-02"}}
    full = rest | {"value": "617 555 0142"}
    assert kept(person(KEPT, telecom=[full])) == {"telecom": [full]}
    for done in (person("redact", telecom=[full, full]), person("tags", telecom=[rest, rest])):
        assert kept(done) == {}
        assert done.dropped == {"value": 2, "date": 2}


def test_each_part_of_an_address_goes_as_what_it_is() -> None:
    parts = {"line": ["12 Elm St", "Apt 4"], "district": "Strafford", "city": "Dover", "text": "12 Elm St, Dover"}
    period = {"period": {"end": "2021"}}
    coded = {"use": "home", "type": "postal", "state": "NH", "country": "US"}
    done = person("safe-harbor", address=[parts | coded | {"postalCode": "03820"}])
    (address,) = kept(done)["address"]
    assert {name: address[name] for name in coded} == coded
    assert address["line"] == ["[ADDRESS]", "[ADDRESS]"]
    assert (address["district"], address["city"], address["postalCode"]) == ("[COUNTY]", "[CITY]", "038")
    redacted = person(Policy("r", {"admission_date": "keep"}, "redact"), address=[parts | coded | period])
    assert kept(redacted) == {"address": [{"use": "home", "type": "postal"} | period]}
    assert redacted.dropped == {"value": 7}

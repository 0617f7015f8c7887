"""Invented values: two originals stay two, parts that say what they are stay, and each keeps to its kind."""

from __future__ import annotations

import re

import pytest

from openbioner_batch.deid import checks
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate
from openbioner_batch.deid.surrogates.contacts import (
    account_surrogate,
    contact_surrogate,
    name_parts,
    phone_surrogate,
    url_surrogate,
)
from openbioner_batch.deid.surrogates.name_pools import name_pools

SCOPES = [Scope.for_patient(Key(b"a key of sixteen" * 2), str(number)) for number in range(40)]
SCOPE = SCOPES[0]


def invented(type: str, text: str, scope: Scope = SCOPE) -> str:
    found = surrogate(type, text, scope)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    ("type", "originals"),
    [
        ("medical_record_number", [f"{number}" for number in range(2208714, 2208764)]),
        ("medical_record_number", [f"A{number}-7" for number in range(22087, 22137)]),
        ("zip_code", [f"0382{number}-1234" for number in range(4)]),
        ("url", [f"https://clinic{number}.org" for number in range(20)]),
        ("email_address", [f"a@clinic{number}.org" for number in range(20)]),
        ("street_address", [f"{number} Elm St" for number in range(1200, 1230)]),
    ],
)
def test_two_originals_become_two(type: str, originals: list[str]) -> None:
    assert len({invented(type, original) for original in originals}) >= len(originals) - 2


def test_the_last_four_digits_become_four_others_and_no_zero_comes_first() -> None:
    for number in range(1000, 10_000):
        assert re.fullmatch("[1-9][0-9]{3}", new := invented("other_identifier", f"{number}"))
        assert new != f"{number}"


def test_zeros_at_the_head_of_a_number_with_a_check_stay() -> None:
    for scope in SCOPES[:10]:
        new = invented("device_identifier", "004999010640000", scope)
        assert re.match("00[1-9]", new)
        assert checks.luhn(new)


@pytest.mark.parametrize("number", ["867-5309", "555-0142", "Tel. 8675309"])
def test_seven_digits_of_a_telephone_begin_with_555(number: str) -> None:
    for scope in SCOPES:
        new = phone_surrogate(number, scope).text
        assert re.sub("[^0-9]", "", new)[:3] == "555"
        assert new != number


def test_a_web_address_keeps_its_scheme_and_an_empty_path() -> None:
    host = r"[a-z]{3,}\.example"
    assert re.fullmatch(rf"https://{host}/", url_surrogate("https://mercy.org/", SCOPE).text)
    assert re.fullmatch(rf"https://{host}", url_surrogate("HTTPS://mercy.org", SCOPE).text)
    assert re.fullmatch(rf"www\.{host}/[0-9a-f]{{10}}", url_surrogate("www.mercy.org?patient=anna", SCOPE).text)
    assert re.fullmatch(rf"https://{host}:8080/[0-9a-f]{{10}}", url_surrogate("https://m.org:99/anna", SCOPE).text)


def test_contacts_are_told_apart_by_their_signs() -> None:
    assert contact_surrogate("chat://roe/1234", SCOPE) == url_surrogate("chat://roe/1234", SCOPE)
    for account in ("@anna77123", "anna.lee1234", "anna_lee1234"):
        assert contact_surrogate(account, SCOPE) == account_surrogate(account, SCOPE)
    assert name_parts("annlee") == ["ann", "lee"]


@pytest.mark.parametrize("text", ["42.3601, -71.0589", "42.36° N, 171.06° W"])
def test_a_position_has_degrees_below_80_and_decimals_of_the_same_length(text: str) -> None:
    for scope in SCOPES:
        new = invented("geographic_coordinates", text, scope)
        assert re.sub("[0-9]", "0", new) == re.sub("[0-9]", "0", text)
        assert all(1 <= int(degrees) < 80 for degrees in re.findall(r"(?<![.0-9])[0-9]+", new))


def test_a_town_is_a_surname_with_an_ending() -> None:
    for scope in SCOPES:
        assert invented("city", "Dover", scope).lower().endswith(name_pools().towns)


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("SBMC Clinic", "[A-Z]{4} Clinic"),
        ("Smith-Jones Clinic", "[A-Z][a-z]+ Clinic"),
        ("MERCY HOSPITAL", "[A-Z]{4,} HOSPITAL"),
        ("Bank of Smith & Jones", "Bank of [A-Z][a-z]+"),
    ],
)
def test_words_of_an_organisation_in_a_row_become_one_name(text: str, layout: str) -> None:
    for scope in SCOPES:
        assert re.fullmatch(layout, new := invented("healthcare_facility", text, scope)), new


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("Maria de la Cruz", "[A-Z][a-z]+ [A-Z][a-z]+"),
        ("Ludwig van Roe, Ph.D.", r"[A-Z][a-z]+ [A-Z][a-z]+, Ph\.D\."),
        ("Mr. Van Dyke", r"Mr\. [A-Z][a-z]+"),
    ],
)
def test_small_words_of_a_surname_go_without_a_trace(text: str, layout: str) -> None:
    for scope in SCOPES:
        assert re.fullmatch(layout, new := invented("patient_name", text, scope)), new

"""Invented numbers and contacts: the layout and checks of the original, never the original."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid import checks
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.normalising import squeeze
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate
from openbioner_batch.deid.surrogates.contacts import (
    account_surrogate,
    contact_surrogate,
    email_surrogate,
    ip_surrogate,
    name_parts,
    phone_surrogate,
    url_surrogate,
)
from openbioner_batch.deid.surrogates.identifiers import identifier_surrogate, ssn_surrogate
from openbioner_batch.deid.surrogates.names import name_surrogate

KEY = Key(b"a key of sixteen" * 2)
SCOPE = Scope.for_patient(KEY, "patient 7")
PATIENTS = st.text(min_size=1, max_size=8)
CODES = st.from_regex(r"[A-Z0-9]{1,6}[-. /]?[A-Z0-9]{0,8}[-. /]?[0-9]{1,6}", fullmatch=True)

VALID = {
    checks.luhn: [
        "4111-1111-1111-1111",
        "378282246310005",
        "5500 0000 0000 0004",
        "4222222222222",
        "6304000000000000125",
    ],
    checks.npi: ["1234567893", "NPI 1245319599"],
    checks.nhs: ["943 476 5919"],
    checks.dea: ["DEA AB1234563", "DEA BP7654329", "DEA F91234563"],
    checks.vin: ["1M8GDM9AXKP042788", "VIN: 1HGBH41JXMN109186"],
    checks.iban: ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "NO93 8601 1117 947"],
}


def shape(text: str) -> str:
    """Digits as 0 and letters as A or a: what stays."""
    return re.sub("[0-9]", "0", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", text)))


@given(PATIENTS, CODES)
def test_a_code_keeps_its_layout_and_is_another(patient: str, code: str) -> None:
    new = identifier_surrogate(code, Scope.for_patient(KEY, patient)).text
    assert shape(new) == shape(code)
    assert squeeze(new) != squeeze(code)


@given(PATIENTS, st.from_regex("[0-9]{7}", fullmatch=True))
def test_one_number_is_one_number_however_it_is_written(patient: str, number: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    new = identifier_surrogate(number, scope).text
    dashed = f"{number[:2]}-{number[2:4]}-{number[4:]}"
    assert identifier_surrogate(f"MRN: {number}", scope).text == f"MRN: {new}"
    assert identifier_surrogate(f"MRN{number}", scope).text == f"MRN{new}"
    assert identifier_surrogate(f"#{dashed}", scope).text == f"#{new[:2]}-{new[2:4]}-{new[4:]}"


@given(PATIENTS)
def test_zeros_at_the_head_stay(patient: str) -> None:
    new = identifier_surrogate("000417-2", Scope.for_patient(KEY, patient)).text
    assert new.startswith("000")
    assert new[3] != "0"


@pytest.mark.parametrize(
    ("check", "number"), [(check, number) for check, numbers in VALID.items() for number in numbers]
)
def test_check_digits_are_right_if_they_were(check: checks.Check, number: str) -> None:
    for patient in range(25):
        new = identifier_surrogate(number, Scope.for_patient(KEY, str(patient))).text
        core = squeeze(re.sub("^(NPI|DEA|VIN:) ", "", new))
        assert check(core)
        assert new != number
        assert re.sub("[A-Z0-9]", "", new) == re.sub("[A-Z0-9]", "", number)


def test_a_wrong_check_digit_fails_every_check() -> None:
    for numbers in VALID.values():
        for number in numbers:
            core = squeeze(re.sub("^(NPI|DEA|VIN:) ", "", number))
            wrong = core[:-1] + ("1" if core[-1] != "1" else "2")
            assert checks.checks_passed(core)
            # The check of a vehicle stands in the middle; a change at the end is seen there, too.
            assert not checks.checks_passed(wrong)


def test_the_last_four_digits_agree_with_the_whole() -> None:
    card = identifier_surrogate("4111-1111-1111-1111", SCOPE).text
    assert identifier_surrogate("card ending in 1111", SCOPE).text == f"card ending in {card[-4:]}"
    assert identifier_surrogate("xxxx-1111", SCOPE).text == f"xxxx-{card[-4:]}"
    number = ssn_surrogate("219-09-9999", SCOPE).text
    assert ssn_surrogate("xxx-xx-9999", SCOPE).text == f"xxx-xx-{number[-4:]}"
    assert ssn_surrogate("last four 9999", SCOPE).text == f"last four {number[-4:]}"


@given(PATIENTS, st.from_regex("[0-9]{3}-[0-9]{2}-[0-9]{4}", fullmatch=True))
def test_social_security_numbers_are_none_that_is_issued(patient: str, number: str) -> None:
    new = ssn_surrogate(number, Scope.for_patient(KEY, patient)).text
    assert re.fullmatch("9[0-9]{2}-(0[1-9]|[1-4][0-9])-[0-9]{4}", new)
    assert ssn_surrogate(number.replace("-", ""), Scope.for_patient(KEY, patient)).text == new.replace("-", "")
    assert new[-4:] != number[-4:]


@given(PATIENTS, st.from_regex("[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_telephone_numbers_are_fictional_and_the_same_in_every_layout(patient: str, digits: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    new = phone_surrogate(f"({area}) {exchange}-{line}", scope).text
    assert re.fullmatch(r"\([2-9](?!11)[0-8]\d\) 555-01\d\d", new)
    assert new[1:4] != area
    for layout in (
        f"+1 {area} {exchange} {line}",
        f"{area}.{exchange}.{line}",
        f"Cell: {digits}",
        f"1-{area}-{exchange}-{line}",
    ):
        other = phone_surrogate(layout, scope).text
        assert shape(other) == shape(layout)
        assert squeeze(other)[-10:] == squeeze(new)


@pytest.mark.parametrize(
    "number",
    [
        "555-0142",
        "+44 20 7946 0018",
        "020 7946 0018",
        "ext. 4471",
        "Fax: (312) 555-0188 x 12",
        "p55902",
        "#31906",
        "+41 (0)69 979 80 58",
    ],
)
def test_other_telephone_numbers_keep_layout_country_and_words(number: str) -> None:
    new = phone_surrogate(number, SCOPE).text
    assert shape(new) == shape(number)
    assert new != number
    assert re.findall(r"[A-Za-z]+|\+\d\d", new) == re.findall(r"[A-Za-z]+|\+\d\d", number)


def test_ten_digit_numbers_of_a_patient_stay_apart() -> None:
    originals = [f"617-{exchange}-{line:04d}" for exchange in (234, 567, 890) for line in range(10)]
    apart = [
        len({phone_surrogate(number, Scope.for_patient(KEY, str(patient))).text for number in originals})
        for patient in range(30)
    ]
    assert min(apart) >= 28
    assert sum(apart) >= 30 * 30 - 5


@given(PATIENTS)
def test_mail_addresses_and_accounts_are_made_of_the_persons_invented_name(patient: str) -> None:
    scope = Scope.for_patient(KEY, patient)
    first, last = name_surrogate("Nicole Martinez", scope).text.lower().split()
    mail = email_surrogate("nicole.martinez99@icloud.com", scope).text
    assert re.fullmatch(rf"{first}\.{last}\d\d@[a-z]+\.example", mail)
    assert not mail.endswith("99@icloud.com")
    assert account_surrogate("nmartinez", scope).text == first[0] + last
    assert account_surrogate("martinezn", scope).text == last + first[0]
    assert account_surrogate("NicoleMartinez", scope).text.lower() == first + last
    assert account_surrogate("@nicole_m", scope).text == f"@{first}_{name_surrogate('M', scope).text.lower()}"


@pytest.mark.parametrize(
    "text",
    [
        "Anna Lee <anna.lee@mercy.org>",
        "anna.lee@mercy.org; roe@quandrelle.org",
        "anna.lee@mercy.org,roe@quandrelle.org",
        "anna.lee@mercy.org or 617-555-9876",
        "mailto:anna.lee@mercy.org (Anna, ext. 4471)",
        "E-mail: 4471.lee@mercy.org",
    ],
)
@pytest.mark.parametrize("type", ["email_address", "contact_detail"])
def test_what_stands_beside_a_mail_address_becomes_another_too(type: str, text: str) -> None:
    new = surrogate(type, text, SCOPE)
    assert new is not None
    originals = set(re.findall("anna|lee|mercy|roe|quandrelle|[0-9]{3,}", text.lower()))
    assert not originals & set(re.findall("[a-z]+|[0-9]+", new.text.lower()))
    assert new.text.count(".example") == text.count("@")
    assert re.findall("mailto|E-mail| or ", new.text) == re.findall("mailto|E-mail| or ", text)
    if "Anna Lee" in text:
        first, last = name_surrogate("Anna Lee", SCOPE).text.split()
        assert new.text.startswith(f"{first} {last} <{first.lower()}.{last.lower()}@")
        assert {first.lower(), last.lower()} <= new.invented


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".dcm", ".Lee", ".rose", ".com"])
def test_a_file_name_keeps_its_suffix_and_nothing_else(suffix: str) -> None:
    new = surrogate("photograph", f"anna_lee_2041{suffix}", SCOPE)
    assert new is not None
    assert not re.search("anna|lee|2041", new.text, re.IGNORECASE)
    assert new.text.endswith(suffix) == (suffix.lower() in (".jpg", ".jpeg", ".png", ".dcm"))
    assert new.invented <= {squeeze(new.text.removesuffix(suffix))}


def test_runs_of_letters_are_cut_into_names_where_lists_know_them() -> None:
    assert name_parts("pamelagreen") == ["pamela", "green"]
    assert name_parts("tbaker") == ["t", "baker"]
    assert name_parts("bakert") == ["baker", "t"]
    assert name_parts("maria") == ["maria"]
    assert name_parts("jlee") == ["j", "lee"]
    assert name_parts("pamelalee") == ["pamela", "lee"]
    assert name_parts("qqzzxy") == ["qqzzxy"]


@given(PATIENTS, st.ip_addresses())
def test_addresses_of_the_net_are_nobodys(patient: str, address: object) -> None:
    new = ip_surrogate(str(address), Scope.for_patient(KEY, patient)).text
    assert re.fullmatch(r"198\.1[89]\.\d+\.\d+|2001:db8(:[0-9a-f]*)+", new)
    url = url_surrogate(f"https://{address}/p/8812?q=1", Scope.for_patient(KEY, patient)).text
    assert re.fullmatch(r"https://[a-z]+\.example/[0-9a-f]{10}", url) or ":" in str(address)


def test_addresses_of_the_net_stay_apart() -> None:
    texts = [f"10.1.2.{host}" for host in range(9)] + [f"fe80::{host}" for host in range(9)] + ["10.1.2.3:80"]
    assert len({ip_surrogate(text, SCOPE).text for text in texts}) == len(texts)


def test_a_contact_is_taken_for_what_it_looks_like() -> None:
    assert "@" in contact_surrogate("anna.lee@example.com", SCOPE).text
    assert contact_surrogate("(617) 555-0123", SCOPE) == phone_surrogate("(617) 555-0123", SCOPE)
    assert contact_surrogate("www.lee.org", SCOPE) == url_surrogate("www.lee.org", SCOPE)
    assert contact_surrogate("10.1.2.3", SCOPE) == ip_surrogate("10.1.2.3", SCOPE)
    assert contact_surrogate("@anna_lee", SCOPE) == account_surrogate("@anna_lee", SCOPE)


def test_devices_keep_what_kind_of_code_they_have() -> None:
    assert re.fullmatch("02(:[0-9A-F]{2}){5}", identifier_surrogate("00:1A:2B:3C:4D:5E", SCOPE).text)
    code = identifier_surrogate("aebe52e7-03ee-455a-b3c4-e57283966239", SCOPE).text
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", code)

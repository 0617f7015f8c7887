"""No surrogate, nor a part of one, is another original of the note."""

from __future__ import annotations

import re

import pytest

from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate

KEY = Key(b"a key of sixteen" * 2)
SCOPE = Scope.for_patient(KEY, "patient 7")


FAMILIES_WITH_VALUES = {
    "street_address": ["3189 Cherry Ln, Arlington, AK 59607", "418 Maple Street, Apt 4B", "P.O. Box 1182", "9 Elm Ct"],
    "location": ["Riverton, OH 43055", "Ohio", "Harlem", "43055", "12 Elm St\nDover, NH 03820"],
    "city": ["Arlington", "SAINT PAUL", "Cedar Falls"],
    "county": ["Cook County", "Kent"],
    "zip_code": ["43055", "43055-1234", "SW1A 2AA"],
    "state": ["OH", "Ohio", "NEW YORK"],
    "country": ["Mexico", "USA"],
    "healthcare_facility": ["St. Brendan Medical Center", "SBMC", "MERCY HOSPITAL", "General Hospital"],
    "employer_name": ["Acme Logistics", "U.S. Navy", "hubbard, fox and gillespie"],
    "organization": ["CVS on Main"],
    "room_number": ["Room 412", "bed 7B", "5 West", "ICU-12"],
    "geographic_coordinates": ["40.7128° N, 74.0060° W"],
    "photograph": ["IMG_2041.jpg"],
    "username": ["tbaker77"],
    "biometric_identifier": ["BIO-FP-a3f8c2e1d5"],
}


@pytest.mark.parametrize(
    ("type", "value"), [(t, value) for t, values in FAMILIES_WITH_VALUES.items() for value in values]
)
def test_places_organisations_and_the_rest_become_others_always_the_same(type: str, value: str) -> None:
    for patient in range(40):
        new = surrogate(type, value, Scope.for_patient(KEY, str(patient)))
        assert new is not None
        assert new.text.casefold() != value.casefold()
        assert surrogate(type, value, Scope.for_patient(KEY, str(patient))) == new


def test_parts_of_places_agree_with_the_whole_and_kinds_of_places_stay() -> None:
    def new(type: str, text: str) -> str:
        found = surrogate(type, text, SCOPE)
        assert found is not None
        return found.text

    address = new("street_address", "3189 Cherry Ln, Arlington, AK 99607-1234")
    number, street, town, state, code = re.fullmatch(
        r"(\d{4}) (\w+) Ln, (\w+), ([A-Z]{2}) (\d{5})-\d{4}", address
    ).groups()  # type: ignore[union-attr]
    assert "3189 Cherry Arlington AK 99607".split() != [number, street, town, state, code]
    assert new("city", "ARLINGTON") == town.upper()
    assert new("zip_code", "99607") == code
    assert new("state", "AK") == state
    assert new("healthcare_facility", "St. Brendan Medical Center").endswith(" Medical Center")
    assert re.fullmatch(r"Room \d{3}", new("room_number", "Room 412"))


PARTS = [
    ("phone_number", "(617) 867-5309 ext. 4471", r"\d{4}$"),
    ("phone_number", "+44 20 7946 0018", r".+"),
    ("email_address", "anna.lee77@mercy.org", r"^[a-z]+"),
    ("email_address", "anna.lee77@mercy.org", r"(?<=\.)[a-z]+(?=\d)"),
    ("email_address", "anna.lee77@mercy.org", r".+"),
    ("username", "anna_lee", r"^[a-z]+"),
    ("username", "anna_lee", r".+"),
    ("url", "https://www.mercy.org/anna", r".+"),
    ("ip_address", "10.2.3.4", r".+"),
    ("street_address", "12 Elm St, Dover, NH 03820", r"(?<=\d )\w+"),
    ("street_address", "12 Elm St, Dover, NH 03820", r"(?<=, )\w+(?=,)"),
    ("street_address", "12 Elm St, Dover, NH 03820", r"\d{5}$"),
    ("zip_code", "03820-1234", r".+"),
    ("zip_code", "3820", r".+"),
    ("city", "Dover", r".+"),
    ("county", "Essex County", r"^\w+"),
    ("country", "Mexico", r".+"),
    ("healthcare_facility", "St. Brendan Medical Center", r"^\w+"),
    ("room_number", "Room 4127", r"\d+"),
    ("geographic_coordinates", "42.3601, -71.0589", r"(?<=\.)\d+"),
    ("social_security_number", "123-45-6789", r".+"),
    ("social_security_number", "xxx-xx-6789", r"\d{4}"),
    ("medical_record_number", "MRN: 2208714", r"\d+"),
    ("medical_record_number", "xxx8714", r"\d+"),
    ("photograph", "IMG_20418.jpg", r"^\w+"),
]


@pytest.mark.parametrize(("type", "value", "part"), PARTS)
def test_no_part_of_a_surrogate_is_another_original_of_the_note(type: str, value: str, part: str) -> None:
    new = surrogate(type, value, SCOPE)
    assert new is not None
    coinciding = re.search(part, new.text)
    assert coinciding is not None
    assert surrogate(type, value, SCOPE, avoid=comparable_forms(coinciding.group())) is None


def test_a_surrogate_that_is_another_original_of_the_note_is_none() -> None:
    new = surrogate("medical_record_number", "2208714", SCOPE)
    assert new is not None
    assert surrogate("medical_record_number", "2208714", SCOPE, avoid={new.text}) is None

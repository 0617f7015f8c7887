"""Streets, towns, states and ZIP codes become others that agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.geography import STATES
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.normalising import comparable_forms
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import surrogate
from openbioner_batch.deid.zips import areas, state_of_zip

KEY = Key(b"a key of sixteen" * 2)


SCOPES = [Scope.for_patient(KEY, str(number)) for number in range(12)]


STREETS = [
    ["12 Oak St", "12 Oak Street", "12 OAK ST.", "12 OAK STREET", "12 oak street", "12  Oak  St", "12 Oak St., Apt 4"],
    ["Oak St", "Oak Street", "North Oak Street", "N. Oak St", "44 Oak St Dover", "9 Oak Street, Dover, DE 19901"],
    ["7 St. Mary's Ave", "7 Saint Marys Avenue", "7 ST MARYS AVE", "St. Mary’s Avenue"],
    ["100 5th Ave", "100 Fifth Avenue", "100 5TH AVE", "Fifth Ave"],
    ["3 Mt. Vernon Rd", "3 Mount Vernon Road", "3 MT VERNON RD"],
    ["8 Court St", "8 Court Street", "8 COURT STREET"],
    ["8 North St", "8 North Street"],
]


@pytest.mark.parametrize("spellings", STREETS, ids=lambda spellings: spellings[0])
def test_one_street_is_one_street_in_every_spelling(spellings: list[str]) -> None:
    for scope in SCOPES:
        invented = [surrogate("street_address", text, scope) for text in spellings]
        found = [re.findall(r"[^\W\d_]{3,}", one.text.lower()) for one in invented if one]
        assert len(found) == len(spellings)
        name = set.intersection(*map(set, found)) - {"street", "road", "avenue", "ave"}
        assert len(name) == 1, [one and one.text for one in invented]
        houses = {
            one.text.split()[0]
            for text, one in zip(spellings, invented, strict=True)
            if one and text[0] == spellings[0][0]
        }
        assert len(houses) == 1 or not spellings[0][0].isdigit()
        assert name.isdisjoint(" ".join(spellings).lower().split())


@pytest.mark.parametrize("text", ["Lindenstr. 8a", "Am Deich 14 b", "Via Roma 12 C"])
def test_a_letter_behind_a_house_number_becomes_a_letter(text: str) -> None:
    invented = surrogate("street_address", text, SCOPES[0])
    assert invented is not None
    assert re.fullmatch(r"[^\W\d_]+(?:[- ][^\W\d_]+)*\.? \d{1,2} ?[a-zA-Z]", invented.text), invented.text
    assert invented.text[-1] != text[-1]


@pytest.mark.parametrize(
    "text", ["44 Oak St Dover", "44 Oak St, Dover", "9 Oak Street\nDover", "44 N Oak St Dover, DE 19901"]
)
def test_the_town_of_an_address_is_the_one_that_stands_alone(text: str) -> None:
    town = surrogate("city", "Dover", SCOPES[0])
    invented = surrogate("street_address", text, SCOPES[0])
    assert town is not None
    assert invented is not None
    assert town.text in invented.text
    assert surrogate("street_address", text, SCOPES[0], comparable_forms(town.text)) is None


@pytest.mark.parametrize(("text", "plain"), [("OH.", "OH"), ("Ohio.", "Ohio"), (" ohio ", "Ohio"), ("OHIO", "OH")])
def test_a_state_is_one_in_every_spelling(text: str, plain: str) -> None:
    for scope in SCOPES:
        one, other = (surrogate("state", spelling, scope) for spelling in (text, plain))
        assert one is not None
        assert other is not None
        assert one.text.upper() in (other.text.upper(), STATES.get(other.text, "").upper())
    country = surrogate("location", "Mexico", SCOPES[0])
    assert country == surrogate("country", "Mexico", SCOPES[0])


def test_oak_street_and_its_avenue_keep_their_kind_and_other_streets_are_others() -> None:
    texts = ["12 Oak St", "12 Elm St", "12 Maple St", "12 Oak Hill St", "12 Birch St"]
    names = {surrogate("street_address", text, SCOPES[0]).text for text in texts}  # type: ignore[union-attr]
    assert len(names) == len(texts)


def zips_and_states() -> list[tuple[str, str]]:
    return [(f"{found[0]}01", state) for state, found in areas().items()]


@pytest.mark.parametrize(("code", "state"), zips_and_states())
def test_a_state_fits_its_zip_code_together_and_apart(code: str, state: str) -> None:
    for scope in SCOPES[:4]:
        address = surrogate("street_address", f"12 Oak St, Dover, {state} {code}", scope)
        alone, code_alone = surrogate("state", state, scope), surrogate("zip_code", code, scope)
        named = surrogate("location", f"Dover, {STATES[state]} {code}-1234", scope)
        assert None not in (address, alone, code_alone, named)
        *_, other_state, other_code = address.text.split()
        assert (other_state, other_code) == (alone.text, code_alone.text)
        assert state_of_zip(other_code) == other_state != state
        assert named.text.endswith(f"{STATES[other_state]} {other_code}-{named.text[-4:]}")


@given(st.sampled_from(sorted(STATES)), st.integers(0, 99999), st.integers(0, 11))
def test_a_state_and_a_zip_code_in_one_address_agree_whatever_they_were(state: str, code: int, number: int) -> None:
    found = surrogate("location", f"Dover, {state} {code:05d}", SCOPES[number])
    assert found is not None
    *_, other_state, other_code = found.text.split()
    assert state_of_zip(other_code) == other_state
    assert surrogate("zip_code", f"{code:05d}", SCOPES[number]).text == other_code  # type: ignore[union-attr]
    three = surrogate("zip_code", f"{code:05d}"[:3], SCOPES[number])
    assert three is None or three.text == other_code[:3]


def test_every_state_has_areas_and_none_is_in_two() -> None:
    assert set(areas()) == set(STATES)
    every = [area for found in areas().values() for area in found]
    assert len(every) == len(set(every)) > 850
    known = {
        "19901": "DE",
        "02139": "MA",
        "00901": "PR",
        "20001": "DC",
        "20101": "VA",
        "73301": "TX",
        "88510": "TX",
        "96701": "HI",
    }
    assert {code: state_of_zip(code) for code in known} == known
    assert [state_of_zip(code) for code in ("00000", "09012", "34001", "96201", "")] == [None] * 5

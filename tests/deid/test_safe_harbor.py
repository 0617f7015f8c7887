"""Ages and geography under safe harbor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.ages import generalise_age
from openbioner_batch.deid.geography import RESTRICTED_ZIP3, generalise_place, generalise_street, zip3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("92-year-old", "90+-year-old"),
        ("90 years", "90+ years"),
        ("aged 101", "aged 90+"),
        ("95 y/o", "90+ y/o"),
        ("92yo", "90+yo"),
        ("ninety-four", "90+"),
        ("Ninety four years", "90+ years"),
        ("one hundred and two years old", "90+ years old"),
        ("in his late nineties", "in his late 90+"),
        ("in her 90s", "in her 90+"),
        ("94th birthday", "90+ birthday"),
        ("centenarian", "90+"),
        ("89", "89"),
        ("eighty-nine", "eighty-nine"),
        ("54-year-old", "54-year-old"),
        ("94 months", "94 months"),
        ("elderly", None),
    ],
)
def test_ages_over_89_become_90_and_more(text: str, expected: str | None) -> None:
    assert generalise_age(text) == expected


@given(st.integers(0, 149))
def test_every_age_in_digits(age: int) -> None:
    assert generalise_age(f"{age} years old") == ("90+ years old" if age > 89 else f"{age} years old")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("02139", "021"),
        ("02139-4307", "021"),
        ("ZIP 43055", "430"),
        ("03601", "000"),
        ("20252", "000"),  # 202: of the list of 2020
        ("06390", "000"),  # 063: of the list of 2000
        ("09012", "000"),  # military mail
        ("036", "000"),
        ("430", "430"),
        ("SW1A 2AA", None),
        ("10115-1", "101"),
        ("1234", None),
    ],
)
def test_zip_codes_keep_three_digits_where_enough_people_live(text: str, expected: str | None) -> None:
    assert zip3(text) == expected


def test_the_restricted_areas_of_both_censuses_are_in_the_list() -> None:
    assert len(RESTRICTED_ZIP3) == 18 + 5 + 17  # of 2020; of 2000 alone; uncounted
    assert {"036", "063", "772", "893", "962"} <= RESTRICTED_ZIP3


@pytest.mark.parametrize(
    ("text", "state_left", "town_left"),
    [
        ("3189 Cherry Ln, Arlington, AK 59607", "[X], AK 596", "[X], Arlington, AK 59607"),
        ("12 Elm St\nDover, NY 10001", "[X], NY 100", "[X]\nDover, NY 10001"),
        ("1 A St, Riverton, New York 05901-1234", "[X], New York 000", "[X], Riverton, New York 05901-1234"),
        ("9 Elm Ct", "[X]", "[X]"),
        ("9 ELM CT", "[X]", "[X]"),
        ("Riverton, OH", "[X], OH", "Riverton, OH"),
        ("Ohio", "Ohio", "Ohio"),
        ("43055", "430", "43055"),
        ("Lyon", "[X]", "Lyon"),
        ("P.O. Box 1182", "[X]", "[X]"),
        ("Maple Terrace, Dover, NH", "[X], NH", "[X], Dover, NH"),
        ("Oak Hwy, Dover NH 03820", "[X], NH 038", "[X], Dover NH 03820"),
        ("Maple Circle", "[X]", "[X]"),
        ("The Willows, Dover, NH 03820", "[X], NH 038", "[X], Dover, NH 03820"),
        ("c/o Anna Lee\nDover, NH", "[X], NH", "[X]\nDover, NH"),
        ("Lyon, France", "[X]", "Lyon, France"),
        ("St. Louis, MO 63101", "[X], MO 631", "St. Louis, MO 63101"),
        ("12 Elm St. Louis, MO 63101", "[X], MO 631", "[X], MO 63101"),
        ("Riverton, AK ٥٩٦٠٧", "[X], AK", "Riverton, AK ٥٩٦٠٧"),  # digits that no ZIP code has
    ],
)
def test_of_places_the_state_stays_or_in_a_limited_data_set_the_town(
    text: str, state_left: str, town_left: str
) -> None:
    assert generalise_place(text, "[X]") == state_left
    assert generalise_street(text, "[X]") == town_left

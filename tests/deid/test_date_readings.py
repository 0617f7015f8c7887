"""What the forms of dates may mean, before anything is said about the text around them."""

from __future__ import annotations

from datetime import date

import pytest

from openbioner_batch.deid.dates import find_dates
from openbioner_batch.deid.timeline import Timeline, shift


@pytest.mark.parametrize(
    ("text", "form", "readings"),
    [
        ("03042021", "eight", [(2021, 3, 4), (2021, 4, 3)]),
        ("31312021", "eight", []),  # after a label it was meant as a date
        ("031421", "six", [(2021, 3, 14)]),
        ("180314", "six", []),  # of 2018 or of 2014
        ("999999", "six", []),
        ("20210304", "full", [(2021, 3, 4)]),
        ("21-03-04", "full", [(2004, 3, 21), (2021, 3, 4)]),
        ("3.4.21", "dotted", [(2021, 3, 4), (2021, 4, 3)]),
        ("3/2021", "month_year", [(2021, 3, None)]),
        ("03.2021", "dotted", [(2021, 3, None)]),
        ("12/xx/2021", "full", []),
        ("12/94", "pair", [(1994, 12, None)]),
        ("3/21", "pair", [(None, 3, 21), (2021, 3, None)]),
        ("3/4-3/8", "range", [(None, 3, 4), (None, 3, 8)]),
        ("12/29-1/4/2019", "range", [(None, 12, 29), (2019, 1, 4)]),
        ("3-5 March", "month_day", [(None, 3, 3), (None, 3, 5)]),
        ("2-30-21", "full", [(2021, 2, 30), (2021, 30, 2)]),
        ("31/31/2020", "full", [(2020, 31, 31)]),
    ],
)
def test_what_a_form_may_mean(text: str, form: str, readings: list[tuple[int | None, ...]]) -> None:
    (found,) = find_dates(text)
    assert (found.start, found.end, found.form, list(found.readings)) == (0, len(text), form, readings)


@pytest.mark.parametrize("text", ["50/25/10", "13/20/21", "0/5/21", "1/32/21", "32-4", "13/32"])
def test_numbers_that_are_no_day_in_any_order_are_no_date(text: str) -> None:
    assert find_dates(text) == []


@pytest.mark.parametrize("sign", "-/")
def test_two_numbers_are_a_day_in_either_order(sign: str) -> None:
    (found,) = find_dates(f"3{sign}4")
    assert found.readings[:2] == ((None, 3, 4), (None, 4, 3))
    (found,) = find_dates(f"3{sign}4", "day-first")
    assert found.readings[:2] == ((None, 4, 3), (None, 3, 4))
    assert shift(f"3{sign}4", "personal_date", 7, Timeline(note=date(2021, 3, 9))).text == f"3{sign}11"
    assert shift(f"3{sign}25", "personal_date", 7, Timeline(note=date(2021, 3, 9))).text == f"4{sign}1"


def test_every_day_at_the_head_of_a_table_is_a_date() -> None:
    days = ["03.04.", "4.4.", "15.04.", "31.12."]
    for count in range(2, 5):
        text = "CRP\t" + "\t".join(days[:count]) + "\n"
        found = find_dates(text)
        assert [text[one.start : one.end] for one in found] == days[:count]
        assert {one.form for one in found} == {"full"}
    assert find_dates("CRP\t03.04.\tx") == []

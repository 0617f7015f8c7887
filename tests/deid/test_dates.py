"""Dates: read as people write them, moved without a scratch to intervals and form, or cut to the year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from openbioner_batch.deid.dates import find_dates, is_understood
from openbioner_batch.deid.dates.words import LONG
from openbioner_batch.deid.timeline import DateResult, Timeline, cut_to_year, first_date, shift

TIMELINE = Timeline(reference=date(2026, 12, 31))
DAYS = st.dates(date(1945, 1, 1), date(2026, 12, 31))
SHIFTS = st.integers(-51, 51).filter(bool).map(lambda weeks: 7 * weeks)


def ordinal(day: int) -> str:
    return f"{day}" + ("th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th"))


def month(day: date) -> str:
    return LONG["en"][day.month - 1].capitalize()


FORMS = {
    "US": lambda d: f"{d:%m/%d/%Y}",
    "US dashes": lambda d: f"{d:%m-%d-%Y}",
    "US two digits": lambda d: f"{d:%m/%d/%y}",
    "ISO": lambda d: f"{d:%Y-%m-%d}",
    "ISO time": lambda d: f"{d:%Y-%m-%d}T10:00",
    "ISO zone": lambda d: f"{d:%Y-%m-%d}T10:00:00.250-05:00",
    "ISO UTC": lambda d: f"{d:%Y-%m-%d} 23:08:55Z",
    "compact": lambda d: f"{d:%Y%m%d}",
    "compact time": lambda d: f"{d:%Y%m%d}103000",
    "day month": lambda d: f"{d.day} {month(d)} {d.year}",
    "day of month": lambda d: f"{ordinal(d.day)} of {month(d)}, {d.year}",
    "month day": lambda d: f"{month(d)} {d.day}, {d.year}",
    "month day th": lambda d: f"{month(d)} {ordinal(d.day)} {d.year}",
    "capitals": lambda d: f"{month(d)} {d.day}, {d.year}".upper(),
    "abbreviated": lambda d: f"{month(d)[:3]}. {d.day}, {d.year}",
    "hyphens": lambda d: f"{d.day:02d}-{month(d)[:3]}-{d:%y}",
    "joined": lambda d: f"{d.day:02d}{month(d)[:3].upper()}{d.year}",
    "weekday": lambda d: f"{d:%A}, {month(d)} {d.day}, {d.year} at 10:30 AM",
    "year first": lambda d: f"{d.year} {month(d)[:3]} {d.day}",
    "unpadded": lambda d: f"{d.month}/{d.day}/{d.year}",
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(day=DAYS, days=SHIFTS)
def test_a_date_moves_and_is_written_as_it_was(form: str, day: date, days: int) -> None:
    write = FORMS[form]
    if form in ("abbreviated", "year first"):
        assume("may" not in (month(day).lower(), month(day + timedelta(days)).lower()))
    if form == "unpadded":  # 12/15 may be padded or not; so may what comes of it
        assume(min(day.month, day.day) < 10)
    if form == "US two digits":
        assume(day.year > 1930)
    moved = shift(write(day), "admission_date", days, TIMELINE)
    assert moved == DateResult(write(day + timedelta(days)), "done")


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(day=DAYS)
def test_a_date_is_cut_to_its_year(form: str, day: date) -> None:
    assert cut_to_year(FORMS[form](day), "admission_date", TIMELINE) == DateResult(str(day.year), "generalised")


@given(DAYS, DAYS, SHIFTS, st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(FORMS)))
def test_intervals_survive_exactly(one: date, other: date, days: int, form: str, other_form: str) -> None:
    texts = [
        shift(FORMS[name](day), "admission_date", days, TIMELINE).text
        for name, day in ((form, one), (other_form, other))
    ]
    moved = [first_date(text, TIMELINE) for text in texts if text]
    assert moved[0] - moved[1] == one - other  # type: ignore[operator]


@given(st.dates(date(2020, 1, 1), date(2026, 1, 1)), SHIFTS, st.integers(-170, 170))
def test_dates_without_a_year_move_with_the_others(note: date, days: int, away: int) -> None:
    day = note + timedelta(away)
    timeline = Timeline(note=note)
    for form in (
        lambda d: f"{d.month}/{d.day}",
        lambda d: f"{month(d)} {d.day}",
        lambda d: f"{ordinal(d.day)} {month(d)}",
    ):
        text = form(day)
        if text[0].isdigit() and "/" in text and min(day.month, day.day) >= 10:
            continue  # whether it was padded cannot be seen
        assert shift(text, "personal_date", days, timeline) == DateResult(form(day + timedelta(days)), "done")


def test_a_29_february_without_a_year_is_one_of_a_leap_year() -> None:
    assert shift("2/29", "personal_date", 7, Timeline(note=date(2021, 3, 1))) == DateResult("3/7", "done")
    assert shift("February 29", "personal_date", -7, Timeline(note=date(2021, 3, 1))) == DateResult(
        "February 22", "done"
    )


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ("Sept 2019", "2019"),
        ("Sept '19", "'19"),
        ("3/2021", "2020"),
        ("2021-03", "2020"),
        ("1977", "1976"),
        ("mid-2021", "mid-2020"),
        ("the 1990s", "the 1990s"),
    ],
)
def test_partial_dates_move_and_are_cut_to_the_year(text: str, shifted: str) -> None:
    days = -7 if "19" in text and "Sept" in text else -350
    assert shift(text, "personal_date", days, TIMELINE) == DateResult(shifted, "generalised")


@pytest.mark.parametrize(
    ("text", "days", "year"),
    [
        ("Q4 2021", 70, "2022"),  # from the middle of November
        ("Q4 2021", 42, "2021"),
        ("Q1 2021", -70, "2020"),
        ("Q1 2021", -42, "2021"),
        ("second quarter of 2021", 231, "2022"),
        ("second quarter of 2021", 224, "2021"),
        ("March-April 2021", -140, "2020"),
        ("March-April 2021", 7, "2021"),
    ],
)
def test_a_quarter_moves_from_its_middle_and_months_from_the_last(text: str, days: int, year: str) -> None:
    assert shift(text, "personal_date", days, TIMELINE) == DateResult(year, "generalised")
    assert cut_to_year(text, "personal_date", TIMELINE).text == text[-4:]


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2021",
        "13/13/2021",
        "02/30/2021",
        "April 31, 2021",
        "21/2021",
        "Christmas Day",
        "the 15th",
        "March",
        "03/15/2021 to Anna",
        "elephant",
    ],
)
def test_what_is_no_date_or_not_understood_goes(text: str) -> None:
    assert shift(text, "personal_date", 70, TIMELINE) == DateResult(None, "unreadable")


@pytest.mark.parametrize("text", ["03/04/1899", "4 March 2101", "1850", "January 1, 2150"])
def test_dates_far_away_go(text: str) -> None:
    assert shift(text, "admission_date", 70, TIMELINE) == DateResult(None, "out_of_range")
    assert cut_to_year(text, "admission_date", TIMELINE) == DateResult(None, "out_of_range")


def test_a_birth_that_tells_an_age_over_89_goes() -> None:
    for type in ("birth_date", "personal_date"):
        for text, outcome in (("03/27/1936", "over_89"), ("1936", "over_89"), ("3/27/37", "done")):
            assert shift(text, type, 7, TIMELINE).outcome == outcome
        assert cut_to_year("born in 1936", type, TIMELINE) == DateResult(None, "over_89")
        assert cut_to_year("born in 1937", type, TIMELINE) == DateResult("1937", "generalised")
    assert cut_to_year("1936", "birth_date", Timeline(reference=date(2020, 1, 1))) == DateResult("1936", "generalised")


def test_the_bounds_of_what_may_be_told_are_exact() -> None:
    admission = {"1900": "generalised", "1899": "out_of_range", "2100": "generalised", "2101": "out_of_range"}
    assert {text: cut_to_year(text, "admission_date", TIMELINE).outcome for text in admission} == admission
    by = Timeline(reference=date(2020, 6, 15))
    births = {
        "06/15/2020": "done",
        "06/16/2020": "out_of_range",
        "07/14/2020": "out_of_range",
        "June 2020": "generalised",
    }
    assert {text: shift(text, "birth_date", 7, by).outcome for text in births} == births
    # What is no birth may be to come, as an appointment is.
    assert shift("06/16/2020", "admission_date", 7, by).text == "06/23/2020"
    assert shift("06/16/2020", "personal_date", 7, by).text == "06/23/2020"
    assert shift("1/2/1910", "admission_date", 7, by).text == "1/9/1910"


def test_a_birth_year_of_two_digits_is_the_last_that_is_not_past_the_note() -> None:
    by = Timeline(reference=date(2026, 12, 31), born_by=date(2021, 6, 15))
    assert cut_to_year("6/15/21", "birth_date", by).text == "2021"
    assert cut_to_year("6/16/21", "birth_date", by) == DateResult(None, "over_89")
    assert cut_to_year("6/16/2021", "birth_date", by).text == "2021"
    assert cut_to_year("5/20/21", "birth_date", by).text == "2021"
    assert cut_to_year("6/16/21", "admission_date", by).text == "2021"


def test_the_order_of_day_and_month_is_seen_or_as_the_policy_says() -> None:
    day_first = Timeline(order="day-first")
    assert shift("03/04/2021", "personal_date", 7, TIMELINE).text == "03/11/2021"
    assert shift("03/04/2021", "personal_date", 7, day_first).text == "10/04/2021"
    for timeline in (TIMELINE, day_first):
        assert shift("25/12/2020", "personal_date", 7, timeline).text == "01/01/2021"
        assert shift("12/25/2020", "personal_date", 7, timeline).text == "01/01/2021"


def test_ranges_and_several_dates_move_together() -> None:
    assert shift("03/15/2021 - 03/20/2021", "personal_date", 70, TIMELINE).text == "05/24/2021 - 05/29/2021"
    assert cut_to_year("from 12/30/2020 to 1/2/2021", "personal_date", TIMELINE).text == "2020-2021"
    assert cut_to_year("March 4", "personal_date", TIMELINE).text is None


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("March 29-30, 2021", 1, "March 30-31, 2021"),
        ("March 30-31, 2021", 1, "March 31-April 1, 2021"),
        ("MARCH 30 and 31, 2021", 1, "MARCH 31 and APRIL 1, 2021"),
        ("Mar 30-31", 1, "Mar 31-Apr 1"),
        ("30-31 March 2021", 1, "31 March-1 April 2021"),
        ("30 and 31 March 2021", 1, "31 March and 1 April 2021"),
        ("2-3 March 2021", -2, "28 February-1 March 2021"),
        ("March 2-3, 2021", -1, "March 1-2, 2021"),
    ],
)
def test_days_that_share_a_month_get_one_each_where_they_come_to_lie_in_two(text: str, days: int, moved: str) -> None:
    assert shift(text, "admission_date", days, TIMELINE).text == moved


def test_a_date_without_a_year_hides_none_behind_it() -> None:
    for text in ("March 4 and 3/27/1936", "3/27/1936 and March 4"):
        assert shift(text, "personal_date", 7, TIMELINE) == DateResult(None, "over_89")


def test_weekdays_and_times_stay_in_a_shift_and_go_with_a_year() -> None:
    assert shift("Tuesday at 10:30", "personal_date", 7, TIMELINE) == DateResult("Tuesday at 10:30", "done")
    assert cut_to_year("Tuesday", "personal_date", TIMELINE).text is None
    assert shift("03/02/2021 0830", "personal_date", 7, TIMELINE).text == "03/09/2021 0830"
    assert cut_to_year("spring 2021", "personal_date", TIMELINE).text == "2021"


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("Tu 03/02/2021", "Fr 03/05/2021"),
        ("03/02/2021 (TU)", "03/05/2021 (FR)"),
        ("Mo. 01.03.2021", "Do. 04.03.2021"),
        ("Tues, 3/2/2021", "Fri, 3/5/2021"),
        ("mardi 2 mars 2021", "vendredi 5 mars 2021"),
    ],
)
def test_weekdays_move_where_no_whole_weeks_pass(text: str, moved: str) -> None:
    order = "day-first" if ".03." in text else "month-first"
    assert shift(text, "personal_date", 3, Timeline(order=order)).text == moved
    assert shift(text, "personal_date", 0, Timeline(order=order)).text == text


def test_may_is_long_or_short_as_its_neighbours_tell() -> None:
    assert shift("4-May-21", "personal_date", 35, TIMELINE).text == "8-Jun-21"
    assert shift("May 4, 2021", "personal_date", 35, TIMELINE).text == "June 8, 2021"
    assert shift("June 8, 2021", "personal_date", -35, TIMELINE).text == "May 4, 2021"


def test_a_year_of_two_digits_is_the_latest_that_may_be_meant() -> None:
    years = {text: find_dates(text, pivot=2026)[0].dates[0].year for text in ("1/2/27", "1/2/28", "1/2/00", "1/2/99")}
    assert years == {"1/2/27": 2027, "1/2/28": 1928, "1/2/00": 2000, "1/2/99": 1999}


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    dates = find_dates(text)
    is_understood(text, dates)
    assert all(0 <= found.start < found.end <= len(text) for found in dates)
    for type in ("birth_date", "personal_date"):
        assert shift(text, type, 7, TIMELINE).outcome
        assert cut_to_year(text, type, TIMELINE).outcome

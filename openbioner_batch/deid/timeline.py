"""What becomes of dates: moved by the patient's number of days, or cut to the year.

**Shift**: all dates of a scope move by `Scope.shift_days`, so intervals survive exactly and weekdays stay true. Times
and weekday names stay. A month and day without a year are read in the year that brings them nearest to the note's date,
and written without a year again. A date without a day is moved, too, from the middle of its month or year, and cut to
its year; a decade stays as it is. A month alone goes.

Shifting is **not** safe harbor: a shifted date is still a date finer than a year, and who knows one event's true date
knows the others.

**Generalise** (45 CFR 164.514(b)(2)(i)(C)): the year stays, the rest goes.

In both a date of birth, or a date that may be one, goes altogether if its year lies more than 89 years before the
reference: it would tell an age over 89. So do days that do not exist, dates before 1900 or after 2100, and whatever is
not understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from openbioner_batch.deid.dates import ORDERS, WrittenDate, find_dates, is_understood

FIRST_YEAR, LAST_YEAR = 1900, 2100
OLDEST = 89
"""Greatest age that may be told."""
MAY_BE_BIRTHS = frozenset({"birth_date", "personal_date"})


@dataclass(frozen=True, slots=True)
class Timeline:
    """How a note's dates are to be read."""

    order: str = ORDERS[0]
    """Which comes first in 03/04/2021."""
    reference: date = date(2026, 12, 31)
    """The day as of which ages count: the later of the run's and the note's date."""
    note: date | None = None
    """The note's own date, for dates without a year; the reference if it is unknown."""


@dataclass(frozen=True, slots=True)
class Dated:
    """What a date became, or why it cannot be kept in any form."""

    text: str | None
    """None where the date must go."""
    outcome: str
    """One of `actions.OUTCOMES`."""


def shift(text: str, type: str, days: int, timeline: Timeline) -> Dated:
    """The dates in `text` moved by `days`, in the form in which they stand.

    Args:
        text: what was found, such as "Tuesday, March 4th at 10:00".
        type: of the PHI catalog: dates of birth may tell an age.
        days: a multiple of 7, or weekdays in the text become wrong.
        timeline: how to read them.
    """
    dates, problem = _read(text, type, timeline)
    if problem:
        return Dated(None, problem)
    pieces, at, outcome = [], 0, "done"
    for found in dates:
        new = _shifted(text, found, days, timeline)
        if new is None:
            return Dated(None, "unreadable")
        if found.day is None:
            outcome = "generalised"
        pieces += [text[at : found.start], new]
        at = found.end
    return Dated("".join(pieces) + text[at:], outcome)


def cut_to_year(text: str, type: str, timeline: Timeline) -> Dated:
    """The years in `text`, "2020-2021" if there are two; without a year nothing can stay."""
    dates, problem = _read(text, type, timeline)
    if problem:
        return Dated(None, problem)
    years = list(dict.fromkeys(str(found.year) for found in dates if found.year is not None))
    return Dated("-".join(years) or None, "generalised")


def first_date(text: str, timeline: Timeline) -> date | None:
    """The first whole date in a text, None if it has none."""
    for found in _found(text, timeline.order, timeline.reference.year)[0]:
        if found.year and found.month and found.day and found.is_possible:
            return found.on(found.year)
    return None


@lru_cache(maxsize=4096)
def _found(text: str, order: str, pivot: int) -> tuple[list[WrittenDate], bool]:
    dates = find_dates(text, order, pivot)
    return dates, is_understood(text, dates)


def _read(text: str, type: str, timeline: Timeline) -> tuple[list[WrittenDate], str]:
    """The dates in a text, and why they cannot be used, if so."""
    dates, understood = _found(text, timeline.order, timeline.reference.year)
    if not understood:
        return dates, "unreadable"
    for found in dates:
        if not found.is_possible:
            return dates, "unreadable"
        if found.year is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
            return dates, "out_of_range"
        if found.year is not None and type in MAY_BE_BIRTHS and timeline.reference.year - found.year > OLDEST:
            return dates, "over_89"
    return dates, ""


def _shifted(text: str, found: WrittenDate, days: int, timeline: Timeline) -> str | None:
    move = timedelta(days=days)
    if found.year is not None and found.month is not None and found.day is not None:
        return found.written(text, date(found.year, found.month, found.day) + move)
    if found.year is None:
        day = _nearest(found, timeline.note or timeline.reference) if found.day is not None else None
        return found.written(text, day + move) if day else None
    ((start, end),) = [(start, end) for start, end, part in found.fields if part == "y"]
    if text[end : found.end].endswith("s"):
        return text[found.start : found.end]  # a decade, coarser than any shift
    middle = date(found.year, found.month or 7, 15 if found.month else 1) + move
    year = WrittenDate(start, end, found.year, None, None, ((start, end, "y"),)).written(text, middle)
    return year if found.month else text[found.start : start] + year + text[end : found.end]


def _nearest(found: WrittenDate, reference: date) -> date | None:
    """The day that a month and day mean, in the year that brings it nearest; a 29 February needs a leap year."""
    days = (found.on(reference.year + step) for step in range(-8, 9))
    return min((day for day in days if day), key=lambda day: abs(day - reference), default=None)

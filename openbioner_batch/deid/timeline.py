"""Shifts dates by the patient's number of days, or cuts them to the year.

**Shift**: all dates of a scope move by `Scope.shift_days`, so intervals survive exactly and weekdays stay true: where
the days are no whole weeks, names of weekdays beside a date move along. Times stay. A month and day without a year are
read in the year that brings them nearest to the note's date, the beginning of a range in the last year that has it
before the end, and written without a year again. Days that share the name of a month get one each where they come to
lie in two. A date without a day is moved, too, from the middle of its month or year, and cut to its year; a decade
stays as it is. A month alone is removed.

Shifting is **not** safe harbor: a shifted date is still a date finer than a year, and who knows one event's true date
knows the others.

**Generalise** (45 CFR 164.514(b)(2)(i)(C)): the year stays, the rest is removed.

In both a date of birth, or a date that may be one, is removed if its year lies more than 89 years before the
reference: it would reveal an age over 89. So do days that do not exist, births to come, dates before 1900 or after
2100, and whatever is not understood. A birth year of two digits is the last one that is not past the note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from openbioner_batch.deid.dates import ORDERS, DateMention, WrittenDate, find_dates, is_understood
from openbioner_batch.deid.dates.remainder import move_weekdays
from openbioner_batch.deid.dates.words import month_like

FIRST_YEAR, LAST_YEAR = 1900, 2100
OLDEST = 89
"""Greatest age that may be shown."""
MAY_BE_BIRTHS = frozenset({"birth_date", "personal_date"})


@dataclass(frozen=True, slots=True)
class Timeline:
    """How to read a note's dates."""

    order: str = ORDERS[0]
    """Which comes first in 03/04/2021."""
    reference: date = date(2026, 12, 31)
    """The day as of which ages count: the later of the run's and the note's date."""
    note: date | None = None
    """The note's own date, for dates without a year; the reference if it is unknown."""
    born_by: date | None = None
    """The last day on which somebody in the note was born: of the note; the reference if it is unknown."""
    language: str | None = None
    """The note's, for names of months that several languages share: one of `dates.words.LANGUAGES`."""


@dataclass(frozen=True, slots=True)
class DateResult:
    """The replacement of a date, or why it cannot be kept in any form."""

    text: str | None
    """None where the date must be removed."""
    outcome: str
    """One of `actions.OUTCOMES`."""


def shift(text: str, type: str, days: int, timeline: Timeline) -> DateResult:
    """The dates in `text` shifted by `days`, in their own form.

    Args:
        text: a finding such as "Tuesday, March 4th at 10:00".
        type: of the PHI catalog: dates of birth may reveal an age.
        days: by which all of the patient's dates are shifted.
        timeline: how to read them.
    """
    mentions, problem = _read(text, type, timeline)
    if problem:
        return DateResult(None, problem)
    pieces, at, outcome = [], 0, "done"
    for mention in mentions:
        new = _shifted(text, mention, days, timeline)
        if new is None:
            return DateResult(None, "unreadable")
        if mention.dates[-1].day is None:
            outcome = "generalised"
        pieces += [move_weekdays(text[at : mention.start], days), new]
        at = mention.end
    return DateResult("".join(pieces) + move_weekdays(text[at:], days), outcome)


def cut_to_year(text: str, type: str, timeline: Timeline) -> DateResult:
    """The years in `text`, "2020-2021" if there are two; without a year nothing can be kept."""
    mentions, problem = _read(text, type, timeline)
    if problem:
        return DateResult(None, problem)
    years = []
    for mention in mentions:
        if mention.dates[-1].year is not None:
            days = _days(mention.dates, timeline)
            told = zip(mention.dates, days, strict=True)
            years += [str(day.year if day and not found.year else found.year) for found, day in told]
    return DateResult("-".join(dict.fromkeys(years)) or None, "generalised")


def first_date(text: str, timeline: Timeline) -> date | None:
    """The first whole date in a text, None if it has none."""
    for mention in _found(text, timeline.order, timeline.reference.year)[0]:
        for found in mention.dates:
            if found.year and found.is_whole:
                return found.on(found.year)
    return None


@lru_cache(maxsize=4096)
def _found(text: str, order: str, pivot: int) -> tuple[list[DateMention], bool]:
    mentions = find_dates(text, order, pivot)
    return mentions, is_understood(text, mentions)


def _read(text: str, type: str, timeline: Timeline) -> tuple[list[DateMention], str]:
    """The dates in a text, or why they cannot be used."""
    mentions, understood = _found(text, timeline.order, timeline.reference.year)
    if not understood or not all(mention.dates for mention in mentions):
        return mentions, "unreadable"
    if type == "birth_date":
        mentions = [_as_birth(mention, timeline.born_by or timeline.reference) for mention in mentions]
    for found in (found for mention in mentions for found in mention.dates):
        if not found.is_possible:
            return mentions, "unreadable"
        if found.year is None:
            continue
        to_come = type == "birth_date" and (found.year, found.month or 1, found.day or 1) > _parts(timeline.reference)
        if to_come or not FIRST_YEAR <= found.year <= LAST_YEAR:
            return mentions, "out_of_range"
        if type in MAY_BE_BIRTHS and timeline.reference.year - found.year > OLDEST:
            return mentions, "over_89"
    return mentions, ""


def _as_birth(mention: DateMention, last: date) -> DateMention:
    """The mention with years of two digits in the century before, where the day would be past the note."""
    dates = tuple(
        replace(found, year=found.year - 100)
        if found.year and found.short_year and (found.year, found.month or 1, found.day or 1) > _parts(last)
        else found
        for found in mention.dates
    )
    return replace(mention, dates=dates)


def _parts(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day


def _shifted(text: str, mention: DateMention, days: int, timeline: Timeline) -> str | None:
    """The mention with every date shifted."""
    if mention.dates[-1].day is None:
        return _partly_shifted(text, mention, days, timeline)
    new_days = [day + timedelta(days) if day else None for day in _days(mention.dates, timeline)]
    pieces, at = [], mention.start
    for place, (found, new) in enumerate(zip(mention.dates, new_days, strict=True)):
        written = found.written(text, new, timeline.language) if new else None
        if new is None or written is None:
            return None
        pieces += [text[at : found.start], *_with_month(text, mention.dates, new_days, place, written, timeline)]
        at = found.end
    return "".join(pieces) + text[at : mention.end]


def _with_month(
    text: str, dates: Sequence[WrittenDate], new: Sequence[date | None], place: int, written: str, timeline: Timeline
) -> list[str]:
    """A day that shared its neighbour's month, with a month of its own where they came to lie in two."""
    here = new[place]
    owner = next(number for number, found in enumerate(dates) if "m" in [part for *_, part in found.fields])
    if "m" in [part for *_, part in dates[place].fields] or here is None:
        return [written]
    other = new[place - 1 if owner == 0 else place + 1]
    if other is None or other.month == here.month:
        return [written]
    start, end = next((start, end) for start, end, part in dates[owner].fields if part == "m")
    month = month_like(text[start:end], here.month, text[max(0, start - 4) : start], text[end : end + 1])
    return [f"{month} {written}"] if owner == 0 else [f"{written} {month}"]


def _partly_shifted(text: str, mention: DateMention, days: int, timeline: Timeline) -> str | None:
    """A month and year, or a year: shifted from its middle, and cut to the year; None for a month alone."""
    (found,) = mention.dates
    if found.year is None:
        return None
    ((start, end),) = [(start, end) for start, end, part in found.fields if part == "y"]
    if text[end : found.end].endswith("s"):
        return text[found.start : found.end]  # a decade, coarser than any shift
    middle = date(found.year, found.month or 7, 15 if found.month else 1) + timedelta(days)
    year = WrittenDate(start, end, found.year, None, None, ((start, end, "y"),)).written(text, middle)
    return year if found.month or year is None else text[found.start : start] + year + text[end : found.end]


def _days(dates: Sequence[WrittenDate], timeline: Timeline) -> list[date | None]:
    """The days that are meant: without a year the one before the end of the range, or nearest to the note's date."""
    days: list[date | None] = []
    after: date | None = None
    for found in reversed(dates):
        if found.day is None or found.month is None:
            day = None
        elif found.year is not None:
            day = found.on(found.year)
        elif after is not None:
            day = _nearest(found, after, range(-8, 1), after)
        else:
            day = _nearest(found, timeline.note or timeline.reference, range(-8, 9), date.max)
        days.append(day)
        after = day
    return days[::-1]


def _nearest(found: WrittenDate, reference: date, years: range, last: date) -> date | None:
    """The day that a month and day mean, in the year that brings it nearest; a 29 February needs a leap year."""
    days = (found.on(reference.year + step) for step in years)
    return min((day for day in days if day and day <= last), key=lambda day: abs(day - reference), default=None)

"""Reads a match of a form: its dates in the likelier order of day and month, and other readings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from openbioner_batch.deid.dates.forms import LED, RANGE_WORDS
from openbioner_batch.deid.dates.words import day_number, month_number, year_number
from openbioner_batch.deid.dates.written import APOSTROPHES, Field, Reading, WrittenDate
from openbioner_batch.errors import UsageError

ORDERS = ("month-first", "day-first")
"""The orders in which 03/04/2021 may be read."""
_ORDERS_WERE = {"mdy": "month-first", "dmy": "day-first"}
"""Their former spellings."""
DOUBTFUL = frozenset("may mar march jan dec sep oct apr".split())
"""Months that are other words or abbreviations in small letters: "2 may be enough"."""


def check_order(order: object, where: str) -> None:
    """Check that a setting is one of `ORDERS`.

    Args:
        order: its value.
        where: what the error calls it.

    Raises:
        UsageError: it has another value; for a former spelling the message gives the present one.
    """
    if isinstance(order, str) and order in _ORDERS_WERE:
        raise UsageError(f"{where} is {order!r}, which is now spelled {_ORDERS_WERE[order]!r}")
    if order not in ORDERS:
        raise UsageError(f"{where} is {order!r}: give one of {', '.join(ORDERS)}")


@dataclass(frozen=True, slots=True)
class DateMention:
    """A range of text that has the form of a date."""

    start: int
    end: int
    form: str
    """full, month_day, month_year, month, season, quarter, holiday, day (the 15th), year, pair (3/4), range (3/4-3/8),
    dashed (3-4), dotted (3.4.21), eight (03042021) or six (030421) digits."""
    dates: tuple[WrittenDate, ...] = ()
    """Its dates, in order; empty where it can only become a tag."""
    others: tuple[Reading, ...] = ()
    """Its dates in the other order of day and month."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """All readings of its dates, the preferred one first."""
        return tuple(dict.fromkeys((*(date.reading for date in self.dates), *self.others)))


def partial_mention(match: re.Match[str], form: str, month: int, pivot: int) -> DateMention:
    """A part of a year, read as a month in its middle, so that it is cut to its year when it is shifted."""
    part = "y" if match["y"] else "z"
    start, end = match.span(part)
    if match.groupdict().get("until"):
        return DateMention(match.start(), match.end(), form)
    year, short = _year(match[part], pivot)
    date = WrittenDate(match.start(), match.end(), year, month, None, ((start, end, "y"),), short)
    return DateMention(match.start(), match.end(), form, (date,))


_DAY = re.compile(r"(?P<d>\d+|[^\W\d_]+(?:[-\s][^\W\d_]+)?)(?P<o>st|nd|rd|th|er|º|°)?", re.IGNORECASE)
_BETWEEN_DAYS = re.compile(RANGE_WORDS, re.IGNORECASE)


def read_match(match: re.Match[str], order: str, pivot: int) -> DateMention | None:
    """Reads a match of a form; None where it cannot be a date."""
    form = match.lastgroup
    assert form is not None  # the form's group is the last one to close
    groups = {_PARTS.get(part, part): match.span(name) for part, name in _GROUPS[form] if match.start(name) >= 0}
    if form in ("numbers", "dots", "eight", "six", "pair", "range", "dashed"):
        return _in_open_order(match, form, groups, order, pivot)
    if "days" in groups:
        return _days_of_month(match, groups, pivot)
    if form == "alone":
        return DateMention(match.start(), match.end(), "day")
    text = match.string
    parts = {name: span for name, span in groups.items() if name in "ymdo"}
    date = read_date(text, match.span(), parts, pivot)
    if form in ("year_numbers", "compact", "year_month_day"):
        if (date.month or 0) > 12 or (date.day or 0) > 31:
            return None
        kind = "full" if date.day is not None else "month_year"
    elif form in ("number_year", "year_number", "month_year"):
        if not 1 <= (date.month or 0) <= 12:
            return None
        kind = "dotted" if form == "number_year" and "." in match[0] else "month_year"
    else:
        kind = form
    if form == "masked":
        return DateMention(match.start(), match.end(), "full")
    return DateMention(match.start(), match.end(), kind, (date,))


def read_date(text: str, span: tuple[int, int], parts: dict[str, tuple[int, int]], pivot: int) -> WrittenDate:
    """The date whose parts are at known places of a text.

    Args:
        text: all of it.
        span: the date's offsets in it.
        parts: the offsets of its year ("y"), month ("m") and day ("d"), as far as it has them.
        pivot: a year; one of two digits is the latest that is at most the next year after it.
    """
    year, short = _year(text[slice(*parts["y"])], pivot) if "y" in parts else (None, False)
    month = month_number(text[slice(*parts["m"])]) if "m" in parts else None
    day = day_number(text[slice(*parts["d"])]) if "d" in parts else None
    fields = tuple(sorted((*place, part) for part, place in parts.items()))
    return WrittenDate(*span, year, month, day, fields, short)


def _in_open_order(
    match: re.Match[str], form: str, groups: dict[str, tuple[int, int]], order: str, pivot: int
) -> DateMention | None:
    """Dates in digits whose day and month may be in either order, the likelier reading first."""
    text, (start, end) = match.string, match.span()
    first = _ordered(text, (start, end), groups, "ab", order, pivot)
    if form == "range":
        return _number_range(match, groups, order, pivot)
    possible = [date for date in first if date.is_possible]
    if form == "pair" and not possible and int(text[slice(*groups["b"])]) > 31:
        date = read_date(text, (start, end), {"m": groups["a"], "y": groups["b"]}, pivot)  # 12/94
        return DateMention(start, end, form, (date,)) if date.is_possible else None
    if not possible and not _looks_like_a_date(first, form):
        # six or eight digits are a date only by what precedes them, and then even an impossible one; so are 2/30
        # and 11/31.
        is_day = form == "pair" and any(date.month in _LENGTHS and 28 < (date.day or 0) <= 31 for date in first)
        return DateMention(start, end, form) if is_day or form in ("six", "eight") else None
    if form == "six" and not first[0].is_possible:
        return DateMention(start, end, form)  # 180314 may be of 2018 or 2014
    dates = possible or first
    others = tuple(date.reading for date in dates[1:])
    short = "y" in groups and len(text[slice(*groups["y"])].lstrip(APOSTROPHES)) == 2
    if form == "numbers" and short and int(text[slice(*groups["a"])]) > 12 and "-" in match[0]:
        others += ((_year(text[slice(*groups["a"])], pivot)[0], *_two(text, groups, "b", "y")),)  # 21-03-04
    kind = {"numbers": "full", "dots": "dotted" if short else "full"}.get(form, form)
    if form == "pair" and (year := _short_year(text[slice(*groups["b"])], pivot)):
        others += ((year, int(text[slice(*groups["a"])]), None),)
    return DateMention(start, end, kind, (dates[0],), others)


def _ordered(
    text: str, span: tuple[int, int], groups: dict[str, tuple[int, int]], names: str, order: str, pivot: int
) -> list[WrittenDate]:
    """Both readings of two numbers, the one in the requested order first."""
    one, two = groups[names[0]], groups[names[1]]
    year = {"y": groups["y"]} if "y" in groups else {}
    both = [{"m": one, "d": two, **year}, {"d": one, "m": two, **year}]
    return [read_date(text, span, parts, pivot) for parts in (both if order == ORDERS[0] else both[::-1])]


def _looks_like_a_date(readings: list[WrittenDate], form: str) -> bool:
    """Whether an impossible date was meant as a date: 02/30/2024, 13/45/2024 and 31/31/2020, but not 50/25/10."""
    date = readings[0]
    month, day = date.month or 0, date.day or 0
    if form == "numbers" and not date.short_year:
        return True
    if form in ("pair", "dashed", "six") or max(month, day) > 31:
        return False
    return 0 < min(month, day) <= 12 if date.short_year or form == "eight" else True


def _number_range(
    match: re.Match[str], groups: dict[str, tuple[int, int]], order: str, pivot: int
) -> DateMention | None:
    """3/4-3/8, 12/29-1/4/2019: both ends in one order; a year at the end is that of the last."""
    text = match.string
    first = _ordered(text, (match.start(), groups["b"][1]), {**groups, "y": groups["b"]}, "ab", order, pivot)
    last = _ordered(text, (groups["c"][0], match.end()), groups, "ce", order, pivot)
    for one, two in zip(first, last, strict=True):
        one = replace(one, year=None, fields=tuple(field for field in one.fields if field[2] != "y"), short_year=False)
        if one.is_possible and two.is_possible:
            return DateMention(match.start(), match.end(), "range", (one, two))
    return None


def _days_of_month(match: re.Match[str], groups: dict[str, tuple[int, int]], pivot: int) -> DateMention | None:
    """One day or several of a month: 4 March 2021, March 4-8, 3 and 5 May."""
    text, (start, end) = match.string, match.span()
    month = month_number(text[slice(*groups["m"])])
    year, short = _year(text[slice(*groups["y"])], pivot) if "y" in groups else (None, False)
    if "y" in groups and year is None:
        return None
    name = text[slice(*groups["m"])]
    is_verb = name in DOUBTFUL and not year and not re.search(r"\d(?:st|nd|rd|th)", match[0])
    if is_verb:
        return None
    days: list[tuple[int, list[Field]]] = []
    at, stop = groups["days"]
    while at < stop:
        if not (found := _DAY.match(text, at, stop)):
            return None
        fields = [(*found.span("d"), "d"), *([(*found.span("o"), "o")] if found["o"] else [])]
        try:
            days.append((day_number(found["d"]), fields))
        except KeyError:
            return None
        gap = _BETWEEN_DAYS.match(text, found.end(), stop)
        at = gap.end() if gap else stop
    if any(not 1 <= day <= 31 for day, _ in days):
        return DateMention(start, end, "full") if year and not short else None  # June 45, 2020
    dates = []
    for place, (day, fields) in enumerate(days):
        shared = [(*groups[part], part) for part in "my" if part in groups]
        is_first, is_last = place == 0, place == len(days) - 1
        month_here = is_first if groups["m"][0] < groups["days"][0] else is_last
        own = [field for field in shared if (month_here if field[2] == "m" else is_last)]
        written = tuple(sorted([*fields, *own]))
        left = start if is_first else written[0][0]
        right = end if is_last else written[-1][1]
        dates.append(WrittenDate(left, right, year, month, day, written, short))
    return DateMention(start, end, "full" if year else "month_day", tuple(dates))


def _year(written: str, pivot: int) -> tuple[int | None, bool]:
    """The year, and whether its century is a guess."""
    digits = written.lstrip(APOSTROPHES)
    if not digits.isdecimal():
        return year_number(digits), False
    number = int(digits)
    if len(digits) == 4:
        return number, False
    return pivot + 1 - (pivot + 1 - number) % 100, True


def _short_year(digits: str, pivot: int) -> int | None:
    return _year(digits, pivot)[0] if len(digits) == 2 else None


def _two(text: str, groups: dict[str, tuple[int, int]], one: str, two: str) -> tuple[int, int]:
    return int(text[slice(*groups[one])]), int(text[slice(*groups[two])].lstrip(APOSTROPHES))


_GROUPS = {
    form: tuple(
        (name.removeprefix(f"{form}__"), name) for name in LED.pattern.groupindex if name.startswith(f"{form}__")
    )
    for form in LED.pattern.groupindex
    if "__" not in form
}
_LENGTHS = frozenset((2, 4, 6, 9, 11))
"""Months without a 31st."""
_PARTS = {"z": "y", "x": "y", "n": "m", "g": "b"}
"""Parts that a form has in two places."""

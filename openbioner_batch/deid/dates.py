"""Dates as people write them: found in a short text, read, and written back with another day in the same form.

English month names. Day and month in digits are told apart by their size where it decides, else by the given order. A
year of two digits is the latest that is not past the pivot's next year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from openbioner_batch.deid.normalising import like_case

ORDERS = ("month-first", "day-first")
"""How 03/04/2021 may be meant."""

MONTHS = tuple("january february march april may june july august september october november december".split())
_MONTH = r"(?:{})(?![a-z])".format(
    "|".join(f"{name}|sept|sep" if name == "september" else f"{name}|{name[:3]}" for name in MONTHS)
)
_NUMBERS = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
_TH = r"(?:st|nd|rd|th)"
_YEAR = r"\d{4}|['’]\d{2}"
_OF = r"(?:of\s+)?"

# Each form names its parts: d, m, y, z (a year of two digits), o (the ending of 4th), a and b (in an open order).
_FORMS = {
    "iso": r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)",
    "numbers": r"(?P<a>\d{1,2})\s*(?P<sep>[-/.])\s*(?P<b>\d{1,2})\s*(?P=sep)\s*(?P<y>\d{4}|['’]?\d{2})(?!\d)",
    "day_month_year": (
        rf"(?P<d>\d{{1,2}})(?P<o>{_TH})?[\s,./-]*{_OF}(?P<m>{_MONTH})\.?[\s,/-]*(?P<y>{_YEAR}|\d{{2}})(?![\d:])"
    ),
    "month_day_year": (
        rf"(?P<m>{_MONTH})\.?[\s/-]*(?:the\s+)?(?P<d>\d{{1,2}})(?P<o>{_TH})?"
        rf"(?:[\s,./-]+{_OF}(?P<y>{_YEAR})|\s*[,/-]\s*(?P<z>\d{{2}}))(?![\d:])"
    ),
    "year_month_day": rf"(?P<y>\d{{4}})[\s,/-]+(?P<m>{_MONTH})\.?[\s/-]+(?P<d>\d{{1,2}})(?P<o>{_TH})?(?!\d)",
    "compact": r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])(?=(?:\d{4}(?:\d\d)?)?(?!\d))",
    "month_year": rf"(?P<m>{_MONTH})\.?[\s,/-]*{_OF}(?P<y>{_YEAR})(?!\d)",
    "day_month": rf"(?P<d>\d{{1,2}})(?P<o>{_TH})?[\s/-]*{_OF}(?P<m>{_MONTH})",
    "month_day": rf"(?P<m>{_MONTH})\.?[\s/-]*(?:the\s+)?(?P<d>\d{{1,2}})(?P<o>{_TH})?(?![\d:])",
    "number_year": r"(?P<m>\d{1,2})\s*[-/.]\s*(?P<y>\d{4})(?!\d)",
    "year_number": r"(?P<y>\d{4})[-/](?P<m>0[1-9]|1[0-2])(?!\d|[-/]\d)",
    "two_numbers": r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})(?!\d|[-/.:]\d)",
    "month": rf"(?P<m>{_MONTH})",
    "year": r"(?P<y>(?:1[6-9]|2[01])\d\d|['’]\d{2})(?!\d)(?:['’]?s\b)?",
}
_pattern = re.compile(
    "(?<![a-z0-9])(?:"
    + "|".join(
        f"(?P<{form}>" + re.sub(r"\(\?P(<|=)(\w+)", rf"(?P\g<1>{form}_\g<2>", regex) + ")"
        for form, regex in _FORMS.items()
    )
    + ")",
    re.IGNORECASE,
)
_GROUPS = {
    form: tuple((name, f"{form}_{name}") for name in "abdmoyz" if f"{form}_{name}" in _pattern.groupindex)
    for form in _FORMS
}

WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\.?"
_TIME = (
    r"t?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[ap]\.?m\b\.?)?"
    r"(?:\s*(?:z|utc|gmt|[ecmp][sd]?t|hrs?|hours|h)\b|\s*[+-]\d{2}:?\d{2})?"
    r"|\d{1,2}\s*[ap]\.?m\b\.?|\d{4}\s*(?:hrs?|hours|h)\b|noon|midnight|(?<=\d)\d{4}(?:\d\d)?(?![\d/-])"
    r"|(?<=\s)(?!19|20)[0-2]\d[0-5]\d(?![\d/-])"  # 0830, but no year
)
_WORDS = (
    "at on the of in from to through thru till until and or by about approximately approx circa since between early "
    "late mid morning afternoon evening night day date dated time born birth dob admitted admission discharged "
    "discharge died death spring summer fall autumn winter last next this before after around is was year years a"
).split()
_residue = re.compile(
    rf"(?:[\s,.;:()\[\]/&~–—-]+|\b(?:{WEEKDAY})(?![a-z])|(?:{_TIME})|\b(?:{'|'.join(_WORDS)})\b)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text, as far as it says: parts that are not there are None."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    fields: tuple[tuple[int, int, str], ...]
    """Where the parts stand, in order: start and end in the text, and a letter: y, m, d, or o for the "th" of "4th"."""

    @property
    def is_possible(self) -> bool:
        """Whether there is such a day; February has 29 where no year is given."""
        return _day(self.year or 2000, self.month or 1, self.day or 1) is not None

    def on(self, year: int) -> date | None:
        """The day in a year, None where there is none."""
        return _day(year, self.month or 1, self.day or 1)

    def written(self, text: str, other: date) -> str:
        """The stretch of `text` with another day in the same form: digits, leading zeros, names, endings and case."""
        pieces, at = [], self.start
        padded = self._zeros(text)
        for start, end, part in self.fields:
            old = text[start:end]
            new = old
            if part == "y":
                mark = old[: len(old) - len(old.lstrip("'’"))]
                new = mark + (f"{other.year:04d}" if end - start - len(mark) == 4 else f"{other.year % 100:02d}")
            elif part == "o":
                new = _ending(other.day).upper() if old.isupper() else _ending(other.day)
            elif old.isdecimal():
                new = f"{other.month if part == 'm' else other.day:0{2 if padded else 1}d}"
            elif part == "m":
                new = _month_name(old, other.month, text[end : end + 1] + text[start - 1 : start])
            pieces += [text[at:start], new]
            at = end
        return "".join(pieces) + text[at : self.end]

    def _zeros(self, text: str) -> bool:
        """Whether small numbers have a zero before them: as seen, else only in dates of digits alone."""
        numbers = [text[start:end] for start, end, part in self.fields if part in "md" and text[start:end].isdecimal()]
        if any(number[0] == "0" for number in numbers):
            return True
        together = len(numbers) == 2 or not any(map(str.isspace, text[self.start : self.end]))
        return together and all(len(number) == 2 for number in numbers)


def find_dates(text: str, order: str = ORDERS[0], pivot: int = 2026) -> list[WrittenDate]:
    """All dates in `text`, whole or partial, in order.

    Args:
        text: short, such as what a recognizer found.
        order: one of `ORDERS`, for 03/04/2021.
        pivot: a year; one of two digits is the latest that is at most the next year after it.
    """
    return [_read(match, order, pivot) for match in _pattern.finditer(text)]


def is_understood(text: str, dates: list[WrittenDate]) -> bool:
    """Whether nothing stands beside the dates but weekdays, times and words such as "on": the rest may say anything."""
    at = 0
    for start, end in [*((found.start, found.end) for found in dates), (len(text), len(text))]:
        match = _residue.match(text, at, start)
        if match is None or match.end() != start:
            return False
        at = end
    return True


def _read(match: re.Match[str], order: str, pivot: int) -> WrittenDate:
    form = match.lastgroup
    assert form is not None  # the form's group is the last that closes
    parts = {name: match.span(group) for name, group in _GROUPS[form] if match.start(group) >= 0}
    text = match.string
    if "z" in parts:
        parts["y"] = parts.pop("z")
    if "a" in parts:
        first, second = (int(text[slice(*parts[name])]) for name in "ab")
        day_first = first > 12 or (second <= 12 and order == "day-first")
        parts["d" if day_first else "m"], parts["m" if day_first else "d"] = parts.pop("a"), parts.pop("b")
    year = _year(text[slice(*parts["y"])], pivot) if "y" in parts else None
    month = _month(text[slice(*parts["m"])]) if "m" in parts else None
    day = int(text[slice(*parts["d"])]) if "d" in parts else None
    fields = tuple(sorted((*span, part) for part, span in parts.items()))
    return WrittenDate(match.start(), match.end(), year, month, day, fields)


def _year(digits: str, pivot: int) -> int:
    number = int(digits.lstrip("'’"))
    if len(digits.lstrip("'’")) == 4:
        return number
    latest = pivot + 1
    return latest - (latest - number) % 100


def _month(written: str) -> int:
    return int(written) if written.isdecimal() else _NUMBERS[written[:3].lower()]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ending(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _month_name(old: str, month: int, around: str) -> str:
    """Another month's name, as long or short as the old one; "May" is short beside a hyphen, a dot or a digit."""
    short = len(old) <= 4 and old.lower() in ("sept", *(name[:3] for name in MONTHS if name != "may"))
    if old.lower() == "may":
        short = any(char in "-/." or char.isdecimal() for char in around)
    if old.lower() in ("june", "july"):
        short = False
    name = MONTHS[month - 1]
    return like_case(old, name[:3] if short else name)

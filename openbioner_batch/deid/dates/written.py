"""A date as it is written: its parts and their offsets, and the same form with another day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from openbioner_batch.deid.dates.words import MONTHS, day_like, ending_like, month_like, year_like

Reading = tuple[int | None, int | None, int | None]
"""Year, month and day as far as they are stated."""
Field = tuple[int, int, str]
"""A part's offsets, and which part: y, m, d, or o for the "th" of "4th"."""
APOSTROPHES = "'’‘"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text, as far as it is stated: missing parts are None."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    fields: tuple[Field, ...]
    """The parts that are written, in order. A year or month that the other end of a range states has no field."""
    short_year: bool = False
    """Whether the year has two digits, so that its century is a guess."""

    @property
    def is_possible(self) -> bool:
        """Whether such a day exists; February has 29 days where no year is given."""
        month, day = 1 if self.month is None else self.month, 1 if self.day is None else self.day
        return day_of(2000 if self.year is None else self.year, month, day) is not None

    @property
    def is_whole(self) -> bool:
        """Whether it is one possible day of one year."""
        return bool(self.year and self.month and self.day) and self.is_possible

    @property
    def reading(self) -> Reading:
        """Year, month and day, each None where it is unknown."""
        return self.year, self.month, self.day

    def on(self, year: int) -> date | None:
        """The day in a year, None where that year lacks it."""
        return day_of(year, self.month or 1, self.day or 1)

    def written(self, text: str, other: date, language: str | None = None) -> str | None:
        """The range of `text` with another day in the same form: digits, leading zeros, names, endings and case.

        None where the form has no words for it. `language` helps with names of months that several languages share.
        """
        pieces, at = [], self.start
        padded = self._zeros(text)
        for start, end, part in self.fields:
            new = self._part(text, start, end, part, other, padded, language)
            if new is None:
                return None
            if part == "d" and other.day == 1 and text[end : end + 1] == " " and language in (None, "fr"):
                french = self._french_month(text)
                new += "ER" if french.isupper() else "er" if french else ""
            pieces += [text[at:start], new]
            at = end
        return "".join(pieces) + text[at : self.end]

    def _part(
        self, text: str, start: int, end: int, part: str, other: date, padded: bool, language: str | None
    ) -> str | None:
        old = text[start:end]
        digits = old.lstrip(APOSTROPHES)
        if part == "o":
            return ending_like(old, other.day)
        if part == "y" and digits.isdecimal():
            mark = old[: len(old) - len(digits)]
            return mark + (f"{other.year:04d}" if len(digits) == 4 else f"{other.year % 100:02d}")
        if part == "y":
            return year_like(old, other.year)
        if old.isdecimal():
            return f"{other.month if part == 'm' else other.day:0{2 if padded else 1}d}"
        if part == "d":
            return day_like(old, other.day)
        return month_like(old, other.month, text[max(0, start - 4) : start], text[end : end + 1], language)

    def _zeros(self, text: str) -> bool:
        """Whether small numbers have a zero before them: as seen, otherwise only in dates of digits alone."""
        numbers = [text[start:end] for start, end, part in self.fields if part in "md" and text[start:end].isdecimal()]
        if any(number[0] == "0" for number in numbers):
            return True
        stretch = text[self.start : self.end]
        has_month = any(part == "m" for *_, part in self.fields)
        together = len(numbers) == 2 or not any(map(str.isspace, stretch))
        return has_month and together and "月" not in stretch and all(len(number) == 2 for number in numbers)

    def _french_month(self, text: str) -> str:
        """The month's name if only French has it, in small letters or capitals: its first day is written 1er."""
        names = [text[start:end] for start, end, part in self.fields if part == "m" and text[start:end].isalpha()]
        is_french = bool(names) and next(iter(MONTHS[names[0].lower()])) == "fr" and not names[0].istitle()
        return names[0] if is_french else ""


def day_of(year: int, month: int, day: int) -> date | None:
    """The day, None where there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None

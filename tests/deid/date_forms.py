"""Written forms of dates, generated: numbers by separator, words by language, ranges by connector."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from openbioner_batch.deid.dates.words import LONG, SHORT

Write = Callable[[date], str]


def ordinal(day: int) -> str:
    return f"{day}" + ("th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th"))


def long(language: str, day: date) -> str:
    name = LONG[language][day.month - 1]
    return name.capitalize() if language in ("en", "de") else name


def short(language: str, day: date) -> str:
    name = SHORT[language][day.month - 1]
    return name.capitalize() if language in ("en", "de") else name


def day_of(language: str, day: date) -> str:
    """A day before its month; the French say 1er."""
    return "1er" if language == "fr" and day.day == 1 else f"{day.day}"


def _numbers() -> dict[str, Write]:
    forms: dict[str, Write] = {}
    for sep in "/-.–":
        forms[f"US {sep}"] = lambda d, s=sep: f"{d:%m}{s}{d:%d}{s}{d:%Y}"
        forms[f"ISO {sep}"] = lambda d, s=sep: f"{d:%Y}{s}{d:%m}{s}{d:%d}"
    for sep in "/-–":
        forms[f"US {sep} two digits"] = lambda d, s=sep: f"{d:%m}{s}{d:%d}{s}{d:%y}"
    forms |= {
        "US / apart": lambda d: f"{d:%m} / {d:%d} / {d:%Y}",
        "US / apostrophe": lambda d: f"{d:%m}/{d:%d}/'{d:%y}",
        "ISO time": lambda d: f"{d:%Y-%m-%d}T09:30:00",
        "ISO zone": lambda d: f"{d:%Y-%m-%d}T09:30:00.250-05:00",
        "ISO UTC": lambda d: f"{d:%Y-%m-%d} 23:08:55Z",
        "compact": lambda d: f"{d:%Y%m%d}",
        "compact US": lambda d: f"{d:%m%d%Y}",
        "HL7": lambda d: f"{d:%Y%m%d}143000",
        "HL7 minutes": lambda d: f"{d:%Y%m%d}1430",
        "HL7 zone": lambda d: f"{d:%Y%m%d}143000.123-0500",
        "CJK": lambda d: f"{d.year}年{d.month}月{d.day}日",
    }
    return forms


def _english() -> dict[str, Write]:
    return {
        "month day": lambda d: f"{long('en', d)} {d.day}, {d.year}",
        "month day th": lambda d: f"{long('en', d)} {ordinal(d.day)} {d.year}",
        "month the day th": lambda d: f"{long('en', d)} the {ordinal(d.day)}, {d.year}",
        "capitals": lambda d: f"{long('en', d)} {d.day}, {d.year}".upper(),
        "small": lambda d: f"{long('en', d)} {d.day}, {d.year}".lower(),
        "apostrophe": lambda d: f"{long('en', d)} {d.day}, '{d:%y}",
        "short month first": lambda d: f"{short('en', d)}-{d:%d}-{d.year}",
        "day of month": lambda d: f"{ordinal(d.day)} of {long('en', d)}, {d.year}",
        "the day of month": lambda d: f"the {ordinal(d.day)} of {long('en', d)} {d.year}",
        "hyphens": lambda d: f"{d:%d}-{short('en', d)}-{d.year}",
        "hyphens two digits": lambda d: f"{d:%d}-{short('en', d)}-{d:%y}",
        "joined": lambda d: f"{d:%d}{short('en', d).upper()}{d.year}",
        "year first": lambda d: f"{d.year}-{short('en', d)}-{d:%d}",
        "weekday": lambda d: f"{d:%A}, {long('en', d)} {d.day}, {d.year}",
        "short weekday": lambda d: f"{d:%a} {d:%m/%d/%Y}",
    }


def _languages() -> dict[str, Write]:
    forms: dict[str, Write] = {}
    for language in LONG:
        forms[f"{language} day month"] = lambda d, x=language: f"{day_of(x, d)} {long(x, d)} {d.year}"
        forms[f"{language} capitals"] = lambda d, x=language: f"{day_of(x, d)} {long(x, d)} {d.year}".upper()
        forms[f"{language} no year"] = lambda d, x=language: f"{day_of(x, d)} {long(x, d)}"
        forms[f"{language} short"] = lambda d, x=language: f"{d:%d}-{short(x, d)}-{d.year}"
    forms["de dot"] = lambda d: f"{d.day}. {long('de', d)} {d.year}"
    for language in ("es", "pt"):
        forms[f"{language} de"] = lambda d, x=language: f"{d.day} de {long(x, d)} de {d.year}"
    return forms


SINGLE: dict[str, Write] = {**_numbers(), **_english(), **_languages()}
"""Name -> how a day is written."""


def _ranges() -> dict[str, Write]:
    """Ranges of four days, by their first; a shift must not carry them over the end of a month that they share."""
    forms: dict[str, Write] = {}
    for name, sep in {"-": "-", "–": "–", " - ": " - ", "to": " to ", "through": " through "}.items():
        forms[f"pairs {name}"] = lambda d, s=sep: f"{d:%m/%d}{s}{end(d):%m/%d}"
        forms[f"pairs and year {name}"] = lambda d, s=sep: f"{d:%m/%d}{s}{end(d):%m/%d/%Y}"
        forms[f"months {name}"] = lambda d, s=sep: (
            f"{short('en', d)} {d.day}{s}{short('en', end(d))} {end(d).day}, {end(d).year}"
        )
    return forms


def _days_of_a_month() -> dict[str, Write]:
    connectors = {"fr": " au ", "de": ". bis ", "es": " al ", "it": " al ", "pt": " a ", "nl": " tot "}
    forms: dict[str, Write] = {
        "month days": lambda d: f"{long('en', d)} {d.day}-{end(d).day}, {d.year}",
        "month days en dash": lambda d: f"{long('en', d)} {d.day}–{end(d).day}, {d.year}",
        "month days and": lambda d: f"{long('en', d)} {ordinal(d.day)} and {ordinal(end(d).day)}",
        "month days list": lambda d: f"{long('en', d)} {d.day}, {d.day + 2} and {end(d).day}, {d.year}",
        "days month": lambda d: f"{d.day}-{end(d).day} {long('en', d)} {d.year}",
    }
    for language, connector in connectors.items():
        dot = "." if language == "de" else ""
        forms[f"{language} days month"] = lambda d, x=language, c=connector, p=dot: (
            f"{d.day}{c}{end(d).day}{p} {long(x, d)} {d.year}"
        )
    return forms


def end(day: date) -> date:
    """The last day of a range that begins on `day`."""
    return day + timedelta(3)


RANGES = _ranges()
DAYS_OF_A_MONTH = _days_of_a_month()
"""Ranges whose days share the name of their month."""


def language_of_form(name: str) -> str:
    """The language of a form's note."""
    return name[:2] if name[:3] in {f"{language} " for language in LONG} else "en"

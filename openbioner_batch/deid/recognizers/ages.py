"""Ages over 89, in digits and in words; only the number is found, so that "92-year-old" may become "90+-year-old"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import any_in, lowered

OLDEST = 125
_NINETY = re.compile(r"(?:9\d|1[0-2]\d)(?!\d)")
_WRITTEN = ("ninet", "hundred", "centenarian", "nonagenarian", "90", "100", "110")
_UNITS = "one two three four five six seven eight nine".split()
_WORDS = (
    r"(?:ninety(?:[- ](?:"
    + "|".join(_UNITS)
    + r"))?|(?:one|a)\s?hundred(?:\s(?:and\s)?(?:"
    + "|".join([*_UNITS, "ten", "eleven", "twelve"])
    + "))?)"
)
_NUMBER = rf"(?P<age>(?<![-\w.])(?:9\d|1[01]\d|12[0-5])\b|\b{_WORDS}\b)"
_AFTER = re.compile(
    rf"{_NUMBER}[\s-]{{0,2}}(?:years?[\s-]{{0,2}}old|years?\s(?:of\s)?age|y[\s./]{{0,2}}o\b|y\.o\.|yrs?\.?[\s-]?old|"
    rf"yo[mf]\b"
    r"|year[\s-]old|(?:years?|yrs?)\b(?!\s?(?:ago|later|prior|before|earlier|history|of\s(?!age)|survival|follow|"
    r"pack|and|or\s))"
    r"|(?-i:\s?[MF]\b)|(?:[\s-](?:male|female|man|woman)\b))",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"\b(?:aged?|age\sis|age\sof|turned|turning|at\sage|lived\sto|birthday\sof|"
    rf"age[:=\s]{{1,3}})\s?[\"'>]?\s?(?:be\s)?{_NUMBER}"
    r"(?!\s?(?:%|mg|days?|weeks?|months?|minutes?|degrees?)|[./]\d)",
    re.IGNORECASE,
)
_DECADE = re.compile(
    r"\b(?:in\s)?(?:his|her|their|the|mid|early|late|upper|lower)[\s-](?:(?:mid|early|late|upper|lower)[\s-])?"
    r"(?P<age>(?:9|10|11)0'?s|nineties)\b|\b(?P<word>(?:super)?centenarian|nonagenarian)s?\b",
    re.IGNORECASE,
)


def find_ages(text: str) -> Iterator[Finding]:
    """Ages from 90 to 125 years."""
    small = lowered(text)
    if not _NINETY.search(text) and not any_in(small, _WRITTEN):
        return
    for pattern in (_AFTER, _BEFORE):
        for match in pattern.finditer(text):
            yield Finding(*match.span("age"), "age_over_89", 0.9, ("pattern:age",))
    for match in _DECADE.finditer(text):
        if (
            match["age"]
            and match["age"][0].isdigit()
            and not re.search(r"\b(?:his|her|their)\b", match[0], re.IGNORECASE)
        ):
            continue  # heart rate in the 90s
        name = "age" if match["age"] else "word"
        if not re.match(r"\s?(?:%|percent|systolic|beats|bpm|mm)", text[match.end() : match.end() + 12]):
            yield Finding(*match.span(name), "age_over_89", 0.7, ("pattern:age",))

"""Dates in all their written forms: where they stand and how they may be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openbioner_batch.deid.recognizers.context import any_in, lowered

Reading = tuple[int | None, int | None, int | None]
"""Year, month and day as far as they are written."""


@dataclass(frozen=True, slots=True)
class DateMention:
    """A stretch of text that may be a date."""

    start: int
    end: int
    readings: tuple[Reading, ...]
    """What it may mean, in the order of preference; empty for holidays, seasons and ranges."""
    form: str
    """full, month_day, month_year, month, day (the 15th), pair (3/4), dotted (3.4.21), holiday or season."""


MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier enero januar januari",
            "february feb février febrero februar",
            "march mar mars marzo märz",
            "april apr avril abril aprile",
            "may mai mayo maggio",
            "june jun juin junio juni giugno",
            "july jul juillet julio juli luglio",
            "august aug août agosto",
            "september sept sep septembre septiembre settembre",
            "october oct octobre octubre oktober ottobre",
            "november nov novembre noviembre",
            "december dec décembre diciembre dezember dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
AMBIGUOUS = frozenset({"may", "mar", "march", "mars", "jan", "dec", "sep", "oct", "apr", "mai", "juni", "juli"})
"""Months that are words or abbreviations of something else, when they stand alone or in lower case."""
ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
        "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth "
        "thirty-first".split(),
        start=1,
    )
}

_YEAR = r"(?:1[89]|20)\d\d"
_TIME = r"(?:T\d\d:?\d\d|[ ]\d\d:\d\d:\d\d)(?::?\d\d)?(?:[.,]\d{1,9})?(?:[ ]?(?:Z\b|[+-]\d\d:?\d\d\b))?"
_NUMERIC = re.compile(
    rf"""(?<![^\W_])(?<![$/\\])(?<!\d[.,])(?:
      (?P<iso>(?<![-.])(?P<y>{_YEAR})(?P<s1>[-/.])(?P<m>\d\d?)(?P=s1)(?P<d>\d\d?)(?:{_TIME})?(?![-]?\d))
    | (?P<slash>(?P<a>\d\d?)[ ]?/[ ]?(?P<b>\d\d?)[ ]?/[ ]?(?P<c>{_YEAR}|\d\d|['’]\d\d))
    | (?P<dash>(?<![-.])(?P<e>\d\d?)[-–](?P<f>\d\d?)[-–](?P<g>{_YEAR}|\d\d)(?!-))
    | (?P<dot>(?<!-)(?P<h>\d\d?)\.[ ]?(?P<i>\d\d?)\.[ ]?(?P<j>{_YEAR}|\d\d)(?!\.\d))
    | (?P<month>(?P<k>\d\d?)[/-](?P<l>{_YEAR})(?![-/]\d))
    | (?P<yearmonth>(?<![-.])(?P<n>{_YEAR})[-/](?P<o>0[1-9]|1[0-2])(?![-/]\d))
    | (?P<compact>(?P<u>{_YEAR})(?P<v>0[1-9]|1[0-2])(?P<w>[0-2]\d|3[01])(?:T?\d{{4}}(?:\d\d)?Z?)?)
    | (?P<pair>(?<![-.])(?P<p>\d\d?)/(?P<q>\d\d?)(?P<r>[ ]?[-–][ ]?\d\d?/\d\d?)?(?![-–]\d))
    )(?![^\W_]|/\d|[.,:]\d|%)""",
    re.VERBOSE,
)
_CJK = re.compile(rf"(?P<y>{_YEAR})\s?年\s?(?P<m>\d\d?)\s?月(?:\s?(?P<d>\d\d?)\s?日)?")
_MONTH_HEADS = tuple(dict.fromkeys(name[:3] for name in MONTHS))
_ORDINAL = "|".join(sorted(ORDINALS, key=len, reverse=True)).replace("-", "[- ]")
_DAY_BEFORE = re.compile(
    rf"(?<![^\W_])(?<![./:,$])(?:the\s)?(?:(?P<from>\d\d?)(?:st|nd|rd|th)?\s?(?:-|–|to|and|&)\s?)?"
    rf"(?:(?P<day>\d\d?)(?:st|nd|rd|th|er|º|\.)?|(?P<word>{_ORDINAL}))(?:\s?(?:day\s)?(?:of|de)\s(?:the\s)?|"
    rf"[\s\-/.]{{0,2}})\Z",
    re.IGNORECASE,
)
_DAY_AFTER = re.compile(
    rf"\.?[\s\-/,]{{0,2}}(?:the\s)?(?:(?P<day>\d\d?)(?:st|nd|rd|th)?|(?P<word>{_ORDINAL}))(?![^\W_]|[:.%]\d|/\d|%)"
    r"(?:\s?(?:-|–|to|through|thru|and|&)\s?(?P<until>\d\d?)(?:st|nd|rd|th)?(?![^\W_]|[/:.]\d))?"
    rf"(?:(?:\s?,\s?|\s|-|/|\s?of\s|,\sof\s)(?P<year>{_YEAR}|['’]\d\d)(?![^\W_]|[.:,/]\d))?",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(
    rf"\.?(?:[\s,\-/]{{0,2}}|,?\s(?:of|de|in)\s(?:the\syear\s)?)(?P<year>{_YEAR}|['’]\d\d)(?![^\W_]|[:/]\d)",
    re.IGNORECASE,
)
_SHORT_YEAR_AFTER = re.compile(rf"\.?[\s\-/,]{{0,2}}(?:(?:of|de)\s)?(?P<year>{_YEAR}|['’]?\d\d)(?![^\W_]|[:.,/]\d)")
_BEFORE_MONTH = re.compile(
    r"\b(?:in|since|last|this|next|early|late|mid|middle|end|beginning|until|till|by|from|of|during|through|between|"
    r"around|before|after|and|to|or)(?:[\s-]of)?[\s-]\Z",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\s?(?:mg|mcg|ml|cc|cm|mm|kg|g|units?|tabs?|tablets?|times|x|hours?|hrs?|days?|weeks?|months?|years?|percent|"
    r"degrees?|doses?|puffs?|drops?|pounds|lbs?)\b|\s?%",
    re.IGNORECASE,
)
_HOLIDAY = re.compile(
    r"\b(?:Christmas(?:\s(?:Eve|Day))?(?!\s(?:disease|factor|tree))|Xmas|Thanksgiving(?:\sDay)?|"
    r"New\sYear['’]?s?(?:\s(?:Eve|Day))|Easter(?:\s(?:Sunday|Monday))?|Good\sFriday|Halloween|"
    r"(?:the\s)?(?:Fourth|4th)\sof\sJuly|(?:Labor|Memorial|Independence|Veterans['’]?|Columbus|Presidents['’]?|"
    r"Martin\sLuther\sKing|MLK|Valentine['’]?s|St\.?\sPatrick['’]?s|Mother['’]?s|Father['’]?s|Groundhog|"
    r"Boxing)\sDay|"
    r"Juneteenth|Cinco\sde\sMayo|Hanukkah|Chanukah|Passover|Rosh\sHashanah|Yom\sKippur|Ramadan|Eid|Diwali|Kwanzaa|"
    rf"Mardi\sGras|Ash\sWednesday)\b(?:(?:,?\s(?:of\s|in\s)?)(?:{_YEAR})\b)?",
    re.IGNORECASE,
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_DAY_ALONE = re.compile(
    rf"\b{_WEEKDAY},?\s(?P<day>the [1-3]?\d(?:st|nd|rd|th))\b(?! of\b)"
    r"|\b(?:on|since|until|till|by|from|before|after)\s(?P<on>the [1-3]?\d(?:st|nd|rd|th))"
    r"(?=[.,;)\n]| (?:and|at|is|are|was|were|when|with|for|if|because)\b|\Z)",
    re.IGNORECASE,
)
_WEEKDAY_BEFORE = re.compile(rf"\b(?:{_WEEKDAY}|(?-i:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[.,])[.,]?\s\Z", re.IGNORECASE)
_SEASONS = ("spring ", "summer ", "fall ", "autumn ", "winter ")
_SEASON = re.compile(rf"\b(?:spring|summer|fall|autumn|winter)[ ](?:of[ ])?(?:{_YEAR}|['’]\d\d)\b", re.IGNORECASE)


def mentions(text: str, order: str = "mdy") -> Iterator[DateMention]:
    """Everything in `text` that has the form of a date, those that the context will reject included.

    Args:
        order: "mdy" or "dmy", which comes first in 03/04/2021; the other is kept as a second reading.
    """
    for match in _NUMERIC.finditer(text):
        if (mention := _numeric(match, order)) is not None:
            yield mention
    if "年" in text:
        for match in _CJK.finditer(text):
            day = int(match["d"]) if match["d"] else None
            reading = (int(match["y"]), int(match["m"]), day)
            if is_date(*reading):
                yield DateMention(match.start(), match.end(), (reading,), "full" if day else "month_year")
    small = lowered(text)
    for start, end in _months(small):
        if (mention := _named(text, start, end)) is not None:
            yield mention
    for match in _HOLIDAY.finditer(text):
        yield DateMention(match.start(), match.end(), (), "holiday")
    for match in _DAY_ALONE.finditer(text) if "the " in small else ():
        name = "day" if match["day"] else "on"
        yield DateMention(*match.span(name), ((None, None, int(match[name][4:-2])),), "day")
    for match in _SEASON.finditer(text) if any_in(small, _SEASONS) else ():
        yield DateMention(match.start(), match.end(), (), "season")


def with_weekday(text: str, start: int) -> int:
    """Where a date begins that stands at `start`, the name of its weekday included."""
    before = _WEEKDAY_BEFORE.search(text[max(0, start - 12) : start])
    return max(0, start - 12) + before.start() if before else start


def _months(small: str) -> Iterator[tuple[int, int]]:
    """Where the names of months stand in a text in small letters."""
    for head in _MONTH_HEADS:
        at = small.find(head)
        while at >= 0:
            end = at + 3
            if not small[at - 1 : at].isalpha():
                while small[end : end + 1].isalpha() and end - at < 10:
                    end += 1
                if small[at:end] in MONTHS and not small[end : end + 1].isalpha():
                    yield at, end
            at = small.find(head, end)


def is_date(year: int | None, month: int | None, day: int | None) -> bool:
    """Whether the parts that are given may belong to one day between 1850 and 2100."""
    return (
        (year is None or 1850 <= year <= 2100)
        and (month is None or 1 <= month <= 12)
        and (day is None or (1 <= day <= (31 if month is None else _DAYS[month - 1])))
    )


_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def full_year(written: str) -> int:
    """A year as written, two digits or four: 30 and below are of this century, the others of the last."""
    digits = int(written.lstrip("'’"))
    return digits if digits > 99 else digits + (2000 if digits <= 30 else 1900)


def _numeric(match: re.Match[str], order: str) -> DateMention | None:
    kind = match.lastgroup or ""
    form = {"slash": "full", "iso": "full", "dash": "full", "dot": "dotted", "compact": "full"}.get(kind, "month_year")
    if kind == "iso":
        readings: list[Reading] = [(int(match["y"]), int(match["m"]), int(match["d"]))]
    elif kind == "compact":
        readings = [(int(match["u"]), int(match["v"]), int(match["w"]))]
    elif kind in ("slash", "dash", "dot"):
        one, two, year = (match[name] for name in {"slash": "abc", "dash": "efg", "dot": "hij"}[kind])
        readings = [(full_year(year), int(one), int(two)), (full_year(year), int(two), int(one))]
        if len(year) == 2 and kind == "dash" and int(one) > 12:  # 21-03-04
            readings.append((full_year(one), int(two), int(year)))
        if kind == "dot" and len(year) == 4:
            form = "full"
    elif kind == "month":
        readings = [(int(match["l"]), int(match["k"]), None)]
    elif kind == "yearmonth":
        readings = [(int(match["n"]), int(match["o"]), None)]
    else:
        one, two = int(match["p"]), int(match["q"])
        readings = [(None, one, two), (None, two, one), (full_year(match["q"]), one, None)]
        form = "pair"
        if match["r"]:
            return DateMention(match.start(), match.end(), (), form) if any(is_date(*r) for r in readings) else None
    if order == "dmy" and len(readings) > 1:
        readings[:2] = readings[1::-1]
    if valid := tuple(dict.fromkeys(reading for reading in readings if is_date(*reading))):
        return DateMention(match.start(), match.end(), valid, form)
    return None


def _named(text: str, start: int, end: int) -> DateMention | None:
    """A date around the name of a month: the day before or after it, then the year."""
    name = text[start:end]
    month = MONTHS[name.lower()]
    doubtful = name.lower() in AMBIGUOUS and name.islower()
    before = _DAY_BEFORE.search(text[max(0, start - 32) : start])
    if before and is_date(None, month, day := _day(before)):
        year = _SHORT_YEAR_AFTER.match(text, end)
        if year is not None and _QUANTITY.match(text, year.end()):
            year = None
        if year is not None or not doubtful:
            stop = year.end() if year else end
            reading = (full_year(year["year"]) if year else None, month, day)
            single = () if before["from"] else (reading,)
            first = max(0, start - 32) + before.start()
            return DateMention(first, stop, single, "full" if year else "month_day")
    after = _DAY_AFTER.match(text, end)
    if after and is_date(None, month, day := _day(after)) and not _QUANTITY.match(text, after.end()):
        suffixed = not after[0].rstrip().isdigit() and not after[0][-1:].isdigit()
        if after["year"] or not doubtful or suffixed:
            reading = (full_year(after["year"]) if after["year"] else None, month, day)
            single = () if after["until"] else (reading,)
            return DateMention(start, after.end(), single, "full" if after["year"] else "month_day")
    if year := _YEAR_AFTER.match(text, end):
        return DateMention(start, year.end(), ((full_year(year["year"]), month, None),), "month_year")
    alone = (name[0].isupper() and (len(name) > 3 or name == "May")) or (
        name.lower() not in AMBIGUOUS and len(name) > 3
    )
    if name.isupper() and name.lower() in AMBIGUOUS:
        return None
    if alone and _BEFORE_MONTH.search(text[max(0, start - 16) : start]):
        return DateMention(start, end, ((None, month, None),), "month")
    return None


def _day(match: re.Match[str]) -> int:
    return int(match["day"]) if match["day"] else ORDINALS[match["word"].lower().replace(" ", "-")]

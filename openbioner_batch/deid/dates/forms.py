"""The written forms of dates as regular expressions: those that begin with a number, with a month or ordinal, others.

Each form is a group of its name; its parts are groups `form__part`: y, m, d; `days` for one day or more of a month; a
and b (c and e) for numbers in an open order.
"""

from __future__ import annotations

import re

from openbioner_batch.deid.dates.words import ENGLISH, LONG, MONTHS, ORDINALS
from openbioner_batch.deid.searching import Anchored

DASHES = r"\-‐‑‒–—−"
"""A set of characters in a regular expression."""
_DASH = f"[{DASHES}]"
_SLASH = "[/⁄∕]"
_YEAR = r"(?:1[89]|20|21)\d\d"
_SHORT = r"['’‘]\d\d"
_CELL_END = rf"(?![^\W_]|{_SLASH}[-+]?\d|\.\d|:\d(?!\d:\d\d)|%)"
"""After a whole date the next column of a table may follow a comma."""
_END = rf"(?![^\W_]|{_SLASH}[-+]?\d|[.,]\d|:\d(?!\d:\d\d)|%)"
_NO_DASH = r"(?<![-.]\d)(?<![-.]\d\d)"
"""Behind a number of one or two digits: neither a hyphen nor a dot is before it."""
_TIME = r"(?:(?:T\d\d:?\d\d|[ ]\d\d:\d\d:\d\d)(?::?\d\d)?(?:[.,]\d{1,9})?(?:[ ]?(?:Z\b|[+-]\d\d:?\d\d\b))?|T\d\d\b)?"
QUANTITY = (
    r"(?:[ \t]?(?:mg|mcg|ml|cc|cm|mm|kg|g|units?|tabs?|tablets?|times|x|hours?|hrs?|h|days?|weeks?|months?|years?|"
    r"percent|degrees?|doses?|puffs?|drops?|pounds|lbs?)\b|[ \t]?%)"
)


def _names(names: set[str] | frozenset[str]) -> str:
    return rf"(?:{'|'.join(sorted(names, key=lambda name: (-len(name), name)))})(?![^\W\d_])"


_LONG_NAMES = {name for names in LONG.values() for name in names} | {"fevrier", "aout", "decembre", "maerz", "jänner"}
_MONTH = _names(_LONG_NAMES | ENGLISH | {"setiembre"})
_ANY_MONTH = _names(set(MONTHS))
_TH = r"(?:st|nd|rd|th|er|º|°)"
_DAY = rf"\d\d?{_TH}?"
_ORDINAL = "(?:" + "|".join(sorted(ORDINALS, key=len, reverse=True)).replace("-", "[- ]") + r")(?![^\W_])"
_TO = "to|through|thru|until|till|and|or|bis|au|al|a|tot|et|y|und|en|e"
_AND = "and|or|et|y|und|en|e"
RANGE_WORDS = rf"\.?(?:\s?(?:{_DASH}|[/&])\s?|,?\s(?:{_TO})\s|,\s)(?:the\s)?"
"""Separators between two days of one month."""
_MORE = (
    rf"(?:(?:\.?\s?(?:{_DASH}|&)\s?|\.?\s(?:{_TO})\s)(?:the\s)?{_DAY}"
    rf"|(?:,\s{_DAY}){{1,5}},?\s(?:{_AND}|&)\s(?:the\s)?{_DAY})"
)
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_BELOW = rf"(?:(?:{_TENS})(?:[\s-](?:{_ONES}))?|{_TEENS}|(?:oh[\s-])?(?:{_ONES}))"
_YEAR_WORDS = (
    rf"(?:(?:eighteen|nineteen|twenty)[\s-](?:hundred(?:\s(?:and\s)?{_BELOW})?|{_BELOW})"
    rf"|two\sthousand(?:\s(?:and\s)?{_BELOW})?)"
)
_OF = r"(?:of|de|del|di|in)\s(?:the\syear\s)?"
_YEAR_AFTER_MONTH = (
    rf"(?:\.?(?:[\s\-/,]{{0,2}}|,?\s{_OF})(?P<y>{_YEAR}|['’‘]?\d\d|(?<=[\s,-]){_YEAR_WORDS})"
    rf"(?![^\W_]|[:/]\d|[.,]\d)(?!{QUANTITY})(?!\.?\s(?:of\s|de\s)?{_MONTH}))?"
)
_YEAR_AFTER_DAY = (
    rf"(?:(?:\s?,\s?|\.?\s|-|/|,?\s{_OF})(?P<y>{_YEAR}|{_SHORT}|{_YEAR_WORDS})(?![^\W_]|[.,:/]\d)(?!{QUANTITY})"
    rf"|[-/](?P<z>\d\d)(?![^\W_]|[-.,:/]\d)(?!{QUANTITY})|,\s(?P<x>\d\d)(?=\s*(?:[.;)\n]|\Z))"
    rf"|(?![^\W_]|[:.%]\d|{_SLASH}\d|%)(?!{QUANTITY}))"
)

_NUMBER_FORMS = {
    "year_numbers": (
        rf"(?<![-.])(?P<y>{_YEAR})(?P<sep>{_DASH}|{_SLASH}|\.)(?P<m>\d\d?)(?P=sep)(?P<d>\d\d?){_TIME}(?!-?\d)"
    ),
    "compact": (
        r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])"
        r"(?:T?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:Z|[+-]\d{4})?"
    ),
    "eight": r"(?<![-.])(?P<a>\d\d)(?P<b>\d\d)(?P<y>(?:19|20)\d\d)(?![-/])",
    "six": r"(?<![-.])(?P<a>\d\d)(?P<b>\d\d)(?P<y>\d\d)(?![-/])",
    "numbers": (
        rf"(?P<a>\d\d?)(?:[ ]?{_SLASH}[ ]?(?P<b>\d\d?)[ ]?{_SLASH}[ ]?"
        rf"|{_NO_DASH}(?P<dash>{_DASH})(?P<g>\d\d?)(?P=dash)(?=['’‘]?\d++(?!-)))(?P<y>{_YEAR}|['’‘]?\d\d)"
    ),
    "dots": rf"(?:(?<!-)|(?<=\d\.-))(?P<a>\d\d?)\.[ ]?(?P<b>\d\d?)\.[ ]?(?P<y>{_YEAR}|\d\d)(?!\.\d)",
    "masked": rf"\d\d?{_SLASH}[xX?*_]{{1,2}}{_SLASH}{_YEAR}",
    "day_month": (
        rf"(?<![./:$])(?<!\d,)(?P<days>{_DAY}{_MORE}?)\.?(?:\s?(?:day\s)?(?:of|de|di|del)\s(?:the\s)?|[\s\-/.]{{0,2}})"
        rf"(?P<m>{_MONTH}){_YEAR_AFTER_MONTH}"
    ),
    "day_short": (
        rf"(?<![./:$])(?<!\d,)(?P<days>{_DAY}{_MORE}?)\.?(?:\s(?:de|di)\s|[\s\-/.]{{0,2}})(?P<m>{_ANY_MONTH})\.?"
        rf"(?:\s(?:de|del|di)\s|[\s\-/,]{{0,2}})(?P<y>{_YEAR}|{_SHORT})"
    ),
    "year_month_day": rf"(?P<y>{_YEAR})[\s,/-]+(?P<m>{_MONTH})\.?[\s/-]+(?P<d>\d\d?)(?P<o>{_TH})?",
    "number_year": (
        rf"(?P<m>\d\d?)(?:{_SLASH}|{_NO_DASH}{_DASH}|(?<=\d\d)\.)(?P<y>{_YEAR})(?!{_SLASH}\d|{_DASH}\d+(?!\d|{_SLASH}))"
        rf"|(?P<n>\d\d?){_SLASH}(?P<z>{_SHORT})"
    ),
    "year_number": rf"(?<![-.])(?P<y>{_YEAR})[-/](?P<m>0[1-9]|1[0-2])(?![-/]\d)",
    "range": (
        rf"(?<![-.])(?P<a>\d\d?){_SLASH}(?P<b>\d\d?)(?:\s?(?:{_DASH}|{_DASH}>|→|&)\s?|\s(?:to|through|thru|until|till|"
        rf"and)\s)"
        rf"(?P<c>\d\d?){_SLASH}(?P<e>\d\d?)(?:{_SLASH}(?P<y>{_YEAR}|['’‘]?\d\d))?"
    ),
    "pair": rf"(?<![-.])(?P<a>\d\d?){_SLASH}(?P<b>\d\d?)(?!{_DASH}\d)",
    "dashed": rf"(?<![-.])(?P<a>\d\d?){_DASH}(?P<b>\d\d?)(?!{_DASH}\d)",
    "alone": r"\d\d?(?:st|nd|rd|th)",
    "year": r"(?P<y>(?:1[6-9]|2[01])\d\d|(?<=['’‘])\d\d)(?:['’]?s\b)?",
}
_WORD_FORMS = {
    "month_day_joined": (
        rf"(?P<m>{_MONTH})(?P<sep>[-/])(?P<days>\d\d?)(?P=sep)(?P<y>{_YEAR}|['’‘]?\d\d)(?![^\W_]|[-/]\d)"
    ),
    "month_day": (
        rf"(?!mayo\s\d\d?(?!\d|,?\s{_YEAR}))(?P<m>{_MONTH})\.?[\s\-/,]{{0,2}}(?:the\s)?"
        rf"(?P<days>{_DAY}(?:{_MORE}(?!\.?[\s\-/]{{0,2}}(?:of\s|de\s)?{_MONTH}))?|{_ORDINAL}){_YEAR_AFTER_DAY}"
    ),
    "month_year": (
        rf"(?P<m>{_MONTH})\.?(?:[\s,\-/]{{0,2}}|,?\s{_OF})(?P<y>{_YEAR}|{_SHORT}|(?<=\s){_YEAR_WORDS})"
        rf"(?![^\W_]|[:/]\d)(?!{QUANTITY})"
    ),
    "ordinal": rf"(?P<days>{_ORDINAL})(?:\s(?:day\s)?of\s(?:the\s)?|[\s-])(?P<m>{_MONTH}){_YEAR_AFTER_MONTH}",
    "month": rf"(?P<m>{_MONTH})",
}


def _joined(forms: dict[str, str], before: str, after: dict[str, str]) -> str:
    named = [
        f"(?P<{form}>(?:"
        + re.sub(r"\(\?P(<|=)(\w+)", rf"(?P\g<1>{form}__\g<2>", regex)
        + f"){after.get(form, after[''])})"
        for form, regex in forms.items()
    ]
    return before + "(?:" + "|".join(named) + ")"


_NUMBER_LED = _joined(
    _NUMBER_FORMS,
    r"(?:(?<![^\W_])|(?<=[a-z][a-z])(?=\d\d?/\d\d?/\d)|(?<=dob|dos|doa|dod|lmp|edd|edc))(?:(?<![$/\\])|"
    r"(?<=[A-Z][A-Z]/))"
    r"(?<!\d[.,])(?<!\d:)(?=(?:\d\d?|\d{4}|\d{6}|\d{8}|\d{12}|\d{14})(?!\d))",
    {"": _END, "numbers": _CELL_END},
)
_WORD_LED = _joined(_WORD_FORMS, r"(?<![^\W_])", {"": ""})
LED = Anchored(f"{_NUMBER_LED}|{_WORD_LED}", re.IGNORECASE)
"""Dates that begin with a number or with a word."""

CJK = re.compile(rf"(?P<y>{_YEAR})\s?年\s?(?P<m>\d\d?)\s?月(?:\s?(?P<d>\d\d?)\s?日)?")
ROMAN = Anchored(
    rf"(?<![\w./])(?:0?[1-9]|[12]\d|3[01])(?P<sep>[./])(?:(?-i:vi{{1,3}}|ix|xi{{1,2}})(?:(?P=sep)(?:{_YEAR}|\d\d))?"
    rf"|(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}})(?P=sep)(?:{_YEAR}|\d\d))(?![^\W_]|[./]\d)",
    re.IGNORECASE,
)
"""Days with the month in Roman numerals: 03/iv/23, 18.vii; without a year, not numerals of grades and stages."""
_DOTTED_DAY = r"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\."
DOTTED_DAYS = Anchored(
    rf"(?<![\w.])(?P<first>{_DOTTED_DAY})(?:\s?[{DASHES}]\s?|\t|;\s?)(?P<second>{_DOTTED_DAY})(?!\d)"
    rf"(?=(?P<more>(?:\t{_DOTTED_DAY}(?!\d))*))"
)
"""Days and months in the German way without a year, two and more: 29.4.-7.5., or the head of a table."""
DAY_TO_DATE = Anchored(
    rf"(?<![\w.])(?P<first>{_DOTTED_DAY})(?=\s?[{DASHES}]\s?{_DOTTED_DAY}[ ]?(?:{_YEAR}|\d\d)(?!\d))"
)
"""The first day of a range whose year is at its end: "02.05.-09.05.2024"."""
SEASON = Anchored(
    rf"\b(?P<season>spring|summer|fall|autumn|winter)[\s,]{{1,2}}(?:of\s)?(?P<y>{_YEAR}|{_SHORT})"
    rf"(?P<until>\s?[{DASHES}/]\s?(?:{_YEAR}|\d\d))?(?![^\W_])",
    re.IGNORECASE,
)
QUARTER = Anchored(
    rf"(?<![^\W_])(?:(?-i:Q)(?P<q>[1-4])|(?P<first>[1-4])(?-i:Q)(?=\s|['’‘]?\d\d)"
    rf"|(?P<word>first|second|third|fourth)[\s-]quarter(?=\s(?:of\s)?(?:{_YEAR}|{_SHORT})))"
    rf"(?:(?:\s|-|/|\sof\s|(?<=Q))(?:FY\s?)?(?P<y>{_YEAR})|(?:[-/]|(?<=Q)|\s?(?=['’‘]))(?P<z>['’‘]?\d\d))?(?![^\W_])"
    r"(?!\s?(?:[-–]\s?\d|hours?|hrs?|h|days?|d|weeks?|wks?|months?|min|shifts?|am|pm)\b)",
    re.IGNORECASE,
)
HOLIDAY = Anchored(
    r"\b(?:Christmas(?:\s(?:Eve|Day))?(?![\s-](?:disease|factor|tree))|Xmas|Thanksgiving(?:\sDay)?|"
    r"New\sYear['’]?s?(?:\s(?:Eve|Day))|Easter(?:\s(?:Sunday|Monday))?|Good\sFriday|Halloween|"
    r"(?:the\s)?Fourth\sof\sJuly|(?:Labou?r|Memorial|Independence|Veterans['’]?|Columbus|Presidents['’]?|"
    r"Martin\sLuther\sKing|MLK|Valentine['’]?s|St\.?\sPatrick['’]?s|Mother['’]?s|Father['’]?s|Groundhog|"
    r"Boxing|St\.?\s(?:Stephen|David|Andrew|George)['’]?s|Bastille|Canada|Anzac|ANZAC|Australia|Waitangi|Republic|"
    r"Victoria|Armistice|"
    r"Remembrance|All\sSaints['’]?|All\sSouls['’]?|Women['’]?s|Election|Ascension|May)\sDay|"
    r"Juneteenth|Cinco\sde\sMayo|Hanukkah|Chanukah|Passover|Rosh\sHashanah|Yom\sKippur|Ramadan|Eid|Diwali|Deepavali|"
    r"Dussehra|Vaisakhi|Hari\sRaya|Matariki|Kwanzaa|"
    r"Hogmanay|Bonfire\sNight|Guy\sFawkes(?:\sNight)?|Burns\sNight|Bank\sHoliday(?:\sMonday)?|Pentecost|Whitsun|"
    r"Michaelmas|"
    r"(?:Lunar|Chinese)\sNew\sYear|Nowruz|Purim|Sukkot|Shavuot|Holi|Onam|Pongal|Navratri|Vesak|Songkran|Nochebuena|"
    r"Navidad|Semana\sSanta|"
    r"Noël|Pâques|Toussaint|Weihnachten|Heiligabend|Silvester|Ostern|Pfingsten|Karneval|Fasching|Pasqua|Ferragosto|"
    r"Sinterklaas|"
    rf"Mardi\sGras|Ash\sWednesday|Palm\sSunday|Maundy\sThursday)\b(?:(?:,?\s(?:of\s|in\s)?)(?:{_YEAR})\b)?",
    re.IGNORECASE,
)

"""What remains beside dates: weekdays, times and small words, which are understood, and unknown words."""

from __future__ import annotations

import re

from openbioner_batch.deid.dates.forms import DASHES
from openbioner_batch.deid.dates.reading import DateMention
from openbioner_batch.deid.dates.words import WEEKDAYS, weekday_like

_LONG = "|".join(sorted((name for name in WEEKDAYS if len(name) > 5), key=lambda name: (-len(name), name)))
_ANY = "|".join(sorted(WEEKDAYS, key=lambda name: (-len(name), name)))
_TWO_LETTERS = "mo|tu|we|th|fr|sa|su"
_WEEKDAY = re.compile(rf"(?<![^\W_])(?:{_ANY}|{_TWO_LETTERS})(?![^\W_])", re.IGNORECASE)
_WEEKDAY_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{_LONG}|(?-i:Mon|Tues?|Weds?|Thu|Thurs?|Fri|Sat|Sun|MON|TUES?|WED|THU|FRI|SUN)\.?),?\s"
    r"(?:the\s)?\Z",
    re.IGNORECASE,
)
_TIME = (
    r"t?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[ap]\.?m\b\.?)?"
    r"(?:\s*(?:z|utc|gmt|[ecmp][sd]?t|hrs?|hours|h|uhr)\b|\s*[+-]\d{2}:?\d{2})?"
    r"|\d{1,2}\s*[ap]\.?m\b\.?|\d{4}\s*(?:hrs?|hours|h)\b|noon|midnight|(?<=\d)t?\d{4}(?:\d\d)?z?(?![\d/-])"
    r"|(?<=\s)(?!19|20)[0-2]\d[0-5]\d(?![\d/-])"  # 0830, but not a year
)
_WORDS = (
    "at on the of on in from to through thru till until and or by about approximately approx circa since between early "
    "late mid morning afternoon evening night day date dated time born birth dob admitted admission discharged "
    "discharge died death last next this before after around is was year years a present now "
    "am den der vom bis um seit im le la du au depuis à el los del al de il dal op van tot t/m om sinds desde em"
).split()
_residue = re.compile(
    rf"(?:[\s,.;:()\[\]/&~'’‘{DASHES}]+|(?<![^\W_])(?:{_ANY}|{_TWO_LETTERS})\.?(?![^\W_])|(?:{_TIME})"
    rf"|(?<![^\W_])(?:(?:{'|'.join(_WORDS)})(?![^\W_])|(?:dob|dos|doa|dod|lmp|edd|edc)(?=\d)))*",
    re.IGNORECASE,
)


def is_understood(text: str, mentions: list[DateMention]) -> bool:
    """Whether only weekdays, times and words such as "on" remain beside the dates: other words may say anything."""
    at = 0
    for start, end in [*((found.start, found.end) for found in mentions), (len(text), len(text))]:
        match = _residue.match(text, at, start)
        if match is None or match.end() != start:
            return False
        at = end
    return True


def move_weekdays(text: str, days: int) -> str:
    """The text with its weekdays shifted by so many days: unchanged for whole weeks."""
    return _WEEKDAY.sub(lambda match: weekday_like(match[0], days), text) if days % 7 else text


def with_weekday(text: str, start: int) -> int:
    """Where the date at `start` begins, with the weekday before it."""
    before = _WEEKDAY_BEFORE.search(text[max(0, start - 20) : start])
    return max(0, start - 20) + before.start() if before else start

"""Finds days in shorthand and dictation that only their context shows: "eloped 6-30", "INR 3/3 2.1, 3/10 3.4"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.date_context import SCORED
from openbioner_batch.deid.recognizers.date_types import date_type
from openbioner_batch.deid.searching import Anchored

_EVENT = (
    r"(?i:adm(?:it(?:ted)?)?|readmit(?:ted)?|d/?c'?d?|disch(?:arged)?|eloped|left[ ]ama|transferred|xfer'?d|tx'?d|"
    r"trans|extubated|(?:re)?intubated|expired|died|deceased|born|arrived|pronounced|dated|appt|visit|dos|doi|lmp|"
    r"last[ ]seen|since|injured|doa|exp|expires|cva|tia|stroke|nstemi|stemi)"
)
_ALSO_COUNTED = (
    r"(?i:trached?|fell|delivered|inserted|removed|pulled|exchanged|replaced|implanted|placed|seen|filled?|refilled|"
    r"sx|surgery|surg|cath(?:ed)?|biops(?:y|ied)|bx'?d?|drawn|collected|ordered|signed|returned|sched(?:uled)?|"
    r"booked|"
    r"resched(?:uled)?|onset|f/u|due|consulted|started|stopped|rec'?d|reported|faxed|mailed|called|vm|lm|msg|sent|"
    r"paid|denied|approved|thru)"
)
"""Words that may precede a count too: "ordered 1-2" is a count, "ordered 1-22" a day."""
_MONTH_DAY = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_LATE_DAY = r"(?:1[3-9]|2\d|3[01])"
"""A day that is neither a month nor the maximum of a score."""
_DASHED = Anchored(
    rf"(?<![^\W_])(?:{_EVENT}[ :]{{1,2}}(?:on[ ])?(?={_MONTH_DAY}-{_DAY})|"
    rf"{_ALSO_COUNTED}[ :]{{1,2}}(?:on[ ])?(?={_MONTH_DAY}-{_LATE_DAY}(?!\d)))"
    rf"(?P<date>{_MONTH_DAY}-{_DAY})(?=[ ]*(?:[.;)\n]|,(?![ ]?\d)|\Z)|"
    rf"[ ](?:w|w/|with|from|fr|to|for|by|and|at|@|after|AMA)\b)"
)
"""An event and a day with a hyphen, at the end of its clause: not "placed 2-3 with"."""
_COUNTED = re.compile(r"[ ](?:with|for|to|at|by|and)[ ](?:\d|assist|effort|attempt|help)")
_ZERO_DOT = Anchored(
    r"(?i:\b(?:last|next|prev|fill(?:ed)?|seen|due|appt|visit|dated|since|on|adm|d/c|exp|recall|rv|r/v|f/u|"
    r"lmp)[ :]{1,2}(?:seen|fill(?:ed)?|visit|on|due|"
    r"appt|dose|inj|exam|recall)?[ ]?)"
    r"(?P<date>0[1-9]\.(?:[0-2]\d|3[01]))(?![\d%]|\.\d|[ ]?(?:h\b|am|pm|uhr|hrs|mg|mcg|ml|kg|cm|mm|g\b))"
)
"""03.14 with a zero before the month, unlike measurements, after a word of time."""
_PAIR = r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])"
_SERIES = Anchored(
    rf"(?<![\w/.,-])(?P<first>{_PAIR})(?![\d/%])[ ]\d{{1,5}}(?:\.\d{{1,3}})?[a-z]?(?![\w/-]|\.\d)"
    rf"(?:[^\n\d]{{0,4}}(?:\([^()\n]{{1,16}}\))?[ ]?(?:,|;|->|→|>|\|"
    rf")[ ]?{_PAIR}(?![\d/%])[ ]\d{{1,5}}(?:\.\d{{1,3}})?[a-z]?(?![\w/-]|\.\d))+"
)
"""Days with a result after each."""
_TIMED = Anchored(
    rf"(?<![\d:.])\d{{1,2}}:\d\d(?:[ ]?[ap]\.?m?\.?)?,?[ ](?:on[ ])?(?P<date>{_MONTH_DAY}/{_LATE_DAY})"
    r"(?=[ ]*(?:[,.;)\n]|\Z))"
)
"""A clock time and a day: "4:40 6/20", where "14:30 5/10" is a score."""
_LABELLED = Anchored(
    r"(?<![^\W_])(?:date|dob|d\.o\.b\.?|dos|doa|dod|doi|birthday|dated|"
    r"(?:birth|admit|admission|discharge|visit|service)[ ]?date)"
    r"(?:[ ]of[ ](?:birth|service|death|admission|discharge|surgery|visit|injury))?[ ]?[:=]?[ ]?"
    r"(?P<date>(?=[\d/.-]*/)(?=(?:[/.-]*\d){5,9}(?![\d/.-]))\d[\d/.-]*\d)(?![\w%])",
    re.IGNORECASE,
)
"""Whatever follows a date's label, with typing errors: 3//4/2021, 3/4/20210, 0304/2021."""
_MISREAD = Anchored(
    r"(?<![\w/.-])(?P<date>(?=[\d/]*[OolI|])(?=(?:[^\W\d_]|[/|])*\d)[\dOolI|]{1,2}/[\dOolI|]{1,2}/"
    r"(?:[12lI|][\dOo][\dOolI|]{2}|[\dOolI|]{2}))(?![\w/])"
)
"""Letters that a scan confuses with digits: 1O/12/2O21."""
_WEEK = Anchored(
    r"(?<![\w/.-])(?P<date>(?:19|20)\d\d-W(?:[0-4]\d|5[0-3])(?:-[1-7])?|"
    r"(?i:weeks?|wk|kw|cw)[ ]?(?:[1-9]|[1-4]\d|5[0-3])(?:[ ](?:of[ ])?|/)(?:19|20)\d\d)(?![\w/-])"
)
"""A week of a year: 2021-W12-3, KW 12/2021, week 12 of 2021."""
_DAYS = Anchored(
    r"(?<![^\W_])(?i:adm(?:it(?:ted)?)?|hosp(?:italized)?|seen|stay|from|here|off|out|away|visit|cruise|trip|"
    r"travel(?:led)?|on)"
    rf"[ :]{{1,2}}(?:from[ ])?(?P<date>{_MONTH_DAY}/(?P<from>{_DAY})[ ]?(?:-|to|thru|through)[ ]?(?P<to>{_LATE_DAY}))"
    r"(?![\w/%-]|[.:]\d|[ ]?(?:mg|mcg|ml|cc|cm|mm|kg|units?|doses?|tabs?|points?)\b)"
)
"""Days of one month: "admitted 8/14 to 17"."""
_STAMPS = Anchored(
    rf"(?<![^\W_])D[DT]?[ ]?:[ ]?(?P<date>{_PAIR})(?![\w/]|\.\d)"
    rf"(?:[^\n/]{{0,16}}(?<![^\W_])T[DT]?[ ]?:[ ]?(?P<typed>{_PAIR})(?![\w/]|\.\d))"
)
"""The days of dictation and typing."""
_SLASH_MONTH = Anchored(
    r"(?<![\w/.-])(?P<date>(?:(?:0[1-9]|[12]\d|3[01]|[1-9])[/-](?:janv?|f[eé]v|ene|abr|avr|mai|maio|mayo|juin|juil|"
    r"jul|ago|ao[uû]t|sept?|okt|oct|nov|dez|d[eé]c|"
    r"dic|gen|giu|lug|ott|mrt|mrz)|(?:0[1-9]|[12]\d|3[01])[/-](?:mar|jun|jan|"
    r"mag))\.?(?:[/-]\d{2,4})?|0[1-9][/-](?:set|out)|\d{1,2}[/-](?:set|out)\.?[/-]\d{2,4})(?![\w/-])",
    re.IGNORECASE,
)
"""Abbreviated months of several languages after a slash; "10/set" may be a count and needs its year."""
_GERMAN = Anchored(
    r"\b(?:Mo|Di|Mi|Do|Fr|Sa|So|am|vom|bis|seit|ab|zum|Labor|Kontrolle|Entlassung|Aufnahme|OP|Termin|WV)[. :,]{1,3}"
    r"(?P<date>(?:0?[1-9]|[12]\d|3[01])\.[ ]?(?:0?[1-9]|1[0-2])\.)(?!\d)"
)
"""A day with two dots: "Entlassung Do 12.9."."""
_FROM_DAY = Anchored(
    r"\b(?:vom|von|from|du|dal)[ ](?P<date>\d{1,2}\.)[ ](?:bis|to|au|al)[ ](?:zum[ ])?"
    r"(?:0?[1-9]|[12]\d|3[01])\.[ ]?\d{1,2}\."
)
"""A day whose month follows: "vom 19. bis 27.10.2026"."""
_OF_GERMAN = Anchored(
    r"(?<![^\W_])(?:und|nicht|wurde|keine|vom|seit|zum|bei|mit|nach|Entlassung|Kontrolle|Aufnahme|Termin|Zimmer|Bett|"
    r"Pflege|Tochter|Sohn|Mo|Di|Mi)(?![^\W_])"
)
"""Without such a word "am 3.5." is a potassium in the morning, and "Fr 7.5." a tube."""
_TENS = (
    r"(?:tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|"
    r"twentieth|"
    r"thirtieth|twenty[ -]\w{3,7}(?:st|nd|rd|th)|thirty[ -]first)"
)
_ORDINAL = Anchored(
    rf"\b(?:on|until|till|since|by|from|before|after|dated|through|and|no|"
    rf"scratch[ ]that)[, ]{{1,2}}(?P<date>the[ ]{_TENS})(?![ -](?:rib|percentile|"
    r"week|minute|session|treatment|fraction|injection|attempt|rib|time|day|dose|cycle|visit|floor|edition|century|"
    r"nerve|toe|finger|vertebra|grade|year|birthday|thoracic|"
    r"cranial|hospital|hour))",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)"
)
_MONTHS = Anchored(
    rf"(?<![^\W_])(?P<date>{_MONTH}(?:\s?[-–/]\s?|[ ](?:to|thru|through|until)[ ]){_MONTH}"
    rf"|(?:Feb|Sep|Oct|Nov|Dec)[a-z]{{0,6}}(?:[ ]?&[ ]?|[ ](?:and|or)[ ]){_MONTH})(?![^\W_])"
)
"""Two months without a year: "Jan-Mar", "Oct and Nov"; Jan and April may be two people."""
_ONES = "one|two|three|four|five|six|seven|eight|nine|oh|zero"
_NUMBER_WORD = (
    rf"(?:(?:{_ONES}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|"
    rf"forty|fifty|sixty|seventy|"
    r"eighty|ninety|hundred|thousand|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|"
    r"twelfth|\w{3,6}teenth|twentieth|thirtieth)\b)"
)
_SPOKEN = Anchored(
    r"\b(?:date[ ]of[ ](?:birth|service|admission|discharge|surgery|visit|exam|injury|death)|d[ ]?o[ ]?b|"
    r"birth[ ]?(?:date|day)(?:['’]s)?|born(?:[ ]on)?|admitted[ ]on|"
    r"seen[ ]on|discharged[ ]on)[ ]?(?:is[ ]|was[ ]|on[ ]|colon[ ]|[:,])?[ ]?(?:the[ ])?"
    rf"(?P<date>(?:{_NUMBER_WORD}[ -]?(?:of[ ])?){{3,7}})(?<![ -])",
    re.IGNORECASE,
)
"""A day in dictated numbers: "date of birth seven seven forty one"."""


def find_terse_dates(text: str) -> Iterator[Finding]:
    """Days beside an event, a result or a time, and days in dictated words."""
    for pattern in (_DASHED, _ZERO_DOT, _TIMED, _STAMPS, _GERMAN, _SLASH_MONTH, _ORDINAL, _SPOKEN, _FROM_DAY, _MONTHS):
        for match in pattern.finditer(text):
            if pattern is _GERMAN and not _OF_GERMAN.search(text):
                continue
            if pattern is not _DASHED or not _COUNTED.match(text, match.end()):
                yield _date(match.start("date"), match.start("date") + len(match["date"].rstrip(" -")), match[0])
            if pattern is _STAMPS:
                yield _date(*match.span("typed"), "")
    for pattern in (_LABELLED, _MISREAD, _WEEK):
        for match in pattern.finditer(text):
            start, end = match.span("date")
            yield Finding(start, end, date_type(text, start), 0.8, ("pattern:date",))
    for days in _DAYS.finditer(text):
        if int(days["from"]) < int(days["to"]):
            yield _date(*days.span("date"), "")
    for start, end in _series(text):
        yield _date(start, end, "")


def in_series(text: str, start: int) -> bool:
    """Whether a pair that begins at a place is a day in a row of days, with a result after each."""
    low = max(0, start - _LONGEST_SERIES)
    return any(low + place == start for place, _ in _series(text[low : start + _LONGEST_SERIES]))


_LONGEST_SERIES = 96


def _series(text: str) -> Iterator[tuple[int, int]]:
    """The ranges of the days of such rows."""
    for series in _SERIES.finditer(text):
        places = [
            (series.start() + one.start(), one[0])
            for one in re.finditer(rf"(?<![\w/.,-]){_PAIR}(?![\w/.-])", series[0])
        ]
        scored = SCORED.search(text[max(0, series.start() - 24) : series.start()])
        if len(places) > 1 and not scored and _goes_forward([value for _, value in places]):
            yield from ((start, start + len(value)) for start, value in places)


def _goes_forward(values: list[str]) -> bool:
    """Whether days follow each other, read with the month first or with the day first."""
    if len({value.split("/")[1] for value in values}) == 1 and values[0].split("/")[1] in ("5", "10"):
        return False  # scores
    numbers = [tuple(map(int, value.split("/"))) for value in values]
    for month, day in ((0, 1), (1, 0)):
        days = [(one[month], one[day]) for one in numbers]
        if all(one[0] <= 12 for one in days) and all(one < two for one, two in pairwise(days)):
            return True
    return False


def _date(start: int, end: int, said: str) -> Finding:
    cue = said.lower()
    type = "birth_date" if "birth" in cue or "born" in cue or "dob" in cue else "personal_date"
    return Finding(start, end, type, 0.8, ("pattern:date",))

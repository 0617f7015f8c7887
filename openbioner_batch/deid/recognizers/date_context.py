"""Which forms of dates are dates of a person's life, and which: decided by the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import words_before
from openbioner_batch.deid.recognizers.dates import DateMention, with_weekday

CUES = {
    "birth_date": "dob birth born birthday birthdate dateofbirth yob b",
    "admission_date": "admission admit admitted hospitalized hospitalised adm doa arrived arrival",
    "discharge_date": "discharge discharged released dc d/c",
    "death_date": "death died deceased expired pronounced dod autopsy",
    "personal_date": "visit exam examination service surgery procedure operation seen collected received reported "
    "signed dictated transcribed study scan dos test printed follow appointment onset started stopped evaluated shift "
    "biopsy dated updated created modified effective encounter consultation consult filed issued comparison lmp",
}
_TYPE_OF_CUE = {cue: type for type, cues in CUES.items() for cue in cues.split()}
_DATE_WORDS = frozenset(
    "on since dated from until till through thru by date dates dob seen admitted discharged last of lmp edc edd "
    "started began between before after around about approximately dos visit dictated collected performed done "
    "surgery due appointment signed received drawn dod born scheduled ending starting effective was circa during "
    "culture cultures labs ct mri xray x-ray echo colonoscopy echocardiogram cxr ekg repeat as next again".split()
)
_STRONG_DATE_WORDS = frozenset(
    "date dates dated dob dos lmp edc edd collected dictated born signed appointment scheduled admitted "
    "discharged".split()
)
_CLINICAL = re.compile(
    r"strength|motor|power|pain|scale|score|murmur|vision|acuity|visual|reflex|pulse|grade|stage|edema|dtr|motion|"
    r"muscle|"
    r"vicryl|suture|apgar|gcs|bishop|iv/|jaeger|orient|dose|tab|inch|bp|pressure|ratio|systolic|range|rated|level|"
    r"station|criteria|nodes|lymph|gleason|points|words|recall|minutes|sections|cores|positive|extremit",
    re.IGNORECASE,
)
_AFTER_QUANTITY = re.compile(
    r"[\s-]*(?:mg|mcg|ml|cc|cm|mm|kg|g\b|tab|pill|of\s|in\b|inch|hour|hr|strength|systolic|murmur|pain|out|edema|"
    r"pulses|reflex|"
    r"scale|positive|negative|words|objects|normal|bilat|throughout|strain|x\b|weeks|wks|days|day\b|pack|ppd|per|cup|"
    r"lymph|nodes|cores|dose|teaspoon|tsp|gauge|holosyst|diastolic|power|motor|vision|lower|upper|right|left|with\s|"
    r"ns\b|normal|saline|month|year|the\s|way|units?|amp|liter|L\b)|\s?[\"”%+]|\s?×",
    re.IGNORECASE,
)
_BORN_IN = re.compile(
    r"\b(?:born|birth|DOB|D\.O\.B\.|YOB|birth\s?year|year\sof\sbirth)[\s:.,=]{0,3}"
    r"(?:(?:was|is|in|on|about|around|the|year)\s){0,3}(?P<year>(?:18|19|20)\d\d)(?![\d/\-]|\.\d)",
    re.IGNORECASE,
)


def find_dates(text: str, found: Iterable[DateMention]) -> Iterator[Finding]:
    """Those of the mentions that are dates of somebody, with the catalog's type; birth years too."""
    for mention in found:
        start = with_weekday(text, mention.start)
        if (score := _score(text, mention, start < mention.start)) > 0:
            yield Finding(start, mention.end, date_type(text, start), score, ("pattern:date",))
    for match in _BORN_IN.finditer(text):
        yield Finding(match.start("year"), match.end(), "birth_date", 0.8, ("pattern:date",))


def date_type(text: str, start: int) -> str:
    """The type that the nearest cue before a date tells, "personal_date" without one.

    A cue counts within a line, where no digit, semicolon or bar stands between it and the date.
    """
    line = (
        text[text.rfind("\n", max(0, start - 64), start) + 1 : start]
        if "\n" in text[max(0, start - 64) : start]
        else None
    )
    words = words_before(text, start)
    if line is not None and line.strip():
        words = words_before(line, len(line))
    for word in reversed(words):
        if (type := _TYPE_OF_CUE.get(word)) is not None:
            return type
    return "personal_date"


def _score(text: str, mention: DateMention, after_weekday: bool) -> float:
    """How sure a form is of being a date in its context: 0 means no."""
    if mention.form in ("full", "month_year", "month_day"):
        return 0.9 if mention.form == "full" else 0.8
    if mention.form in ("month", "day", "holiday", "season"):
        return 0.6
    if after_weekday:
        return 0.8
    if mention.form == "dotted":
        sure = text[mention.start] == "0" or _date_words(text, mention.start) & _DATE_WORDS
        return 0.7 if sure else 0.0 if is_measure(text, mention) else 0.5
    return _pair_score(text, mention)


def _pair_score(text: str, mention: DateMention) -> float:
    """3/4 is a date in a context that says so, and no score, dose, ratio or fraction."""
    words = _date_words(text, mention.start)
    if words & _STRONG_DATE_WORDS or words_before(text, mention.start, most=1) == ["since"]:
        return 0.7
    if _AFTER_QUANTITY.match(text, mention.end):
        return 0.0
    one, _, two = text[mention.start : mention.end].partition("/")
    if (one[0] == "0" and len(one) == 2) or two[0] == "0":
        return 0.6  # no ratio has a zero before it
    if int(one) <= 12 and int(two[:2]) >= 60:
        return 0.6  # 12/94
    if is_measure(text, mention):
        return 0.0
    if (
        two[:2] in ("10", "5", "6", "4", "8", "2", "3")
        and int(one) <= int(two[:2])
        and not (words & {"on", "since"} or (two != "10" and words & {"from", "until", "through", "dated"}))
    ):
        return 0.0  # 3/10, 2/6, 5/5: scores more often than dates
    return 0.5 if words & _DATE_WORDS else 0.0


def is_measure(text: str, mention: DateMention) -> bool:
    """Whether 3/4 stands in a context of scores, doses or fractions."""
    around = text[max(0, mention.start - 32) : mention.end + 16]
    return bool(_AFTER_QUANTITY.match(text, mention.end) or _CLINICAL.search(around))


def _date_words(text: str, start: int) -> set[str]:
    """The last two words before a place, if no more than blanks and a colon stand between."""
    return set(words_before(text, start, most=2)) if text[max(0, start - 1) : start] in " :=\t\n(\"'>,-" else set()

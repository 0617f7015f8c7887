"""Whether a number of the model alone may be an identifier: a whole token of the right form, not a clinical value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.dates import find_dates
from openbioner_batch.deid.dates.words import MONTHS, ORDINALS, WEEKDAYS
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.plausible.sure_forms import (
    MISREAD,
    RANGE,
    SURE,
    VERY_SURE,
    is_more_than_a_value,
    is_sure_form,
)
from openbioner_batch.deid.plausible.words import is_glued_to_digits
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.clinical_words import clinical_words

FEWEST_DIGITS = 5
"""The fewest digits of a number that only the model calls an identifier."""
_SURE_OF_HANDLE = 0.9
_STREET = re.compile(
    r"\d{2,6}[A-Za-z]? (?P<names>[A-ZÀ-Ž][a-zß-ɏ]{2,}(?: [A-ZÀ-Ž][a-zß-ɏ]+){0,3}),? (?:#|[Aa]pt\.? ?|[Uu]nit ?)\w{1,5}"
)
_STREET_WORD = re.compile(
    r"\b\d{1,5}[A-Za-z]? [A-ZÀ-Ž][a-zß-ɏ]+ (?:[A-Z][a-z]+ )?"
    r"(?:St|Street|Rd|Road|Ave|Avenue|Dr|Drive|Ln|Lane|Ct|Court|Blvd|Way|Pl|Place|Hwy|Pkwy|Terrace|Ter|Cres|Close|Cl)\b"
)
_HANDLE = re.compile(r"[a-z]{2,3}\d{4}|[a-z]{5,20}\d{1,4}|[A-Z]{4,10}\d{2,4}")
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
_TOKEN_JOINTS = "/.,:-+*#&()"
_CALENDAR = frozenset(
    "mon tue tues wed thu thur thurs fri sat sun spring summer fall autumn winter christmas easter thanksgiving "
    "ramadan hanukkah halloween passover diwali eid birthday holiday nineteen twenty hundred thousand".split()
)
_SURE_FORMS = frozenset("full month_day month_year month season quarter holiday day eight six dotted".split())
_SCORE_PAIR = re.compile(r"(?:\d/[3456]|\d{1,2}/10|1/2|1/3|2/3|[13]/4|[1-7]/8|6/(?:6|9|12|18|24)|12/12)\Z")
_PAIR = re.compile(r"\d{1,2}/\d{1,2}")
_DURATION = re.compile(r"\d{1,2}/(?:7|12|52)")
_LASTS = re.compile(
    r"\b(?:bd|od|tds|qds|nocte|mane|prn|bid|tid|qid|bno|sx|symptoms?|hx|for|x|in|over|ongoing|course|review|r/v|rv|"
    r"f/u|ago|lasting|duties|leave|"
    r"cert|sick|off|days?|rest|abx|antibiotics?|amox|nitro|trimeth|pred|cough|pain|d&v|fever|"
    r"duration)[ :]{1,2}(?:\d{1,4}[ ](?:bd|od|tds|qds)[ ])?\Z",
    re.IGNORECASE,
)
"""Words before days and weeks in the British way: "UTI sx 3/7", "amox 500 tds 5/7"."""
_IN_MONTHS = re.compile(r",?[ ](?:old\b|\d{1,2}(?:\.\d{1,3})?[ ]?kg\b|[MF]\b|weigh)")
"""After a baby's age in weeks or months in the British way: "10/12, 9.1 kg"."""
_FRACTION_CUE = re.compile(
    r"\b(?:ln|lns|nodes?|sln|slnb?|cores?|lymph|frax|mmse|moca|gcs|score|scale|tug|epds|phq|gad|postnatal|depression|"
    r"ta|rr|"
    r"pa|t\.?a\.?|ratio|nih|nihss|iddsi|apgars?|monofilament|weinstein|count|margins?|iop|c/d|e/a|worth|strength|"
    r"power)[ :=]{1,2}(?:\d{1,2}/\d{1,2},[ ]?){0,3}\Z",
    re.IGNORECASE,
)
"""Words before fractions: nodes with a tumour, scores, pressures in the French way."""
_PRESSURE_CUE = re.compile(r"\b(?:bipap|cpap|niv|vpap|avaps|ipap|pap|settings?)[ :=]{1,2}\Z", re.IGNORECASE)
"""Words before two pressures, of which the first is the higher."""
_ACUITY_CUE = re.compile(r"\b(?:va|acuity|od|os|ou)[ :=]{1,2}\Z", re.IGNORECASE)
_ACUITY = re.compile(r"(?:20|10|[356])/\d{1,2}|\d{1,2}/(?:3[2-9]|[4-9]\d)")
_COUNTED_TIME = re.compile(
    r"(?:the )?(?:\d{1,2}(?:st|nd|rd|th)|[a-z]+(?:st|nd|rd|th)) (?:year|week|time|visit|dose|cycle|trimester|"
    r"percentile|grade|degree|floor|anniversary|decade|century)s?",
    re.IGNORECASE,
)
"""An ordinal that counts: "its 10th year"."""
_WARD_SHEET = re.compile(r"MAR[ ]\d{4}")
"""The time of a dose on a medication administration record."""
_DATE_CUE = re.compile(
    r"(?:\b(?:on|since|dated?|seen|until|till|thru|through|dob|born|dos|lmp|edc|edd|from|before|after|by|due|admitted|"
    r"discharged|last|next|visit|appt|follow(?:ed)?[ -]up|done|drawn|placed|removed|started|stopped|given|mon|"
    r"tues?|wed|thu(?:rs?)?|fri|sat|sun|\w+day)\.?|\d/\d{1,2}(?:/\d{2,4})?[ ]?(?:-|to|and|,|through|thru))[ :(]{0,3}\Z",
    re.IGNORECASE,
)
_ROOM_CUE = re.compile(
    r"\b(?:room|rm|bed|bay|ward|unit|floor|suite|ste|apt|icu|ed|(?:moved|transferred|went|taken|admitted|returned|sent|"
    r"back)\sto)\b[ .:#_]{0,3}\Z",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"(?:(?:room|rm|bed|bay|ward|unit|floor|icu)[ .:#-]{0,3})?[A-Za-z]{0,3}-?\d{1,4}(?:-?[A-Za-z0-9]{1,3})?",
    re.IGNORECASE,
)
_TIME = r"(?:[01]\d|2[0-4])[0-5]\d"
_FLOW = re.compile(rf"{_TIME}(?:[ ]\d{{1,3}})+(?:[ ]?[/|;][ ]?{_TIME}(?:[ ]\d{{1,3}})+)*")
"""A time and amounts, as flow sheets have them, one row or more."""
_ROW_OF_RESULTS = re.compile(r"\d{1,3}(?:/\d{1,3}){2}")
"""Three results of one measure; in another context, one in the form of a date is a date."""
_EXTENSION = re.compile(r"(?:(?:p|x|pgr?|ext)\.?[ :#]?)?\d{4,5}", re.IGNORECASE)
_CALL_CUE = re.compile(
    r"\b(?:pgr?|pager|paged?|beeper|ext|x|call|at|@|tel|phone|#|vocera|ascom)[.:# ]{1,2}\Z", re.IGNORECASE
)
_WARD = re.compile(r"\d{1,2}[NSEWABC]{1,2}(?:[- ]?\d{1,3}[A-Z]?)?(?!\w)")
"""A ward and a room of it: "6W", "5N-12"."""
_STREET_NEXT = re.compile(r"\s[A-ZÀ-Þ]\w*[a-zß-ÿ]")
_DAY_OF = re.compile(r"[A-Z][a-z]{2,9}\.? \d{1,2}(?:st|nd|rd|th)?(?!\d)")


def number(text: str, finding: Finding) -> Finding | None:
    """The finding widened to whole tokens, if it is not a clinical value and has the form of its type."""
    fits = _FORMS.get(family_of(finding.type), _identifier)
    start, end = _whole_tokens(text, finding.start, finding.end)
    if start < end and family_of(finding.type) == "room" and fits(text, start, end):
        return replace(finding, start=start, end=end)
    if start < end and family_of(finding.type) == "address" and _is_street(text[start:end], finding.score >= SURE):
        return replace(finding, start=start, end=end)
    if start >= end:
        return None
    if in_clinical_value(text, start, end):
        more = finding.score >= SURE and is_more_than_a_value(family_of(finding.type), text, start, end)
        return replace(finding, start=start, end=end) if more else None
    if not (
        fits(text, start, end)
        or _is_handle(text[start:end], finding)
        or (finding.score >= SURE and _is_sure(finding, text, start, end))
    ):
        return None
    return replace(finding, start=start, end=end)


def _is_sure(finding: Finding, text: str, start: int, end: int) -> bool:
    """Whether a finding of which the model is sure has a form that is too weak otherwise."""
    family = family_of(finding.type)
    if family == "date":
        forms = {mention.form for mention in find_dates(text[start:end].translate(MISREAD))} - {"year"}
        if forms:
            return not _is_fraction(text, start, end)
    return is_sure_form(family, text, start, end, very=finding.score >= VERY_SURE)


def _is_street(value: str, sure: bool) -> bool:
    """Whether a finding is a house number, names and a unit, none of them a term: "2210 Orchard #3".

    Where the model is sure, a word for a street replaces the unit: "3/212 Sydney Rd".
    """
    if sure and _STREET_WORD.search(value):
        return True
    street = _STREET.fullmatch(value)
    return street is not None and not any(
        clinical_words().knows(word) or allow_list().knows(word) for word in _WORD.findall(street["names"])
    )


def _is_handle(value: str, finding: Finding) -> bool:
    """Whether letters and a few digits are a code or an account that the model is sure of: "jsmith42", "sb3009"."""
    letters = value.rstrip("0123456789")
    return (
        finding.score >= _SURE_OF_HANDLE
        and family_of(finding.type) in ("identifier", "contact")
        and _HANDLE.fullmatch(value) is not None
        and not clinical_words().knows(letters)
        and not allow_list().knows(letters)
    )


def _whole_tokens(text: str, start: int, end: int) -> tuple[int, int]:
    """The range widened to whole tokens, without punctuation at its ends."""
    while start < end and not text[start].isalnum() and text[start] not in "(+#":
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    while start > 0 and (
        text[start - 1].isalnum() or (text[start - 1] in _TOKEN_JOINTS and text[start - 2 : start - 1].isalnum())
    ):
        start -= 1
    while end < len(text) and (
        text[end].isalnum() or (text[end] in _TOKEN_JOINTS and text[end + 1 : end + 2].isalnum())
    ):
        end += 1
    return start, end


def _identifier(text: str, start: int, end: int) -> bool:
    if (
        RANGE.fullmatch(text, start, end)
        or _FLOW.fullmatch(text, start, end)
        or _ROW_OF_RESULTS.fullmatch(text, start, end)
    ):
        return False
    return sum(map(str.isdigit, text[start:end])) >= FEWEST_DIGITS


def _contact(text: str, start: int, end: int) -> bool:
    """Whether a finding is a telephone number, or an extension or a pager with a label."""
    short = _EXTENSION.fullmatch(text, start, end) is not None
    cued = short and (not text[start].isdigit() or _CALL_CUE.search(text[max(0, start - 16) : start]) is not None)
    return cued or _identifier(text, start, end)


def _room(text: str, start: int, end: int) -> bool:
    named = _ROOM.fullmatch(text, start, end)
    return named is not None and bool(
        re.match(r"[A-Za-z]{2,6}[ .:#-]", named[0]) or _ROOM_CUE.search(text[max(0, start - 24) : start])
    )


def _may_be_address(text: str, start: int, end: int) -> bool:
    if _WARD.fullmatch(text, start, end):
        return True
    opens_line = text[max(0, start - 8) : start].rstrip(" \t>")[-1:] in ("", "\n")
    if opens_line and _STREET_NEXT.match(text, end):
        return True  # a house number before a street that no list knows
    return any(_names_a_place(text, *word.span()) for word in _WORD.finditer(text, start, end))


def _names_a_place(text: str, start: int, end: int) -> bool:
    """Whether a word of an address is not a term, a scale with its score or an abbreviation."""
    word = text[start:end]
    return (
        end - start > 2
        and not clinical_words().knows(word)
        and not is_glued_to_digits(text, start, end)
        and not allow_list().in_frame(text, start, end)
        and not (allow_list().knows(word) and "-" in word)
        and not (word.islower() and any(map(str.isupper, text[max(0, start - 60) : end + 60])))
        and not (
            word.isupper()
            and end - start < 6
            and text[max(0, start - 60) : start].upper() != text[max(0, start - 60) : start]
        )
    )


def _age(text: str, start: int, end: int) -> bool:
    return re.search(r"(?<!\d)(?:9\d|1[0-2]\d)(?!\d)", text[start:end]) is not None


def _date(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    if _COUNTED_TIME.fullmatch(value):
        return False
    if is_calendar(value):
        return _WARD_SHEET.fullmatch(value) is None
    if (named := _DAY_OF.match(value)) and not clinical_words().knows(named[0].split()[0].rstrip(".")):
        return True  # a month with a wrong letter
    forms = {mention.form for mention in find_dates(value)}
    if not forms or forms == {"year"}:
        return False
    if _is_fraction(text, start, end):
        return False
    cued = _DATE_CUE.search(text[max(0, start - 24) : start]) is not None
    return bool(forms & _SURE_FORMS) or cued or ("dashed" not in forms and _SCORE_PAIR.match(value) is None)


def _is_fraction(text: str, start: int, end: int) -> bool:
    """Whether the words around two numbers show a duration, a score or a ratio."""
    lasts = _DURATION.fullmatch(text, start, end) and (
        _LASTS.search(text[max(0, start - 24) : start]) or _IN_MONTHS.match(text, end)
    )
    if lasts or not _PAIR.fullmatch(text, start, end):
        return bool(lasts)
    before = text[max(0, start - 32) : start]
    first, second = map(int, text[start:end].split("/"))
    return bool(
        _FRACTION_CUE.search(before)
        or (first > second and _PRESSURE_CUE.search(before))
        or (_ACUITY_CUE.search(before) and _ACUITY.fullmatch(text, start, end))
    )


_FORMS: dict[str, Callable[[str, int, int], bool]] = {
    "date": _date,
    "room": _room,
    "age": _age,
    "address": _may_be_address,
    "contact": _contact,
}


def is_calendar(value: str) -> bool:
    """Whether words name a day, a month, a season or a feast."""
    if _COUNTED_TIME.fullmatch(value):
        return False
    words = re.split(r"[\s-]+", " ".join(_WORD.findall(value)).lower())
    return any(word in names for word in words for names in (MONTHS, ORDINALS, WEEKDAYS, _CALENDAR))

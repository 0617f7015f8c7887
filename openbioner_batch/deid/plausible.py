"""Whether what the model alone found can be an identifier: a clinical value, a term or half a token is none.

A finding that no pattern and no known value shares is held against the text around it. Numbers must be whole tokens,
long enough or of the form of a date, a room or an age, and no clinical value; words must hold one that may be a name,
and lose the clinical words at their ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.dates import find_dates
from openbioner_batch.deid.dates.words import MONTHS, ORDINALS, WEEKDAYS
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.vocabulary import vocabulary

SURE_FORM = 0.8
"""Patterns that are surer need no word of the context: a label, a check digit or a whole form speaks for them."""
FEWEST_DIGITS = 5
"""Of a number that nothing but the model calls an identifier."""

_PLACES = frozenset({"address", "town", "county", "state", "country", "zip"})
_WORDS = frozenset({"name", "organisation", "description"}) | _PLACES - {"zip"}
_BY_FORM = frozenset({"date", "identifier", "phone", "zip"})
_NUMERIC = _BY_FORM | {"room", "contact"}
_UNTESTED = frozenset({"email", "url", "ip", "account", "file", "coordinates"})
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
_BESIDE = re.compile(r"[\s,.;]{1,4}")
_AROUND = 60
_TOKEN_JOINTS = "/.,:-+*#&()"
_CALENDAR = frozenset(
    "mon tue tues wed thu thur thurs fri sat sun spring summer fall autumn winter christmas easter thanksgiving "
    "ramadan hanukkah halloween passover diwali eid birthday holiday nineteen twenty hundred thousand".split()
)
_SURE_FORMS = frozenset("full month_day month_year month season quarter holiday day eight six dotted".split())
_SCORE_PAIR = re.compile(r"(?:\d/[3456]|\d{1,2}/10|1/2|1/3|2/3|[13]/4|[1-7]/8|6/(?:6|9|12|18|24)|12/12)\Z")
_DATE_CUE = re.compile(
    r"(?:\b(?:on|since|dated?|seen|until|till|thru|through|dob|born|dos|lmp|edc|edd|from|before|after|by|due|admitted|"
    r"discharged|last|next|visit|appt|follow(?:ed)?[ -]up|done|drawn|placed|removed|started|stopped|given|mon|"
    r"tues?|wed|thu(?:rs?)?|fri|sat|sun|\w+day)\.?|\d/\d{1,2}(?:/\d{2,4})?[ ]?(?:-|to|and|,|through|thru))[ :(]{0,3}\Z",
    re.IGNORECASE,
)
_ROOM_CUE = re.compile(
    r"\b(?:room|rm|bed|bay|ward|unit|floor|suite|ste|apt|icu|ed|(?:moved|transferred|went|taken|admitted|returned|sent|"
    r"back)\sto)\b[ .:#]{0,3}\Z",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"(?:(?:room|rm|bed|bay|ward|unit|floor|icu)[ .:#-]{0,3})?[A-Za-z]{0,3}-?\d{1,4}(?:-?[A-Za-z0-9]{1,3})?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d{1,3}-\d{1,3}|\d{1,5}-\d")
"""Results from and to, and codes of LOINC."""
_STREET_NEXT = re.compile(r"\s[A-ZÀ-Þ]\w*[a-zß-ÿ]")
_SMALL_TITLE = re.compile(r"\b(?:mrs?|ms|dr|miss|prof|sra?)\.?\s\Z")
_INITIALS = re.compile(r"[A-Z](?:\.[A-Z]){1,2}\.?")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;\n]\s{0,3}|[-*•]\s)\Z")
_LOWER_NEXT = re.compile(r"\s[a-z]")
_CREDENTIAL = re.compile(r"(?:M\.?D|D\.?O|R\.?N|N\.?P|PA(?:-C)?|Ph\.?D|DDS|DPM|LPN|CRNA|PharmD|MBBS|J\.?r|S\.?r)\b\.?")
_DAY_OF = re.compile(r"[A-Z][a-z]{2,9}\.? \d{1,2}(?:st|nd|rd|th)?")
_PREPOSITION = re.compile(r"\W*(?:(?:in|on|at|from|to|near|for|with|by)\s+)?")
_SPEAKS = re.compile(
    r"['’]s\b|\s(?:is|was|has|had|says|said|states|stated|reports|reported|denies|called|agrees|will|would|lives|and|came)\b"
)
_FUNCTION = frozenset(
    "a an the of on in at by to from and or with for w p c s d h per via as is was no not than then into onto over "
    "under near fr pt mr mrs ms dr his her their our".split()
)


def plausible_ones(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """What `plausible` leaves of findings of the model alone; parts of one address vouch for each other."""
    left = [(one, plausible(text, one)) for one in sorted(findings, key=lambda one: one.start)]
    kept = [other for _, other in left if other]
    return kept + [one for one, other in left if not other and any(_continues(text, one, other) for other in kept)]


def still_plausible(text: str, found: Finding, before: Collection[tuple[int, int]]) -> bool:
    """Whether what merging left of a finding of the model alone is one, with "6" of "6 06/24/2017" taken for a date.

    Args:
        before: where findings stood before they were merged.
    """
    return (
        found.recognizers != ("model",)
        or (found.start, found.end) in before
        or not _may_be_a_rest(family_of(found.type), text[found.start : found.end])
        or plausible(text, found) is not None
    )


def _may_be_a_rest(family: str, value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    return (family in _NUMERIC and digits < 4) or (family == "organisation" and not digits)


def _continues(text: str, finding: Finding, other: Finding) -> bool:
    """Whether a finding is part of another beside it: a house number or a state, a credential: "12", "nc", "MD"."""
    if _BESIDE.fullmatch(text, min(finding.end, other.end), max(finding.start, other.start)) is None:
        return False
    if family_of(other.type) == "name":
        return _CREDENTIAL.fullmatch(text, finding.start, finding.end) is not None
    value = text[finding.start : finding.end]
    return family_of(other.type) in _PLACES and (
        value.isdigit() or (family_of(finding.type) in _PLACES and any(map(str.isalnum, value)))
    )


def plausible(text: str, finding: Finding) -> Finding | None:
    """What is left of a finding of the model alone when clinical values and terms are taken out of it; None if nothing.

    Args:
        text: folded.
        finding: of the model, and of nothing else.
    """
    family = family_of(finding.type)
    if family in _UNTESTED:
        return finding if _has_letter_or_digit(text, finding) else None
    if family == "address" and any(map(str.isdigit, text[finding.start : finding.end])):
        return _number(text, finding, _address)
    if family in _WORDS or not any(map(str.isdigit, text[finding.start : finding.end])):
        if family in ("date", "age"):
            return finding if _is_calendar(text[finding.start : finding.end]) else None
        return _words(text, finding)
    return _number(text, finding, _FORMS.get(family, _identifier))


def is_clinical(text: str, finding: Finding) -> bool:
    """Whether a finding by form alone is a clinical value: a date that is a score, a number that is a code."""
    return (
        finding.score < SURE_FORM
        and "model" not in finding.recognizers
        and family_of(finding.type) in _BY_FORM
        and in_clinical_value(text, finding.start, finding.end)
    )


def _has_letter_or_digit(text: str, finding: Finding) -> bool:
    return any(map(str.isalnum, text[finding.start : finding.end]))


# Words


def _words(text: str, finding: Finding) -> Finding | None:
    """The finding without the clinical words at its ends, if something like a name is left."""
    inside = text[finding.start : finding.end]
    words = [(finding.start + word.start(), finding.start + word.end()) for word in _WORD.finditer(inside)]
    names = [place for place in words if not _is_no_name(text, *place)]
    family = family_of(finding.type)
    if not names and family == "organisation" and sum(text[start:end].istitle() for start, end in words) > 1:
        return finding
    if not names or allow_list().is_in_phrase(text, names[0][0], names[-1][1]):
        return None
    start = finding.start + (leading.end() if (leading := _PREPOSITION.match(inside)) else 0)
    if family != "name":
        return replace(finding, start=start)
    if all(right - left == 1 for left, right in names) and not allow_list().person_is_meant(text, *names[0]):
        return None  # letters of a list
    if any(map(str.isdigit, inside)):
        start = max(start, names[0][0])  # "14 Fr Okonkwo"
    end = finding.end
    for left, right in words:
        if right <= names[0][0] and _is_cut_off(text[left:right], text[slice(*names[0])]):
            start = right
        elif (
            left >= names[-1][1]
            and _is_cut_off(text[left:right], text[slice(*names[-1])])
            and not _CREDENTIAL.match(text, left)
        ):
            end = min(end, left)
    while not text[start].isalnum():
        start += 1
    while not text[end - 1].isalnum() and end < finding.end:
        end -= 1
    return replace(finding, start=start, end=end)


def _is_cut_off(word: str, name: str) -> bool:
    """Whether a clinical word at the end of a name is in another case than the name: "p CABG Roe", but not "WU LI"."""
    if len(word) == 1 and word.isupper():
        return False  # an initial
    return word.lower() not in _FUNCTION and (word.isupper(), word.islower()) != (name.isupper(), name.islower())


def _is_no_name(text: str, start: int, end: int) -> bool:
    """Whether a word is a clinical term or part of a token, and no title, label or credential makes a person of it."""
    word = text[start:end]
    bare = re.sub(r"['’]s?\Z", "", word)
    is_initials = _INITIALS.fullmatch(bare) and bare.replace(".", "") not in ("AM", "PM", "MD", "RN")
    if is_initials or _SMALL_TITLE.search(text[max(0, start - 8) : start]):
        return False
    if (
        _is_part_of_shorthand(text, start, end)
        or _is_glued_to_digits(text, start, end)
        or (bare.lower() in _FUNCTION and (bare.islower() or len(bare) > 1))
    ):
        return True
    if not (
        vocabulary().knows(bare.replace(".", ""))
        or ("-" in bare and all(map(vocabulary().knows, bare.split("-"))))
        or ((bare.islower() or bare.isupper()) and bare.lower() in lexicon().not_names)
        or (bare.islower() and bare not in lexicon().given_names and not _is_without_capitals(text, start, end))
    ):
        return _opens_sentence(text, start, end)
    return not allow_list().person_is_meant(text, start, end)


def _is_without_capitals(text: str, start: int, end: int) -> bool:
    """Whether a text is in small letters around a word, so that a name would be too."""
    around = text[max(0, start - _AROUND) : start] + text[end : end + _AROUND]
    return around == around.lower()


def _is_part_of_shorthand(text: str, start: int, end: int) -> bool:
    """Whether one or two letters beside a slash are part of s/p, w/, h/a, W/D/I."""
    return end - start <= 2 and "/" in (text[start - 1 : start], text[end : end + 1])


def _is_glued_to_digits(text: str, start: int, end: int) -> bool:
    """Whether letters stand in a token with digits, as in CD4 and 93M; names of synthetic patients do too: Larue605."""
    after = text[end : end + 1].isdigit() and not (end - start > 2 and text[start:end].istitle())
    return after or text[max(0, start - 1) : start].isdigit()


def _opens_sentence(text: str, start: int, end: int) -> bool:
    """Whether a word that is a name too opens a sentence as a word: "Will discuss", "Mark the site", "Grace period"."""
    return (
        text[start:end].lower() in lexicon().word_names
        and _SENTENCE_START.search(text[max(0, start - 4) : start]) is not None
        and _LOWER_NEXT.match(text, end) is not None
        and _SPEAKS.match(text, end) is None
    )


# Numbers


def _number(text: str, finding: Finding, fits: Callable[[str, int, int], bool]) -> Finding | None:
    """The finding widened to whole tokens, if it is no clinical value and `fits`."""
    start, end = _whole_tokens(text, finding.start, finding.end)
    if start < end and family_of(finding.type) == "room" and fits(text, start, end):
        return replace(finding, start=start, end=end)
    if start >= end or in_clinical_value(text, start, end) or not fits(text, start, end):
        return None
    return replace(finding, start=start, end=end)


def _whole_tokens(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch with the rest of the tokens at its ends, and without punctuation there."""
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
    if _RANGE.fullmatch(text, start, end):
        return False
    return sum(map(str.isdigit, text[start:end])) >= FEWEST_DIGITS


def _room(text: str, start: int, end: int) -> bool:
    named = _ROOM.fullmatch(text, start, end)
    return named is not None and bool(
        re.match(r"[A-Za-z]{2,6}[ .:#-]", named[0]) or _ROOM_CUE.search(text[max(0, start - 24) : start])
    )


def _address(text: str, start: int, end: int) -> bool:
    opens_line = text[max(0, start - 8) : start].rstrip(" \t>")[-1:] in ("", "\n")
    if opens_line and _STREET_NEXT.match(text, end):
        return True  # a house number before a street that no list knows
    return any(
        word.end() - word.start() > 2
        and not vocabulary().knows(word[0])
        and not _is_glued_to_digits(text, *word.span())
        for word in _WORD.finditer(text, start, end)
    )


def _age(text: str, start: int, end: int) -> bool:
    return re.search(r"(?<!\d)(?:9\d|1[0-2]\d)(?!\d)", text[start:end]) is not None


def _date(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    if _is_calendar(value):
        return True
    if (named := _DAY_OF.match(value)) and not vocabulary().knows(named[0].split()[0].rstrip(".")):
        return True  # a month with a wrong letter
    forms = {mention.form for mention in find_dates(value)}
    if not forms or forms == {"year"}:
        return False
    cued = _DATE_CUE.search(text[max(0, start - 24) : start]) is not None
    return bool(forms & _SURE_FORMS) or cued or ("dashed" not in forms and _SCORE_PAIR.match(value) is None)


_FORMS: dict[str, Callable[[str, int, int], bool]] = {"date": _date, "room": _room, "age": _age}


def _is_calendar(value: str) -> bool:
    """Whether words name a day, a month, a season or a feast."""
    words = [word.lower() for word in _WORD.findall(value)]
    return any(word in names for word in words for names in (MONTHS, ORDINALS, WEEKDAYS, _CALENDAR))

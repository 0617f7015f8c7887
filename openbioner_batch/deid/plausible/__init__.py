"""Checks whether a finding of the model alone can be an identifier: not a clinical value, a term or half a token.

Findings that no pattern and no known value shares are checked against the text around them. Numbers must be whole
tokens, long enough or in the form of a date, a room or an age, and not a clinical value. Words must include a possible
name, and lose the clinical words at their ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.plausible.numbers import is_calendar, number
from openbioner_batch.deid.plausible.sure_forms import SURE
from openbioner_batch.deid.plausible.trusted import is_trusted
from openbioner_batch.deid.plausible.words import CREDENTIAL, is_term, words_of_a_name
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value

SURE_FORM = 0.8
"""Patterns that score higher need no evidence of the context: they have a label, a check digit or a whole form."""
_PLACES = frozenset({"address", "town", "county", "state", "country", "zip"})
_WORDS = frozenset({"name", "organisation", "description"}) | _PLACES - {"zip"}
_BY_FORM = frozenset({"date", "identifier", "phone", "zip"})
_NUMERIC = _BY_FORM | {"room", "contact"}
_UNTESTED = frozenset({"email", "url", "ip", "account", "file", "coordinates"})
_LISTED = frozenset({"address", "town"})
_CELLS = re.compile(r"[\t\n|]+")
_LIST = re.compile(r"[\t\n|]+|,\s*")
_BESIDE = re.compile(r"[\s,.;]{1,4}")
_POSTAL_CODE = re.compile(r"(?:[A-Z]{1,3}[ ])?\d{2,3}[- ]?\d{2,3}")
_SENTENCE = re.compile(r"[\t\n|]+|(?<=[a-z]{3})[.!?]\s+(?=[a-z])")
_SEX_BEHIND = re.compile(r"[,;|\t ]*(?:[MF]|male|female)(?![^\W_])", re.IGNORECASE)
_SEX_BEFORE = re.compile(r"(?<![^\W_])(?:[MF]|male|female)[,;|\t ]*\Z", re.IGNORECASE)
_NINETY = re.compile(
    r"\b(?:ninety(?:[\s-]+(?:one|two|three|four|five|six|seven|eight|nine))?|ninet(?:ies|ieth)|nonagenarian|"
    r"(?:super)?centenarian)\b",
    re.IGNORECASE,
)
_PART_OF_DAY = re.compile(r"(?<=y)\s+(?:morning|noon|afternoon|evening|night)\Z", re.IGNORECASE)
"""Words that do not name a day of the calendar: "Tuesday morning"."""
_WORDS_ALONE = re.compile(r"[^\W\d_](?:[^\d]*[^\W\d_])?")
_DIGITS = re.compile(r"\d+")
_OF_STREETS = frozenset("st street rd road ave avenue ln lane dr drive apt unit zip".split())
"""Words of addresses that name nothing."""
_TIME = re.compile(r"(?:[01](?!9)\d|2[1-3])[0-5]\d")
"""A time of day that is not a year."""


def plausible_findings(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The plausible parts of findings of the model alone; parts of one address support each other."""
    kept: list[Finding] = []
    left: list[Finding] = []
    for one in sorted(findings, key=lambda one: one.start):
        parts = [
            (smaller, plausible_part(text, smaller))
            for part in _parts(text, one)
            for smaller in _without_values(text, part)
        ]
        likely = [other for _, other in parts if other]
        kept += likely
        left += [part for part, other in parts if not other and not (likely and _is_postal_code(text, part))]
        kept += [part for part, other in parts if not other and likely and _is_postal_code(text, part)]
    return kept + [one for one in left if is_trusted(text, one) or any(_continues(text, one, other) for other in kept)]


def _is_postal_code(text: str, part: Finding) -> bool:
    """Whether a part of a longer place is only a postal code, with or without a state's letters."""
    is_place = family_of(part.type) in _PLACES
    return is_place and _POSTAL_CODE.fullmatch(text[part.start : part.end].strip(" ,")) is not None


def _parts(text: str, finding: Finding) -> Iterator[Finding]:
    """A finding split at cells and lines; names and places are split at the items of a list too."""
    is_list = family_of(finding.type) in _LISTED and "," in text[finding.start : finding.end]
    place = finding.start
    gaps = _LIST if is_list else _SENTENCE if family_of(finding.type) == "name" else _CELLS
    for gap in gaps.finditer(text, finding.start, finding.end):
        if gap.start() > place:
            yield replace(finding, start=place, end=gap.start())
        place = gap.end()
    if place < finding.end:
        yield replace(finding, start=place)


def _without_values(text: str, part: Finding) -> Iterator[Finding]:
    """A place of which the model is sure, without the clinical values in it: "Argyle St" of "Argyle St 40 min"."""
    is_place = family_of(part.type) == "address" and part.score >= SURE
    if not is_place or not in_clinical_value(text, part.start, part.end) or number(text, part):
        yield part
        return
    for run in _WORDS_ALONE.finditer(text, part.start, part.end):
        yield replace(part, start=run.start(), end=run.end())


def still_plausible(text: str, found: Finding, before: Collection[tuple[int, int]]) -> bool:
    """Whether what merging left of a finding of the model alone is plausible: not "6" of "6 06/24/2017", a date.

    Args:
        text: the note.
        found: a finding as merging left it.
        before: the findings before they were merged.
    """
    return (
        found.recognizers != ("model",)
        or (found.start, found.end) in before
        or not _may_be_a_rest(family_of(found.type), text[found.start : found.end])
        or plausible_part(text, found) is not None
    )


def _may_be_a_rest(family: str, value: str) -> bool:
    digits = sum(map(str.isdigit, value))
    is_time = (family in _NUMERIC or family == "address") and _TIME.fullmatch(value) is not None
    is_street = family == "address" and value.rstrip(".").lower() in _OF_STREETS
    is_word = family in ("age", "organisation") and not digits
    return (family in _NUMERIC and digits < 4) or is_time or is_street or is_word


def _continues(text: str, finding: Finding, other: Finding) -> bool:
    """Whether a finding is part of another beside it: a house number or a state, a credential: "12", "nc", "MD"."""
    if _BESIDE.fullmatch(text, min(finding.end, other.end), max(finding.start, other.start)) is None:
        return False
    if family_of(other.type) == "name":
        return CREDENTIAL.fullmatch(text, finding.start, finding.end) is not None
    value = text[finding.start : finding.end]
    is_place = family_of(finding.type) in _PLACES and (
        len(value) == 2 or not (value.islower() or is_term(text, finding))
    )
    return family_of(other.type) in _PLACES and (value.isdigit() or (is_place and any(map(str.isalnum, value))))


def plausible_part(text: str, finding: Finding) -> Finding | None:
    """A finding of the model alone without clinical values and terms; None if nothing is left.

    Args:
        text: folded.
        finding: of the model alone.
    """
    family = family_of(finding.type)
    if family == "age" and _DIGITS.fullmatch(text, finding.start, finding.end) and _is_cell(text, finding):
        return None
    if family in _UNTESTED:
        return finding if _has_letter_or_digit(text, finding) else None
    if family == "address" and any(map(str.isdigit, text[finding.start : finding.end])):
        return number(text, finding)
    if family in _WORDS or not any(map(str.isdigit, text[finding.start : finding.end])):
        if family == "age" and (ninety := _NINETY.search(text, finding.start)) and ninety.start() < finding.end:
            return replace(finding, end=max(finding.end, ninety.end()))  # "ninety" of "ninety four" too
        if family in ("date", "age"):
            end = finding.start + len(_PART_OF_DAY.sub("", text[finding.start : finding.end]))
            return replace(finding, end=end) if is_calendar(text[finding.start : end]) else None
        return words_of_a_name(text, finding)
    return number(text, finding)


def _is_cell(text: str, finding: Finding) -> bool:
    """Whether a number is a cell of a row, with no sex beside it: patterns decide about columns."""
    return text[max(0, finding.start - 1) : finding.start] in tuple(",;|\t") and not (
        _SEX_BEHIND.match(text, finding.end) or _SEX_BEFORE.search(text[max(0, finding.start - 8) : finding.start])
    )


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

"""Whether a number or a code identifies somebody: by its label, its check digit or its form, or as a known value."""

from __future__ import annotations

import re

from openbioner_batch.deid import checks
from openbioner_batch.deid.evidence.surroundings import Surroundings
from openbioner_batch.deid.recognizers.context import FILLERS, lookup
from openbioner_batch.deid.recognizers.identifiers import LOOSE, PREFIXES

_FEWEST_MARKED, _FEWEST_CERTAIN, _FEWEST_LOOSE, _FEWEST_KNOWN, _FEWEST_AGAIN = 3, 4, 5, 6, 6
"""Digits of a number: behind a label with a mark, behind a label that means nothing else, behind one that does, known,
found again."""
_LOOSE = dict.fromkeys(
    LOOSE
    | {"id", "pin", "run", "band", "lot", "key", "session", "ticket", "refill", "acc", "rx", "script", "prescription"},
    "",
)
_MARK = re.compile(
    r"(?:[#:=]|\bending(?: in| with)?|\blast[ ]?(?:four|4)|\bno\.?|\bnumber|\bnum)[ \"'(>]{0,3}\Z", re.IGNORECASE
)
_RANGE = re.compile(r"\d{1,4}(?:[-/.]|[ ](?:to[ ]|of[ ])?)\d{1,4}(?:[-/. ]\d{1,4})?")
"""A range, a part of a whole, three results."""
_OF = re.compile(r"[ ](?:of|out of|to)[ ]\d")
_COUNTED = re.compile(
    r"[ ](?!(?:and|or|on|at|from|for|in|by|is|was|with|to|the|via|per|sent|exp)\b)[a-z]{3,}s\b|[ ]?x\d|[ ](?:m|km|"
    r"mi|cal)\b"
)
_LONG = 7
"""How many digits a number has that is not a count."""
_HASH = re.compile(r"#[ ]?\Z")
_FORM = re.compile(
    r"\d{3}-\d{2}-\d{4}|[xX*]{3}[- ]?[xX*]{2}[- ]?\d{4}|(?:[xX*]{4}[ -]?){1,3}\d{4}"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}|\(01\)[\s\S]*"
    r"|[A-Z]\d{4}[ ]?\d{2}[ ]?\d{6}|[A-Z]{2}\d{6}[A-D]|bc1\w+|0x[0-9a-fA-F]{40}|[0-2](?:\.\d+){5,24}"
    r"|[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d"
)
"""Numbers of social security, masked ends, devices, blood, national insurance, money, objects, Medicare."""
_YEARLY = re.compile(r"[A-Z]{1,3}-?\d\d-\d{3,8}")
_HEADED = re.compile(r"(?P<head>[A-Za-z]{1,6})[-#]?\d")
_PLATED = re.compile(
    r"\b(?:plates?|tags?|kfz|matr[ií]cula|immat|reg(?:istration)?|tail(?:[ ]no\.?)?)(?:[ ](?:no\.?|number|#|is|was))*"
    r"[.:#\s]{1,3}(?:[A-Z]{2}[ ])?\Z|\b(?:medevac|helo|heli(?:copter)?|aircraft|plane|rfds|hems|starflight|ornge|"
    r"jet)\b[^.;]*\Z",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?:\d{4}-){3}\d{1,7}|\d{13,19}|\d{4}-\d{6}-\d{5}")
_TO_LETTERS = re.compile(r"[^\W_]")
_OF_LABEL = re.compile(rf"(?:number|no|num|ending in|ends in|last four)(?: (?:{'|'.join(sorted(FILLERS))}))*\Z")
_CATALOGUE = re.compile(r"\b(?:ref|model|cat)[ .:#]{0,3}\Z", re.IGNORECASE)
_LOT = re.compile(r"[ ,;]{0,3}lot\b", re.IGNORECASE)
"""After a maker's number of a device: "femur ref 5510-F-501 lot KMT9V1"."""


def is_proven_number(around: Surroundings) -> bool:
    """Whether a number of a record, a person or a thing is proven to be one."""
    if around.found_by("known"):
        return _is_proven_known(around)
    if not around.found_by("pattern"):
        return False
    if around.finding.type == "license_plate" and _PLATED.search(around.left):
        return True
    if _CATALOGUE.search(around.left) and _LOT.match(around.right):
        return False
    return _is_labelled(around) or _is_of_telling_form(around)


def _is_proven_known(around: Surroundings) -> bool:
    """A known number counts with its label, with letters, or if it is too long for a count and has no unit."""
    if _is_labelled(around):
        return True
    if any(map(str.isalpha, around.value)):
        return True
    return around.digits >= _FEWEST_KNOWN and not around.is_value


def _is_labelled(around: Surroundings) -> bool:
    """Whether a label precedes the number, and what follows the label is neither a count nor a range."""
    value = around.value
    headed = _HEADED.match(value)
    if headed and headed["head"].lower() in PREFIXES and around.digits >= _FEWEST_CERTAIN:
        return True
    if around.label("numbers") is None and not (around.digits >= _LONG and around.label("phones")):
        return _is_hashed(around) or _is_beside_a_name(around)
    marked = _MARK.search(around.left) is not None or _OF_LABEL.search(" ".join(around.words)) is not None
    if around.digits < _LONG and not marked and (_OF.match(around.right) or _COUNTED.match(around.right)):
        return False
    if not marked and _is_row_of_results(value):
        return False
    if _RANGE.fullmatch(value) and around.digits < (_FEWEST_LOOSE if marked else _FEWEST_AGAIN + 1):
        return False
    if marked:
        return around.digits >= _FEWEST_MARKED or (around.digits > 1 and len(value) >= _FEWEST_AGAIN)
    loose = lookup(around.words, _LOOSE) is not None
    letters = any(map(str.isalpha, value))
    return around.digits >= (
        _FEWEST_LOOSE + (around.is_value and not letters) if loose and not letters else _FEWEST_CERTAIN - letters
    )


def _is_row_of_results(value: str) -> bool:
    """Whether groups of digits are two results, or a range that rises: "120 118", "1200-1400"."""
    groups = re.split(r"[ -]", value)
    if not all(map(str.isdigit, groups)) or len(groups) == 1:
        return False
    rises = len(groups) == 2 and len(groups[0]) == len(groups[1]) and groups[0] < groups[1]
    return rises or (" " in value and sum(map(len, groups)) <= _LONG)


def _is_hashed(around: Surroundings) -> bool:
    """Whether a # precedes the number; a few digits count pills there, unless a name after them makes them a badge."""
    if not (around.value.startswith("#") or _HASH.search(around.left)):
        return False
    return around.digits >= _FEWEST_LOOSE or around.is_behind("name")


def _is_beside_a_name(around: Surroundings) -> bool:
    if around.finding.type == "employee_id" and around.is_before("name"):
        return True
    return around.digits >= _FEWEST_AGAIN and " " not in around.value and around.is_behind("name")


def _is_of_telling_form(around: Surroundings) -> bool:
    """Whether the form or the check digit of a number shows what it is."""
    value = around.value
    if _FORM.fullmatch(value):
        return True
    number = "".join(_TO_LETTERS.findall(value))
    if around.found_by("pattern:vin") or around.found_by("pattern:iban") or around.found_by("pattern:dea"):
        return True
    if around.finding.type == "credit_card_number":
        return _CARD.fullmatch(value) is not None and checks.luhn(number)
    return _YEARLY.fullmatch(value) is not None and around.digits >= _FEWEST_AGAIN


def means_the_same(around: Surroundings) -> bool:
    """Whether a value proven elsewhere in the note is long or varied enough to be the same here."""
    letters = any(map(str.isalpha, around.value))
    return around.digits >= _FEWEST_AGAIN - 2 * letters and not around.is_value

"""Forms that are too weak for a number of the model, unless it is very sure: short codes, misread dates, bare rooms."""

from __future__ import annotations

import re

from openbioner_batch.deid.recognizers.clinical_values import clinical_values
from openbioner_batch.deid.recognizers.clinical_words import clinical_words

SURE = 0.97
"""Score of the model from which a number needs no word before it, and may be short or misread."""
VERY_SURE = 0.99
"""Score from which three or four digits are a room, in the place of one."""
_FEWEST = 4
"""The fewest digits of a number that the model is sure of."""
RANGE = re.compile(r"\d{1,3}-\d{1,3}|\d{1,5}-\d")
"""Ranges of results, and codes of LOINC."""
MISREAD = str.maketrans("OolI|", "00111")
"""Letters that a scan confuses with digits."""
_MIXED = re.compile(
    r"(?=[^\W_]*\d[^\W_]*\d)(?=[^\W_]*[^\W\d_])(?![A-Z]\d{2,4}[A-Z]\Z)(?:[^\W_]{6,}|[A-Z]{2,4}-?\d{2,6}|\d{2,6}-[A-Z])"
)
"""Letters and digits that are a person's code: "BT7XQ2PL", "LMH04", "0714-A"."""
_REGISTER = re.compile(r"[A-Z]{2,5}/(?:19|20)?\d\d/\d{3,6}|(?:19|20)\d\d/\d{5,7}")
"""A number in a book of a year: "KZN/2026/0931", "KHC/18/0442", "2026/031864"."""
_NAMED_WARD = re.compile(r"\d{1,2} (?:North|South|East|West|Center|Centre|Tower|Main|Annex)(?: [A-Z][a-z]+)?")
_TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_ROOM = re.compile(r"[A-Z]?[1-9]\d{2,3}(?:-[A-D1-4]|[A-D])?")
_ROOM_BEFORE = re.compile(r"(?:\b(?:in|from|to|@)[ ]|(?<![^\W_])[A-Z][a-z]{2,20},[ ])\Z")
"""Before a bare room: "your pt in 2216-1", "Pt Haley Stroud, 7204."."""
_ROOM_BEHIND = re.compile(r"[ ]*(?:[,;)?\n]|\.(?!\d)|\Z)|[ ](?:k|needs|is|has|wants|c/o|w/|for)\b")
_ERA = re.compile(r"(?:b\.[ ]?)?[MTSHR]\d{1,2}\.\d{1,2}\.\d{1,2}")
"""A Japanese date: an era's letter, its year, month and day."""
_ROMAN_MONTH = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[ ./-](?:i{1,3}|iv|vi{0,3}|ix|xi{0,2})(?:[ ./-](?:\d{2}|(?:19|20)\d\d))", re.IGNORECASE
)
_CALL_SIGN = re.compile(r"[A-Z]{1,3}-\d{1,3}")
_UNIT_BEFORE = re.compile(r"\b(?i:unit|engine|rig|truck|call ?sign|crew|squad)[ ]\Z")
_FEWEST_OF_PLACE = 5
_POSTAL_CODE = re.compile(r"[A-Z]\(\d{6}")
"""Of Singapore: "S(560411)"."""
_WORD = re.compile(r"[^\W\d_]+")


def is_sure_form(family: str, text: str, start: int, end: int, very: bool) -> bool:
    """Whether a number of which the model is sure, and which is not a clinical value, has the form of its family.

    Args:
        family: of its type.
        text: folded.
        start: of its whole tokens.
        end: of them.
        very: whether the model is very sure.
    """
    value = text[start:end]
    if family == "date":
        return any(form.fullmatch(value) for form in (_ERA, _ROMAN_MONTH, _REGISTER))
    if family == "room":
        return _NAMED_WARD.fullmatch(value) is not None or (very and _is_bare_room(text, start, end))
    if very and _CALL_SIGN.fullmatch(value) and _UNIT_BEFORE.search(text[max(0, start - 12) : start]):
        return True
    if family not in ("identifier", "contact", "address") or _TIME_OF_DAY.fullmatch(value):
        return False
    digits = sum(map(str.isdigit, value.translate(MISREAD) if family == "contact" else value))
    if family == "address":
        if _MIXED.fullmatch(value) or _POSTAL_CODE.fullmatch(value):
            return True
        letters = any(map(str.isalpha, value))
        return _is_place_of_words(value) if letters else digits >= _FEWEST_OF_PLACE
    return (digits >= _FEWEST and RANGE.fullmatch(value) is None) or _MIXED.fullmatch(value) is not None


def is_more_than_a_value(family: str, text: str, start: int, end: int) -> bool:
    """Whether clinical values are only parts of what the model is sure of: "C0537" of the unit "C0537 26 118842".

    Args:
        family: of its type.
        text: folded.
        start: of its whole tokens.
        end: of them.
    """
    value = text[start:end]
    if _REGISTER.fullmatch(value) or (family == "date" and _ERA.fullmatch(value)):
        return True
    if family == "room":
        return _is_bare_room(text, start, end) and "-" in value
    values = clinical_values(text, start, end)
    if family != "identifier" or any(first < start or last > end for first, last in values):
        return False
    rest = [place for place in range(start, end) if not any(first <= place < last for first, last in values)]
    return sum(text[place].isdigit() for place in rest) >= _FEWEST_OF_PLACE


def _is_bare_room(text: str, start: int, end: int) -> bool:
    """Whether three or four digits are in the place of a room, and are not a time of day."""
    value = text[start:end]
    return (
        _ROOM.fullmatch(value) is not None
        and _TIME_OF_DAY.fullmatch(value) is None
        and _ROOM_BEFORE.search(text[max(0, start - 24) : start]) is not None
        and _ROOM_BEHIND.match(text, end) is not None
    )


def _is_place_of_words(value: str) -> bool:
    """Whether a place has several tokens, and capitals that are not a term: "W 3rd", "I-65 SB mm 118", "AE 447 KD"."""
    words = _WORD.findall(value)
    return len(value.split()) > 1 and any(word[0].isupper() and not clinical_words().knows(word) for word in words)

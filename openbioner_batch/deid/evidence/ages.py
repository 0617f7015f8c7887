"""Whether a number over 89 is an age: a pattern has found it, and nothing around it makes it a measurement."""

from __future__ import annotations

import re

from openbioner_batch.deid.evidence.surroundings import Surroundings
from openbioner_batch.deid.recognizers.clinical_values import OTHER_UNIT

_DECIMAL = re.compile(r"\d{2,3}\.\d")
_YEARS = re.compile(r"[ -]?(?:y\b|yo\b|y/o|yrs?\b|years?\b)", re.IGNORECASE)
_MALE = re.compile(r"[ ]M(?![^\W_])")
_BEFORE_MALE = frozenset(
    ("", "pt", "patient", "a", "an", "is", "this", "of", "old", "for", "resident", "age", "aged", "in")
)
"""Words before "92 M", where "walked 100 M" is a distance."""
_HEAT = re.compile(r"[ ]?°?[ ]?F(?![^\W_])")
_PERSON_BEHIND = re.compile(
    r"[ ]?-?[FMfm][ ](?:with|w/|w|s/p|c/o|p/w|hx|h/o|who|presents?|presenting|adm|here|fr|from|fell|found|"
    r"lives)(?![^\W_])"
)
_ENDS = re.compile(r"[ ]?M(?:[ ]?[,;.)]|\Z)")
_HOT = re.compile(r"(?<![^\W_])(?:t|tm|tmax|temp)[ :=]{1,2}\Z", re.IGNORECASE)
_LONGEST_WALK = 100
"""Metres that people are asked to walk, and ages that few reach."""
_HOTTEST, _COLDEST = 108, 95
"""Body temperatures in degrees Fahrenheit."""
_CAPITALS = re.compile(r"(?<![^\W_])(?:MA|PA|PAS|mA|mAs)[ ,:=]{1,2}\Z")
"""Currents and pressures, as a mother's or father's age is never written."""
_SHORT_RELATIVE = frozenset(("ma", "pa", "gran", "nan"))
_OLDEST_OF_THEM = 110


def is_proven_age(around: Surroundings) -> bool:
    """Whether a pattern found the number, and nothing makes it a measurement: a unit, degrees, a decimal."""
    if not around.found_by("pattern") or OTHER_UNIT.match(around.right):
        return False
    numbers = [int(one) for one in re.findall(r"\d+", around.value)]
    if _CAPITALS.search(around.left) or (_DECIMAL.search(around.value) and not _YEARS.match(around.right)):
        return False
    if around.last_word in _SHORT_RELATIVE and max(numbers) > _OLDEST_OF_THEM:
        return False
    if _MALE.match(around.right):
        person = around.is_behind("name") or around.last_word in _BEFORE_MALE
        told = _PERSON_BEHIND.match(around.right) or _ENDS.match(around.right)
        return person and (max(numbers) < _LONGEST_WALK or told is not None)
    if _HOT.search(around.left):
        return False
    hot = _COLDEST <= max(numbers) <= _HOTTEST and _HEAT.match(around.right)
    return not hot or around.is_behind("name") or _PERSON_BEHIND.match(around.right) is not None

"""The evidence that a number needs before another may replace it: a label, a telling form, a context.

Recognizers favour recall, since what they miss leaks. Rules here check each finding against the text again, whoever
found it: a number without evidence may be a count, a dose or a result, and another number in its place would read like
a true one. It becomes a visible tag.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openbioner_batch.deid.evidence.ages import is_proven_age
from openbioner_batch.deid.evidence.contacts import (
    is_proven_account,
    is_proven_address_of_a_net,
    is_proven_address_of_words,
    is_proven_file,
    is_proven_phone,
)
from openbioner_batch.deid.evidence.dates import is_proven_date
from openbioner_batch.deid.evidence.numbers import is_proven_number, means_the_same
from openbioner_batch.deid.evidence.places import (
    are_proven_coordinates,
    is_proven_code,
    is_proven_room,
    is_proven_street,
)
from openbioner_batch.deid.evidence.surroundings import Surroundings
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import identity

__all__ = ["unproven_numbers"]

_FIELDS = frozenset({"pattern:hl7", "pattern:markup", "pattern:table"})
"""Labels that are a field of a message, a key or the head of a column."""


def _never(around: Surroundings) -> bool:
    """The check for a family that only the model finds."""
    return False


_PROOFS: dict[str, Callable[[Surroundings], bool]] = {
    "date": is_proven_date,
    "age": is_proven_age,
    "room": is_proven_room,
    "zip": is_proven_code,
    "address": is_proven_street,
    "coordinates": are_proven_coordinates,
    "phone": is_proven_phone,
    "account": is_proven_account,
    "ip": is_proven_address_of_a_net,
    "email": is_proven_address_of_words,
    "url": is_proven_address_of_words,
    "file": is_proven_file,
    "contact": _never,
}
"""Family of types -> whether a finding with digits is proven; the others are numbers or words."""
_FINDERS = frozenset({"model", "pattern", "known"})
"""Finders whose findings need evidence; others, such as a person or a user's program, are trusted."""
_WORDS = frozenset({"name", "organisation", "town", "county", "state", "country", "description"})
"""Families of words: a finder other than the model proves their digits."""


def unproven_numbers(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings with digits that have no evidence besides their finder.

    Args:
        text: the note.
        findings: those of the whole note, sorted and without overlap.
    """
    proven: set[str] = set()
    left: list[Surroundings] = []
    for place, one in enumerate(findings):
        value = text[one.start : one.end]
        if not any(map(str.isdigit, value)) or any(name.partition(":")[0] not in _FINDERS for name in one.recognizers):
            continue
        before = findings[place - 1] if place else None
        after = findings[place + 1] if place + 1 < len(findings) else None
        around = Surroundings(text, one, before, after)
        if not _FIELDS.isdisjoint(one.recognizers) or _is_proven(around):
            proven.add(identity(value))
        else:
            left.append(around)
    return [one.finding for one in left if not (identity(one.value) in proven and _may_repeat(one))]


def _may_repeat(around: Surroundings) -> bool:
    """Whether a value means the same throughout a note; dates, ages and rooms do not."""
    return around.found_by("pattern:repeat") and means_the_same(around)


def _is_proven(around: Surroundings) -> bool:
    family = family_of(around.finding.type)
    if family in _WORDS:
        return not {"model", "model:repeat"}.issuperset(around.finding.recognizers)
    return _PROOFS.get(family, is_proven_number)(around)

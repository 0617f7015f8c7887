"""Numbers the tags of a note: one number for each person or thing of a type, in order of first appearance."""

from __future__ import annotations

import re

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.normalising import WORD, identity, normalise_word, squeeze, strip_possessive

_word = re.compile(WORD)
_NO_PARTS = frozenset("mr mrs ms miss dr prof md do rn np phd jr sr and of the patient nurse doctor".split())


class Numbering:
    """The numbers assigned so far in one note."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._people: dict[str, list[set[str]]] = {}

    def number(self, type: str, original: str) -> int:
        """The number of an identifier, from 1: a new one unless it has been seen in another form.

        Names are one person if the parts of one are all among those of the other: "Anna Lee", "Lee, Anna", "Mrs. Lee".
        """
        key = (type, identity(original))
        if key not in self._numbers:
            person = self._person(type, original) if family_of(type) == "name" else 0
            others = [number for (other, _), number in self._numbers.items() if other == type]
            self._numbers[key] = person or max(others, default=0) + 1
        return self._numbers[key]

    def _person(self, type: str, original: str) -> int:
        words = (normalise_word(strip_possessive(word)[0]) for word in _word.findall(original))
        parts = {word for word in words if len(word) > 1 and word not in _NO_PARTS}
        people = self._people.setdefault(type, [])
        for number, known in enumerate(people, 1):
            if parts and (parts <= known or known <= parts):
                known |= parts
                return number
        people.append(parts or {squeeze(original)})
        return len(people)

"""Finds wordings of a vocabulary's names in texts: their words in any order, or words that mean the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.keys import Match, content_key
from openbioner_batch.concepts.normalising import FUNCTION_WORDS, content, meanings

_MOST_WORDS = 7
"""Of a wording, those that say nothing aside."""
_MOST_BETWEEN = 2
"""Words one after another within a wording that say nothing, such as "of the"."""
_BETWEEN_PHRASES = frozenset("and or with by from".split())
"""Words over which no wording goes: "meningiomas and spinal tumors" is no spinal meningioma."""

Word = tuple[str, int, int]
"""A word's form and where it begins and ends."""


class Wordings:
    """The names of two words or more, by what their words mean."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words = {
            word
            for number in range(vocabulary.names)
            if not vocabulary.is_short(number)
            for word in content(vocabulary.name(number))
        }

    def find(self, runs: Sequence[Sequence[Word]]) -> Iterator[tuple[int, int]]:
        """Where wordings begin and end, in order of their beginnings.

        Args:
            runs: words one after another that nothing separates.
        """
        places, wanted = [], []
        for run in runs:
            found = [form for form, _, _ in run]
            meant = [
                None if form in _BETWEEN_PHRASES else word for form, word in zip(found, meanings(found), strict=True)
            ]
            for first, word in enumerate(meant):
                if word in self._words and len(word) > 1:  # "a" is an article
                    for last, words in self._from(meant, first):
                        said = found[first : last + 1]
                        while last + 1 < len(run) and meant[last + 1] == "" and run[last + 1][0] not in FUNCTION_WORDS:
                            last += 1  # the noun, which says nothing, of "unusual facial appearance"
                        places.append((run[first][1], run[last][2]))
                        wanted.append(content_key(Match.EQUIVALENT, sorted(words), said))
        for place, names in zip(places, self._vocabulary.lookup(wanted), strict=True):
            if names:
                yield place

    def _from(self, meant: Sequence[str | None], first: int) -> Iterator[tuple[int, set[str]]]:
        """The last word and the meanings of each stretch of two to `_MOST_WORDS` known words, none of them twice."""
        words = {word for word in meant[first : first + 1] if word}
        between = 0
        for place in range(first + 1, len(meant)):
            word = meant[place]
            if word == "":
                between += 1
                if between > _MOST_BETWEEN:
                    return
            elif word is None or word in words or word not in self._words or len(words) == _MOST_WORDS:
                return
            else:
                words.add(word)
                between = 0
                yield place, words

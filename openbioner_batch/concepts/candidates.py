"""Concepts that a text may mean, and their order."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from openbioner_batch.concepts.compounds import plain_word
from openbioner_batch.concepts.contradictions import is_of_sort, sort_of
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.keys import SCORES, Match
from openbioner_batch.concepts.normalising import forms, meaning, stem
from openbioner_batch.concepts.parts import parts
from openbioner_batch.concepts.vocabulary import NameKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept for a text, with what ties are broken by."""

    score: float
    kind: int
    length: int
    concept: int
    names: int = 1
    """Of the concept that say so."""
    shared: int = 0
    """Words of the mention that the name has itself, not only others that mean the same."""
    of_other_sort: bool = False
    """Whether the concept's preferred name is not of form or of function as the mention is, or is of a group."""

    @property
    def order(self) -> tuple[float, bool, int, int, int, int, int]:
        """That of one concept's names."""
        names = self.names if self.kind else 1
        return (-self.score, self.of_other_sort, self.kind, -self.shared, -names, self.length, self.concept)


class Ranking:
    """Puts the concepts of a vocabulary in order.

    The best score comes first; of equals the concept of the sort that the mention speaks of and of no group; whose name
    is preferred before an exact before a related synonym; with more of the mention's own words; with more synonyms
    that say so; with fewer concepts above it; with the shorter name; with the lower identifier.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def of_names(self, names: Iterable[tuple[int, float]], text: str = "") -> list[Candidate]:
        """The concepts of scored names, each by its best one, in order.

        Args:
            names: with their scores.
            text: the mention, where its own words and the sort of finding that it speaks of tell equals apart.
        """
        vocabulary = self._vocabulary
        scored = [(name, score, vocabulary.concept_of(name)) for name, score in dict.fromkeys(names)]
        if len(scored) == 1:
            ((name, score, concept),) = scored
            return [Candidate(score, vocabulary.kind(name), vocabulary.length(name), concept)]
        said, sort = _own_words(text), sort_of(text)
        counts = Counter((concept, score) for _, score, concept in scored)
        best: dict[int, Candidate] = {}
        for name, score, concept in scored:
            kind, length = vocabulary.kind(name), vocabulary.length(name)
            new = Candidate(score, kind, length, concept, counts[concept, score])
            if said:
                named = vocabulary.name(name)
                is_other = sort is not None and not is_of_sort(vocabulary.preferred(concept), sort)
                is_group = "/" in named and "/" not in text
                new = replace(new, shared=len(said & _stems(named)), of_other_sort=is_other or is_group)
            if concept not in best or new.order < best[concept].order:
                best[concept] = new
        return self._sorted(best.values())

    def best_of_each(self, found: Iterable[Candidate]) -> list[Candidate]:
        """Each concept once, by its best candidate, in order."""
        worst_first = sorted(found, key=lambda one: one.order, reverse=True)
        return self._sorted({one.concept: one for one in worst_first}.values())

    def above_all(self, found: list[Candidate]) -> list[Candidate]:
        """The concept that all others are below, if there is one."""
        for one in found:
            if all(other is one or self.is_above(one, other) for other in found):
                return [one]
        return []

    def is_above(self, one: Candidate, other: Candidate) -> bool:
        """Whether the concept of one is above that of the other."""
        return one.concept in self._vocabulary.ancestors(other.concept)

    def _sorted(self, concepts: Iterable[Candidate]) -> list[Candidate]:
        """The best first; what is above concepts is looked at only where it decides."""
        found = sorted(concepts, key=lambda one: one.order)
        for start, one in enumerate(found):
            end = start + 1
            while end < len(found) and found[end].order[:5] == one.order[:5]:
                end += 1
            if end > start + 1 and (start == 0 or found[start - 1].order[:5] != one.order[:5]):
                found[start:end] = sorted(found[start:end], key=self._above)
        return found

    def _above(self, found: Candidate) -> tuple[int, int, int]:
        return (len(self._vocabulary.ancestors(found.concept)), found.length, found.concept)


def first_of(texts: Iterable[str], tables: Iterable[dict[str, list[Candidate]]]) -> list[Candidate]:
    """What the first table says that says anything, of each text in turn."""
    wanted = list(texts)
    return next((found for table in tables for text in wanted if (found := table.get(text))), [])


def is_related(found: Candidate) -> bool:
    """Whether only a related synonym says the same in other words."""
    return found.kind == NameKind.RELATED and found.score <= SCORES[Match.EQUIVALENT]


@functools.lru_cache(maxsize=1 << 14)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(plain_word(form)) for form in forms(text))


def _own_words(text: str) -> frozenset[str]:
    """The stems of a mention's words, without other words for a part: renal is no more than of the kidney."""
    return frozenset(
        stem(plain_word(form)) for form in forms(text) if (meant := meaning(form)) == form or meant not in parts()
    )

"""Which entity types are near each other: by name, by description, by mentions, and by the vectors of an encoder.

It decides which types count as unseen by a model, so in doubt types are near.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.training.silver.typenames import singular_noun

NAME, DESCRIPTION, MENTIONS, VECTOR = "name", "description", "mentions", "vector"
"""Why two types are near."""
SAME_WORDS = 2 / 3
"""Share of the words of two names that both have (Jaccard) from which the names are alike."""
SAME_DESCRIPTION = 0.5
"""Cosine of two types' TF-IDF vectors over the words of their descriptions, likewise."""
SAME_MENTIONS = 0.5
"""Share of the most frequent mentions of two types that both have (Dice), likewise."""
FEWEST_MENTIONS = 2
"""The fewest mentions that two types must share."""
SAME_VECTOR = 0.7
"""Cosine of two descriptions' mean states in an encoder of sentences, likewise."""
KEPT_MENTIONS = 64
"""How many mentions of a type are compared: the most frequent ones."""
_BUCKETS = 1 << 20
_WORD = re.compile(r"[a-z0-9]+")
_SPACE = re.compile(r"\s+")
_FILLERS = frozenset("a an the of or and for in to with by as kind type class name term entity mention other".split())
_STOP = _FILLERS | frozenset(
    """that is are was it its at on from such this which who whose be been any one more than not used where when into
    example instance including mentioned given text patient study""".split()
)


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """What is known about an entity type without a model."""

    name: str
    descriptions: tuple[str, ...] = ()
    mentions: frozenset[int] = frozenset()
    """`mention_key` of its most frequent mentions."""


def mention_key(text: str) -> int:
    """A mention as one of a million numbers: mentions can be compared without storing them."""
    return zlib.crc32(_SPACE.sub(" ", text.strip().lower()).encode()) % _BUCKETS


def frequent_mentions(counts: Mapping[int, int]) -> frozenset[int]:
    """The most frequent of a type's mentions; of equally frequent ones those of the smallest keys."""
    order = sorted(counts, key=lambda key: (-counts[key], key))
    return frozenset(order[:KEPT_MENTIONS])


class NearTypes:
    """Finds, among some types, those that are near a given one.

    Args:
        types: the types to find.
        vectors: of each of them, of unit length, from an encoder; None compares none.
    """

    def __init__(self, types: Sequence[TypeFacts], vectors: np.ndarray | None = None) -> None:
        self.types = tuple(types)
        self._vectors = None if vectors is None else vectors.astype(np.float32)
        self._names = [name_words(kind.name) for kind in types]
        self._by_name = _postings(self._names)
        self._by_mention = _postings([kind.mentions for kind in types])
        self._sizes = np.array([len(kind.mentions) for kind in types])
        bags = [description_words(kind.descriptions) for kind in types]
        self._by_word = _postings(bags)
        self._weights = {word: float(np.log((1 + len(types)) / len(places))) for word, places in self._by_word.items()}
        self._unknown = float(np.log(1 + len(types)))
        self._lengths = np.array([self._length(bag) for bag in bags])

    def near(self, kind: TypeFacts, vector: np.ndarray | None = None) -> dict[str, str]:
        """The names of the types near `kind`, each with the first reason (`NAME`, `DESCRIPTION`, ...)."""
        found: dict[int, str] = {}
        for reason, places in (
            (NAME, self._like_names(kind)),
            (DESCRIPTION, self._like_descriptions(kind)),
            (MENTIONS, self._like_mentions(kind)),
            (VECTOR, self._like_vectors(vector)),
        ):
            for place in places:
                found.setdefault(int(place), reason)
        return {self.types[place].name: reason for place, reason in sorted(found.items())}

    def _like_names(self, kind: TypeFacts) -> Iterable[int]:
        words = name_words(kind.name)
        places = {int(place) for word in words for place in self._by_name.get(word, ())}
        return [n for n in places if len(words & self._names[n]) >= SAME_WORDS * len(words | self._names[n])]

    def _like_descriptions(self, kind: TypeFacts) -> Iterable[int]:
        bag = description_words(kind.descriptions)
        length = self._length(bag)
        if not length:
            return ()
        dots = np.zeros(len(self.types))
        for word in bag:
            if word in self._by_word:
                dots[self._by_word[word]] += self._weights[word] ** 2
        return np.flatnonzero((dots > 0) & (dots >= SAME_DESCRIPTION * length * self._lengths))

    def _like_mentions(self, kind: TypeFacts) -> Iterable[int]:
        shared = np.zeros(len(self.types), np.int64)
        for key in kind.mentions:
            if key in self._by_mention:
                shared[self._by_mention[key]] += 1
        alike = 2 * shared >= SAME_MENTIONS * (len(kind.mentions) + self._sizes)
        return np.flatnonzero((shared >= FEWEST_MENTIONS) & alike)

    def _like_vectors(self, vector: np.ndarray | None) -> Iterable[int]:
        if vector is None or self._vectors is None:
            return ()
        return np.flatnonzero(self._vectors @ vector.astype(np.float32) >= SAME_VECTOR)

    def _length(self, bag: Iterable[str]) -> float:
        return float(np.sqrt(sum(self._weights.get(word, self._unknown) ** 2 for word in bag)))


def name_words(name: str) -> frozenset[str]:
    """The content words of a type's name, in the singular."""
    words = [singular_noun(word) for word in _WORD.findall(name.lower())]
    return frozenset(word for word in words if word not in _FILLERS) or frozenset(words)


def description_words(descriptions: Iterable[str]) -> frozenset[str]:
    """The content words of a type's descriptions, in the singular."""
    return frozenset(singular_noun(word) for text in descriptions for word in _WORD.findall(text.lower())) - _STOP


def _postings(bags: Sequence[Iterable[str]] | Sequence[frozenset[int]]) -> dict[object, np.ndarray]:
    found: defaultdict[object, list[int]] = defaultdict(list)
    for place, bag in enumerate(bags):
        for term in bag:
            found[term].append(place)
    return {term: np.array(places) for term, places in found.items()}

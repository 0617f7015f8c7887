"""The types that can be queried: views of their descriptions as tokens, and which types are near each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.catalog.views import NAME_VIEW, NAMED_VIEW
from openbioner_batch.errors import UsageError
from openbioner_batch.model.prepare import named_description
from openbioner_batch.model.tokens import Tokenizer

DEFINITION_VIEW = "definition"
NEAREST = 10
"""The most near types of a type."""
_SAME = 0.95
"""Descriptions this similar describe one type under two names, whose mentions would be false negatives."""


_NUMBER = re.compile(r" \d+$")
"""The number at the end of a view's name, where a type has several texts of one kind."""


@dataclass(frozen=True, slots=True)
class TypeVocabulary:
    """Every type with a description.

    Attributes:
        views: for each type, its views by name, as vocabulary indices.
        near: for each type, the types whose descriptions are most alike, nearest first.
        cut: descriptions that were longer than their budget.
    """

    views: Mapping[str, Mapping[str, tuple[int, ...]]]
    near: Mapping[str, tuple[str, ...]]
    cut: int

    @property
    def mean_tokens(self) -> float:
        """Mean tokens of a description."""
        lengths = [len(ids) for views in self.views.values() for ids in views.values()]
        return sum(lengths) / max(1, len(lengths))


@dataclass(frozen=True, slots=True)
class Likeness:
    """Which types nearly mean the same or are part of each other, as far as their descriptions show.

    Attributes:
        vectors: [types, size] of unit length, in the order of the vocabulary.
        above: the least cosine of near types.
    """

    vectors: np.ndarray
    above: float

    def near(self, some: np.ndarray, others: np.ndarray) -> np.ndarray:
        """[some] whether each is near any of `others`; both are indices into the vocabulary."""
        if not len(others):
            return np.zeros(len(some), np.bool_)
        cosines = self.vectors[some].astype(np.float32) @ self.vectors[others].astype(np.float32).T
        return np.asarray(cosines.max(1) > self.above)


def near_any(
    kinds: Sequence[str], others: Collection[str], places: Mapping[str, int], likeness: Likeness | None
) -> np.ndarray:
    """[kinds] whether each is near any of `others`; without a likeness none is.

    Args:
        kinds: types of the vocabulary.
        others: types; those that the vocabulary lacks are near none.
        places: index of each type in the vocabulary.
        likeness: of the vocabulary's types.
    """
    if likeness is None:
        return np.zeros(len(kinds), np.bool_)
    some = np.array([places[kind] for kind in kinds], np.int64)
    return likeness.near(some, np.array([places[kind] for kind in sorted(others) if kind in places], np.int64))


def build_type_vocabulary(
    descriptions: Iterable[tuple[str, str, str]], views: Sequence[str], tokenizer: Tokenizer, longest: int
) -> TypeVocabulary:
    """The vocabulary of (type, view, description) rows; of a repeated (type, view) the first counts.

    Args:
        descriptions: rows of the sources' description files.
        views: which to take; empty takes all.
        tokenizer: of the model to be trained.
        longest: tokens of a description; longer ones are cut off and counted.

    Raises:
        UsageError: no description has one of the views.
    """
    texts: dict[str, dict[str, str]] = {}
    stored: dict[str, None] = {}
    for kind, view, text in descriptions:
        stored[view] = None
        own = texts.setdefault(kind, {})
        base = _NUMBER.sub("", view)
        if not views or view in views or base in views:
            own.setdefault(view, text)
        if NAMED_VIEW in views and base == DEFINITION_VIEW:
            own.setdefault(view.replace(base, NAMED_VIEW), named_description(kind, text))
    if NAME_VIEW in views:
        for kind, own in texts.items():
            own.setdefault(NAME_VIEW, kind.replace("_", " "))
    texts = {kind: own for kind, own in sorted(texts.items()) if own}
    if not texts:
        found = ", ".join(stored) or "none"
        raise UsageError(f"recipe.views {', '.join(views) or '(all)'}: no description has such a view; found: {found}")
    tokens = {kind: {view: tokenizer.ids(text) for view, text in own.items()} for kind, own in texts.items()}
    cut = sum(len(ids) > longest for own in tokens.values() for ids in own.values())
    kept = {kind: {view: tuple(ids[:longest]) for view, ids in own.items()} for kind, own in tokens.items()}
    return TypeVocabulary(kept, _near(kept, tokenizer), cut)


def _near(views: Mapping[str, Mapping[str, tuple[int, ...]]], tokenizer: Tokenizer) -> dict[str, tuple[str, ...]]:
    """By the cosine of TF-IDF vectors over the tokens of name and descriptions."""
    names = list(views)
    bags = [
        np.unique([*tokenizer.ids(name.replace("_", " ")), *(one for ids in views[name].values() for one in ids)])
        for name in names
    ]
    terms, columns = np.unique(np.concatenate(bags), return_inverse=True)
    rows = np.repeat(np.arange(len(names)), [len(bag) for bag in bags])
    # terms of a single type say nothing about nearness
    frequency = np.bincount(columns, minlength=len(terms))
    shared = np.flatnonzero(frequency > 1)
    place = np.full(len(terms), -1)
    place[shared] = np.arange(len(shared))
    weights = np.log(len(names) / frequency) + 1e-6
    vectors = np.zeros((len(names), max(1, len(shared))), np.float32)
    kept = place[columns] >= 0
    vectors[rows[kept], place[columns[kept]]] = weights[columns[kept]]
    lengths = np.sqrt(np.bincount(rows, weights[columns] ** 2, minlength=len(names)))
    vectors /= np.maximum(lengths, 1e-9)[:, None].astype(np.float32)
    found: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(names), 512):
        likeness = vectors[first : first + 512] @ vectors.T
        likeness[likeness > _SAME] = 0.0  # itself among them
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :NEAREST]
        for offset, nearest in enumerate(order):
            found[names[first + offset]] = tuple(names[n] for n in nearest if likeness[offset, n] > 0)
    return found

"""Strict entity-level precision, recall and F1, by seqeval's definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SpanKey = tuple[Any, int, int, str]
"""(document, start, end, type): a prediction is right when all four are."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Precision, recall and their harmonic mean, each from 0 to 1; 0 where a denominator is 0."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entities the gold has, how many were predicted, and how many are in both.

    >>> Counts(gold=4, predicted=2, correct=2).quality
    Quality(precision=1.0, recall=0.5, f1=0.6666666666666666)
    """

    gold: int
    predicted: int
    correct: int

    @property
    def quality(self) -> Quality:
        """F1 = 2 correct / (gold + predicted), the harmonic mean of precision and recall."""
        return Quality(
            _ratio(self.correct, self.predicted),
            _ratio(self.correct, self.gold),
            _ratio(2 * self.correct, self.gold + self.predicted),
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """The counts of every type in the gold or the predictions, in the order of their names."""

    per_type: Mapping[str, Counts]

    @property
    def micro(self) -> Counts:
        """All types pooled."""
        counts = self.per_type.values()
        return Counts(sum(c.gold for c in counts), sum(c.predicted for c in counts), sum(c.correct for c in counts))

    @property
    def macro(self) -> Quality:
        """The plain mean of each measure over the types."""
        qualities = [counts.quality for counts in self.per_type.values()]
        return Quality(
            _ratio(sum(q.precision for q in qualities), len(qualities)),
            _ratio(sum(q.recall for q in qualities), len(qualities)),
            _ratio(sum(q.f1 for q in qualities), len(qualities)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "micro": _with_counts(self.micro),
            "macro": _measures(self.macro),
            "per_type": {name: _with_counts(counts) for name, counts in self.per_type.items()},
        }


@dataclass(frozen=True, slots=True)
class CountsByDocument:
    """How many entities of each type each document has: the basis of scores and their intervals.

    Attributes:
        types: the names of the columns.
        counts: int64 [documents, types, 3] gold, predicted, correct.
    """

    types: tuple[str, ...]
    counts: np.ndarray

    @property
    def scores(self) -> Scores:
        """The documents pooled; types in neither the gold nor the predictions are left out, as in seqeval."""
        pooled = dict(zip(self.types, self.counts.sum(axis=0).tolist(), strict=True))
        return Scores({name: Counts(*pooled[name]) for name in sorted(pooled) if any(pooled[name])})


def count_by_document(
    gold: Iterable[SpanKey], predicted: Iterable[SpanKey], documents: Sequence[int], types: Sequence[str]
) -> CountsByDocument:
    """Strict counts of predicted entities against gold ones; a span given twice counts once, as in seqeval.

    Args:
        gold: keys whose first part is the index of a text.
        predicted: likewise.
        documents: for each text the index of its document.
        types: every type of a key.
    """
    gold, predicted = set(gold), set(predicted)
    columns = {name: column for column, name in enumerate(types)}
    counts = np.zeros((1 + max(documents, default=-1), len(columns), 3), np.int64)
    for column, keys in enumerate((gold, predicted, gold & predicted)):
        for text, _, _, name in keys:
            counts[documents[text], columns[name], column] += 1
    return CountsByDocument(tuple(types), counts)


def score_spans(gold: Iterable[SpanKey], predicted: Iterable[SpanKey]) -> Scores:
    """Strict scores of predicted entities against gold ones; a span given twice counts once, as in seqeval.

    >>> scores = score_spans([("note 1", 0, 7, "drug")], [("note 1", 0, 7, "drug"), ("note 1", 12, 17, "drug")])
    >>> scores.micro.quality.precision, scores.micro.quality.recall
    (0.5, 1.0)
    """
    gold, predicted = set(gold), set(predicted)
    golds, predictions, corrects = (Counter(key[3] for key in keys) for keys in (gold, predicted, gold & predicted))
    return Scores(
        {name: Counts(golds[name], predictions[name], corrects[name]) for name in sorted(golds | predictions)}
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0


def _measures(quality: Quality) -> dict[str, float]:
    return {"precision": quality.precision, "recall": quality.recall, "f1": quality.f1}


def _with_counts(counts: Counts) -> dict[str, float]:
    return {
        **_measures(counts.quality),
        "gold": counts.gold,
        "predicted": counts.predicted,
        "correct": counts.correct,
    }

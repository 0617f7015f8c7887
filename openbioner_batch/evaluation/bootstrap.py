"""Confidence intervals by bootstrap: documents are drawn anew with replacement, and their counts are pooled."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

_DRAWN_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """The 2.5th and 97.5th percentile over the resamples."""

    low: float
    high: float


def resampled_counts(counts: np.ndarray, resamples: int, seed: int, name: str) -> np.ndarray:
    """The pooled counts of resamples: as many documents as the corpus has, drawn uniformly with replacement.

    Args:
        counts: [documents, ...] whole numbers.
        resamples: how many.
        seed: of the draws.
        name: of the corpus; part of the seed, so that corpora are drawn independently and each the same way whatever
            it is evaluated beside.

    Returns:
        float64 [resamples, ...].
    """
    documents = len(counts)
    flat = counts.reshape(documents, -1).astype(np.float64)
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    pooled = np.empty((resamples, flat.shape[1]))
    step = max(1, _DRAWN_AT_ONCE // documents)
    for first in range(0, resamples, step):
        rows = min(step, resamples - first)
        drawn = random.integers(documents, size=(rows, documents)) + np.arange(rows)[:, None] * documents
        times = np.bincount(drawn.ravel(), minlength=rows * documents).reshape(rows, documents)
        pooled[first : first + rows] = times @ flat
    return pooled.reshape(resamples, *counts.shape[1:])


def measures(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of counts; 0 where a denominator is 0.

    Args:
        counts: [..., 3] gold, predicted, correct.

    Returns:
        float64 [..., 3].
    """
    gold, predicted, correct = (counts[..., column].astype(np.float64) for column in range(3))
    return np.stack([_ratio(correct, predicted), _ratio(correct, gold), _ratio(2 * correct, gold + predicted)], axis=-1)


def macro_measures(counts: np.ndarray) -> np.ndarray:
    """The mean of each measure over the types that have gold or predicted entities, as seqeval takes it.

    Args:
        counts: [..., types, 3].

    Returns:
        float64 [..., 3].
    """
    present = counts[..., :2].sum(axis=-1) > 0
    total = (measures(counts) * present[..., None]).sum(axis=-2)
    return _ratio(total, np.broadcast_to(present.sum(axis=-1)[..., None], total.shape).astype(np.float64))


def interval(values: np.ndarray) -> Interval:
    """The 95 % interval of [resamples] values."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)

"""Which (window, type) pairs go through the encoder together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

LENGTH_STEP = 16
"""Lengths are rounded up to a multiple; a batch holds one rounded length, so that company does not change padding."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of one padded length.

    Attributes:
        length: padded tokens of each pair.
        windows: [pairs] window indices.
        columns: [pairs] 0 for the text alone, k for the k-th type.
    """

    length: int
    windows: np.ndarray
    columns: np.ndarray


def batches(window_tokens: np.ndarray, description_tokens: np.ndarray, token_budget: int) -> Iterator[Batch]:
    """Every window alone and with every description, longest first, at most `token_budget` padded tokens a batch.

    The composition depends on the arguments alone.

    Args:
        window_tokens: [windows] text tokens of each.
        description_tokens: [types] tokens of each description.
        token_budget: of padded tokens; a batch holds at least one pair.
    """
    overhead = np.concatenate([[1], description_tokens + 3])  # [CLS]; [CLS] and two [SEP]
    lengths = (window_tokens[:, None] + overhead[None, :]).ravel()
    padded = -(-lengths // LENGTH_STEP) * LENGTH_STEP
    order = np.argsort(-padded, kind="stable")
    windows, columns = np.divmod(order, len(overhead))
    edges = np.flatnonzero(np.diff(padded[order], prepend=-1, append=-1))
    for low, high in itertools.pairwise(edges):
        length = int(padded[order[low]])
        most = max(1, token_budget // length)
        # Even parts rather than full ones and a remainder: small batches are the slow ones.
        parts = -(-(high - low) // most)
        bounds = low + (high - low) * np.arange(parts + 1) // parts
        for first, last in itertools.pairwise(bounds):
            yield Batch(length, windows[first:last], columns[first:last])

"""Groups windows and descriptions into batches of the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np


@dataclass(frozen=True, slots=True)
class Block:
    """Windows of one length, whose common parts are computed once.

    Attributes:
        tokens: text tokens of each window.
        windows: [windows] indices.
    """

    tokens: int
    windows: np.ndarray


@dataclass(frozen=True, slots=True)
class Batch:
    """All windows of some blocks, in all of some columns.

    Attributes:
        blocks: in descending order of length.
        columns: ascending; 0 for the text alone, k for the k-th type.
    """

    blocks: tuple[Block, ...]
    columns: tuple[int, ...]

    def halves(self) -> list[Batch]:
        """The batch in two parts, by windows or by columns; empty for one window in one column."""
        windows = [(block.tokens, window) for block in self.blocks for window in block.windows.tolist()]
        if len(windows) > 1:
            middle = len(windows) // 2
            return [Batch(_blocks(part), self.columns) for part in (windows[:middle], windows[middle:])]
        middle = len(self.columns) // 2
        return [Batch(self.blocks, part) for part in (self.columns[:middle], self.columns[middle:])] if middle else []


def batches(window_tokens: np.ndarray, description_tokens: np.ndarray, token_budget: int) -> Iterator[Batch]:
    """Every window alone and with every description, longest first, without padding.

    The composition depends on the arguments alone. A window's columns stay together as far as the budget allows,
    since they share its text.

    Args:
        window_tokens: [windows] text tokens of each.
        description_tokens: [types] tokens of each description.
        token_budget: of tokens; a batch holds at least one window in one column.
    """
    overhead = np.concatenate([[1], description_tokens + 3])  # [CLS]; [CLS] and two [SEP]
    order = np.argsort(-window_tokens, kind="stable")
    most_columns = np.maximum(1, token_budget // (window_tokens + overhead.max()))
    parts = -(-len(overhead) // most_columns)
    for number in np.unique(parts)[::-1].tolist():
        split = np.array_split(np.arange(len(overhead)), number)
        per_window = max(len(columns) for columns in split)
        of_descriptions = max(int(overhead[columns].sum()) for columns in split)
        for windows in _filled(order[parts[order] == number], window_tokens, per_window, of_descriptions, token_budget):
            blocks = _blocks([(int(window_tokens[window]), window) for window in windows.tolist()])
            for columns in split:
                yield Batch(blocks, tuple(columns.tolist()))


def _filled(
    windows: np.ndarray, window_tokens: np.ndarray, columns: int, of_descriptions: int, token_budget: int
) -> Iterator[np.ndarray]:
    """`windows` in parts within the budget: equal ones rather than full ones and a remainder."""
    if not len(windows):
        return
    costs = np.cumsum(window_tokens[windows] * columns + of_descriptions)
    count = -(-int(costs[-1]) // max(1, token_budget))
    # a part ends where the next window would exceed its equal share of the whole, or the budget
    start, done = 0, 0
    while start < len(windows):
        share = min(token_budget, -(-(int(costs[-1]) - done) // max(1, count)))
        stop = max(start + 1, int(np.searchsorted(costs, done + share, "right")))
        yield windows[start:stop]
        start, done, count = stop, int(costs[stop - 1]), count - 1


def _blocks(windows: Iterable[tuple[int, int]]) -> tuple[Block, ...]:
    """Blocks of (tokens, window), which come in descending order."""
    return tuple(
        Block(tokens, np.array([window for _, window in group])) for tokens, group in groupby(windows, itemgetter(0))
    )

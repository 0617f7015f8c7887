"""The layout of a batch's tokens: sequences without padding, with shared tokens stored once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.batching import Batch

ROWS = 64
"""Rows of matrices are filled up to a multiple of this, since oneDNN builds and keeps code for every number of rows."""


@dataclass(frozen=True, slots=True)
class SequenceGroup:
    """Equally long sequences, one after another: the windows of one block in one column.

    Attributes:
        block, column: the block, and the column's index in the batch (not its number).
        start: of the first sequence, among the batch's tokens.
        sequences: how many.
        length: tokens of each; the first `text` of them are `[CLS]` and the window.
        text: see `length`.
        read_start: of the first sequence's read tokens, among all read tokens.
        reads: read tokens of each sequence.
    """

    block: int
    column: int
    start: int
    sequences: int
    length: int
    text: int
    read_start: int
    reads: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text whose read tokens attend to it.

    Attributes:
        start: of the text, among all tokens.
        length: its tokens.
        read_start: of its read tokens, among all read tokens.
        reads: how many.
    """

    start: int
    length: int
    read_start: int
    reads: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A batch in the encoder's form.

    Distinct tokens are those that differ in id, position or segment: a window's text is stored once for all columns,
    a description once for all windows of one length. All but the groups are filled up to a multiple of `ROWS`; results
    of the added rows are ignored.

    Attributes:
        ids, positions, segments: [distinct] int64 each; ids of the vocabulary, or rows of states.
        text_starts: [blocks] where each block's texts begin among the distinct tokens; its descriptions follow them.
        source: [tokens] int64, the distinct token at each position of the sequences.
        read: [reads] int64, the positions that are read, group by group.
        groups: block by block, in each column by column.
    """

    ids: np.ndarray
    positions: np.ndarray
    segments: np.ndarray
    text_starts: np.ndarray
    source: np.ndarray
    read: np.ndarray
    groups: tuple[SequenceGroup, ...]

    @property
    def tokens(self) -> int:
        """How many of `source` are real."""
        last = self.groups[-1]
        return last.start + last.sequences * last.length

    @property
    def reads(self) -> int:
        """How many of `read` are real."""
        last = self.groups[-1]
        return last.read_start + last.sequences * last.reads


def lay_out(
    batch: Batch,
    texts: Sequence[np.ndarray],
    places: Sequence[np.ndarray],
    tails: Sequence[np.ndarray],
) -> Layout:
    """Lay out a batch.

    Args:
        batch: the batch.
        texts: [windows] ids of `[CLS]` and each window's tokens.
        places: [windows] which of them are read, 0 for `[CLS]`.
        tails: [types] ids of each description's tokens between two `[SEP]`.
    """
    ids: list[np.ndarray] = []
    positions: list[np.ndarray] = []
    lengths: list[int] = []
    text_starts = np.zeros(len(batch.blocks), np.int64)
    source: list[np.ndarray] = []
    read: list[np.ndarray] = []
    groups: list[SequenceGroup] = []
    distinct = tokens = reads = 0
    of_columns = [tails[column - 1] if column else np.zeros(0, np.int64) for column in batch.columns]
    for number, block in enumerate(batch.blocks):
        text, count = 1 + block.tokens, len(block.windows)
        rows = np.stack([texts[window] for window in block.windows])
        text_starts[number] = distinct
        ids.append(rows.ravel())
        positions.append(np.tile(np.arange(text), count))
        text_source = distinct + np.arange(count * text).reshape(count, text)
        distinct += count * text
        lengths.append(count * text)
        wanted = _even([places[window] for window in block.windows])
        for column, tail in enumerate(of_columns):
            length = text + len(tail)
            ids.append(tail)
            positions.append(np.arange(text, length))
            lengths.append(len(tail))
            of_tail = np.broadcast_to(distinct + np.arange(len(tail)), (count, len(tail)))
            source.append(np.concatenate([text_source, of_tail], axis=1).ravel())
            read.append((tokens + length * np.arange(count)[:, None] + wanted).ravel())
            groups.append(SequenceGroup(number, column, tokens, count, length, text, reads, wanted.shape[1]))
            distinct += len(tail)
            tokens += count * length
            reads += wanted.size
    of_text = np.array([True, *([False] * len(of_columns))] * len(batch.blocks))
    return Layout(
        pad_rows(np.concatenate(ids).astype(np.int64)),
        pad_rows(np.concatenate(positions)),
        pad_rows(np.repeat(np.where(of_text, 0, 1), lengths)),
        text_starts,
        pad_rows(np.concatenate(source)),
        pad_rows(np.concatenate(read)),
        tuple(groups),
    )


def pad_rows(indices: np.ndarray) -> np.ndarray:
    """The indices with zeros after them, up to a multiple of `ROWS`."""
    return np.pad(indices, (0, -len(indices) % ROWS))


def _even(places: Sequence[np.ndarray]) -> np.ndarray:
    """[windows, most] positions, with shorter rows filled up by `[CLS]`, which is ignored."""
    even = np.zeros((len(places), max(map(len, places))), np.int64)
    for row, some in zip(even, places, strict=True):
        row[: len(some)] = some
    return even

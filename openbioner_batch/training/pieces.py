"""Annotated passages as tokens, from which training draws repeatedly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.passages import AnnotatedPassage

WordMention = tuple[int, int, str]
"""First word, last word + 1, type."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage, or a part of one that fits a pass of the encoder.

    Attributes:
        source: the corpus or run that annotated it.
        token_ids: [tokens] vocabulary indices, without special tokens.
        word_starts: [words] index of each word's first token.
        mentions: every mention, by words.
        unsure: (first word, last word + 1) of ranges without a label.
        annotated: types whose absence is certain; None for any.
    """

    source: str
    token_ids: np.ndarray
    word_starts: np.ndarray
    mentions: tuple[WordMention, ...]
    unsure: tuple[tuple[int, int], ...]
    annotated: tuple[str, ...] | None


def tokenize_passages(passages: Sequence[AnnotatedPassage], tokenizer: Tokenizer, text_tokens: int) -> Iterator[Piece]:
    """The pieces of passages, in order. Passages without words give none.

    Args:
        passages: with offsets in code points.
        tokenizer: of the model to be trained.
        text_tokens: the longest piece. A longer passage is cut between words; a mention that is cut is unlabelled.
    """
    for passage, encoding in zip(passages, tokenizer.encode([passage.text for passage in passages]), strict=True):
        ids = np.array(encoding.ids, np.int32)
        if not len(ids):
            continue
        offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        starts = np.flatnonzero(np.diff(np.array(encoding.word_ids, np.int64), prepend=-1))
        begins, ends = offsets[starts, 0], np.maximum.reduceat(offsets[:, 1], starts)
        mentions = [(*_words(begins, ends, m.start, m.end), m.type) for m in passage.mentions]
        unsure = [_words(begins, ends, start, end) for start, end in passage.unsure]
        edges = _cuts(starts, len(ids), text_tokens)
        for low, high in pairwise(edges):
            first = int(starts[low])
            last = min(int(starts[high]) if high < len(starts) else len(ids), first + text_tokens)
            whole = [(a - low, b - low, kind) for a, b, kind in mentions if low <= a < b <= high]
            cut = [(a, b) for a, b, _ in mentions if a < b and a < high and b > low and not low <= a < b <= high]
            doubtful = [(max(a, low) - low, min(b, high) - low) for a, b in (*unsure, *cut) if a < high and b > low]
            yield Piece(
                passage.source,
                ids[first:last],
                (starts[low:high] - first).astype(np.int32),
                tuple(dict.fromkeys(whole)),
                tuple((a, b) for a, b in doubtful if a < b),
                passage.annotated,
            )


def mentioned_types(pieces: Iterable[Piece]) -> list[str]:
    """The types that pieces mention, each once, in the order of their first mention."""
    return list(dict.fromkeys(kind for piece in pieces for _, _, kind in piece.mentions))


def _words(begins: np.ndarray, ends: np.ndarray, start: int, end: int) -> tuple[int, int]:
    return int(np.searchsorted(ends, start, "right")), int(np.searchsorted(begins, end, "left"))


def _cuts(starts: np.ndarray, tokens: int, most: int) -> list[int]:
    """Word indices at which pieces of at most `most` tokens begin, and the number of words."""
    bounds = np.append(starts, tokens)
    edges = [0]
    while bounds[-1] - bounds[edges[-1]] > most:
        edges.append(max(edges[-1] + 1, int(np.searchsorted(bounds, bounds[edges[-1]] + most, "right")) - 1))
        if edges[-1] == len(starts):
            return edges
    return [*edges, len(starts)]

"""The letter case of words, for encoders with an uncased vocabulary.

An uncased encoder does not distinguish "JM" from "jm". Where a model's configuration has `letter_case`, the case of a
token's word is in the upper bits of its id, and the encoder adds a learned vector for it to the token's embedding. So
everything between tokenizer and embedding (windows, batches, masks, training data) is unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

SHIFT = 20
"""Bits of an id that are the index in the vocabulary."""
CASES = ("none", "capitalized", "upper", "initial", "mixed")
"""No capital; "Rose"; "JM"; "J"; "McRae"."""


def word_case(word: str) -> int:
    """The index in `CASES` of a word."""
    if word == word.lower():
        return 0
    if len(word) == 1:
        return 3
    if word == word.upper():
        return 2
    return 1 if word[1:] == word[1:].lower() else 4


def with_case(
    text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]], words: Sequence[int | None]
) -> np.ndarray:
    """Ids with the case of their words.

    Args:
        text: the tokenized text.
        ids: [tokens] vocabulary indices.
        offsets: [tokens] half-open code-point offsets into it.
        words: [tokens] equal for neighbouring tokens of one word.

    Returns:
        int64 [tokens].
    """
    found = np.array(ids, np.int64)
    if not len(found):
        return found
    places = np.array(offsets, np.int64).reshape(-1, 2)
    starts = np.flatnonzero(np.diff(np.array(words, np.int64), prepend=-1))
    begins, ends = places[starts, 0].tolist(), np.maximum.reduceat(places[:, 1], starts).tolist()
    cases = np.array([word_case(text[begin:end]) for begin, end in zip(begins, ends, strict=True)], np.int64)
    return found | np.repeat(cases, np.diff(starts, append=len(found))) << SHIFT


def split_case(token_ids: Tensor) -> tuple[Tensor, Tensor]:
    """Splits ids into vocabulary indices and cases."""
    return token_ids & ((1 << SHIFT) - 1), torch.bitwise_right_shift(token_ids, SHIFT)

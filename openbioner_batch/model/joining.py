"""Attention in a last layer that joins texts and descriptions: of words to their texts, then to each description.

A word's attention over its text is the same for every description. It is kept unnormalised with the sum of its weights,
the part from a description is added, and the total is divided. That is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from openbioner_batch.model import native
from openbioner_batch.model.attention import LEAST_SUM
from openbioner_batch.model.layout import TextPart
from openbioner_batch.model.placing import send


@dataclass(frozen=True, slots=True)
class PartialAttention:
    """The attention of tokens over a part of their keys.

    Attributes:
        values: [reads, heads, size] float32, weighted by unnormalised weights.
        sums: [reads, heads] float32, of the weights.
        tops: [reads, heads] float32, the largest score, which was subtracted from all; None without that.
    """

    values: Tensor
    sums: Tensor
    tops: Tensor | None = None

    def mean(self, dtype: torch.dtype) -> Tensor:
        """[..., reads, heads * size]: the values normalised. Sums too small for precision give NaN."""
        sums = self.sums.masked_fill(self.sums < LEAST_SUM, torch.nan)
        return (self.values / sums[..., None]).flatten(-2).to(dtype)


def attend_to_texts(
    query: Tensor, key: Tensor, value: Tensor, texts: Sequence[TextPart], shifted: bool
) -> PartialAttention:
    """The attention of the read tokens over their own texts.

    Args:
        query: [reads, heads, size], scaled as for `attention.attend`.
        key: [tokens, heads, size].
        value: [tokens, heads, size].
        texts: where each text and its read tokens lie; they cover all of `query`.
        shifted: whether to subtract each row's largest score; without it, scores beyond the range of floats give NaN.
    """
    if not shifted and native.supports_attention(query):
        return PartialAttention(*native.attend_to_texts(query, key, value, texts))
    seen = _PaddedSequences([text.start for text in texts], [text.length for text in texts], query.device)
    queries = _PaddedSequences([text.read_start for text in texts], [text.reads for text in texts], query.device)
    found = _partial_attention(queries.of(query).transpose(1, 2), seen.of(key), seen.of(value), seen.beyond, shifted)
    return PartialAttention(*(None if part is None else queries.real(part) for part in found))  # type: ignore[arg-type]


def attend_to_descriptions(
    query: Tensor, gathered: PartialAttention, key: Tensor, value: Tensor, lengths: Sequence[int], rows: int
) -> Tensor:
    """The attention of the read tokens over their own texts and each of some descriptions.

    Args:
        query: as for `attend_to_texts`.
        gathered: its result.
        key: [tokens, heads, size] of the descriptions, one after another.
        value: likewise.
        lengths: of each.
        rows: of the result, at least `len(lengths) * reads`; the rest is meaningless.

    Returns:
        [rows, heads * size]: all read tokens with the first description, then all with the second, and so on.
    """
    reads = len(gathered.values)
    context = query.new_zeros(rows, query.shape[1] * query.shape[2])
    if gathered.tops is None and native.supports_attention(query):
        native.attend_to_descriptions(query, gathered.values, gathered.sums, key, value, lengths, context)
        return context
    seen = _PaddedSequences(np.cumsum([0, *lengths[:-1]]), lengths, query.device)
    shifted = gathered.tops is not None
    queries = query[:reads].transpose(0, 1)
    more = PartialAttention(*_partial_attention(queries, seen.of(key), seen.of(value), seen.beyond, shifted))
    context[: len(lengths) * reads] = _sum(gathered, more).mean(context.dtype).flatten(0, 1)
    return context


class _PaddedSequences:
    """Sequences that lie one after another as rows of one length, for one product instead of one for each."""

    def __init__(self, starts: Sequence[int] | np.ndarray, lengths: Sequence[int], device: torch.device) -> None:
        self._shape = len(lengths), max(lengths, default=0)
        steps = np.arange(self._shape[1])
        is_real = steps < np.array(lengths, np.int64)[:, None]
        rows = np.array(starts, np.int64)[:, None] + np.where(is_real, steps, 0)
        self._rows = send(rows.ravel(), device)
        self._real = send(np.flatnonzero(is_real), device)
        self.beyond = send(~is_real, device)
        """[sequences, longest] whether a place is padding."""

    def of(self, tokens: Tensor) -> Tensor:
        """[sequences, longest, ...] of [tokens, ...]; padded places repeat a sequence's first token."""
        return tokens.index_select(0, self._rows).unflatten(0, self._shape)

    def real(self, rows: Tensor) -> Tensor:
        """[tokens, ...] of [sequences, longest, ...], without the padding."""
        return rows.flatten(0, 1).index_select(0, self._real)


def _partial_attention(
    query: Tensor, key: Tensor, value: Tensor, beyond: Tensor, shifted: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The attention of queries over each of some sequences.

    Args:
        query: [heads, queries, size], or [sequences, heads, queries, size].
        key: [sequences, longest, heads, size].
        value: likewise.
        beyond: [sequences, longest] whether a position is padding.
        shifted: whether to subtract the largest scores.

    Returns:
        The parts of a `PartialAttention` for each sequence: they begin with [sequences, queries, heads].
    """
    scores = query.float() @ key.permute(0, 2, 3, 1).float()
    scores.masked_fill_(beyond[:, None, None], -torch.inf)
    tops = scores.amax(-1) if shifted else None
    if tops is not None:
        scores -= tops[..., None]
    weights = scores.exp2_()
    values = (weights.to(value.dtype) @ value.transpose(1, 2)).float()
    return values.transpose(1, 2), weights.sum(-1).transpose(1, 2), None if tops is None else tops.transpose(1, 2)


def _sum(one: PartialAttention, other: PartialAttention) -> PartialAttention:
    if one.tops is None or other.tops is None:
        return PartialAttention(one.values + other.values, one.sums + other.sums)
    top = torch.maximum(one.tops, other.tops)
    first, second = (one.tops - top).exp2(), (other.tops - top).exp2()
    values = one.values * first[..., None] + other.values * second[..., None]
    return PartialAttention(values, one.sums * first + other.sums * second)

"""Attention in a last layer that joins texts and descriptions: of words to their texts, then to each description.

What a word gathers from its text is the same for every description, so it is kept unnormalised, with the sum of its
weights; what it gathers from a description is added, and the whole divided. That is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from openbioner_batch.model import native
from openbioner_batch.model.attention import LEAST_SUM
from openbioner_batch.model.layout import TextPart


@dataclass(frozen=True, slots=True)
class PartialAttention:
    """What tokens gathered from a part of what they see.

    Attributes:
        values: [reads, heads, size] float32, weighted by unnormalised weights.
        sums: [reads, heads] float32, of the weights.
        tops: [reads, heads] float32, the largest score, which was subtracted from all; None where none was.
    """

    values: Tensor
    sums: Tensor
    tops: Tensor | None = None

    def mean(self, dtype: torch.dtype) -> Tensor:
        """[reads, heads * size]: the values normalised. Sums too small to be trusted make NaN."""
        sums = self.sums.masked_fill(self.sums < LEAST_SUM, torch.nan)
        return (self.values / sums[..., None]).flatten(1).to(dtype)


def attend_to_texts(
    query: Tensor, key: Tensor, value: Tensor, texts: Sequence[TextPart], shifted: bool
) -> PartialAttention:
    """What the read tokens gather from their own texts.

    Args:
        query: [reads, heads, size], scaled as for `attention.attend`.
        key: [tokens, heads, size].
        value: [tokens, heads, size].
        texts: where each text and its read tokens lie; they cover all of `query`.
        shifted: whether to subtract each row's largest score; without it, scores beyond the range of floats give NaN.
    """
    if not shifted and native.supports_attention(query):
        return PartialAttention(*native.attend_to_texts(query, key, value, texts))
    parts = []
    for text in texts:
        queries = query[text.read_start : text.read_start + text.reads]
        seen = slice(text.start, text.start + text.length)
        parts.append(_partial_attention(queries, key[seen], value[seen], shifted))
    return PartialAttention(*(None if of[0] is None else torch.cat(of) for of in zip(*parts, strict=True)))  # type: ignore[arg-type]


def attend_to_descriptions(
    query: Tensor, gathered: PartialAttention, key: Tensor, value: Tensor, lengths: Sequence[int], rows: int
) -> Tensor:
    """What the read tokens gather from their own texts and from each of some descriptions.

    Args:
        query: as for `attend_to_texts`.
        gathered: what that found.
        key: [tokens, heads, size] of the descriptions, one after another.
        value: likewise.
        lengths: of each.
        rows: of the result, at least `len(lengths) * reads`; the rest means nothing.

    Returns:
        [rows, heads * size]: all read tokens with the first description, then all with the second, and so on.
    """
    reads = len(gathered.values)
    context = query.new_zeros(rows, query.shape[1] * query.shape[2])
    if gathered.tops is None and native.supports_attention(query):
        native.attend_to_descriptions(query, gathered.values, gathered.sums, key, value, lengths, context)
        return context
    start = 0
    for number, length in enumerate(lengths):
        seen = slice(start, start + length)
        more = PartialAttention(*_partial_attention(query[:reads], key[seen], value[seen], gathered.tops is not None))
        context[number * reads : (number + 1) * reads] = _sum(gathered, more).mean(context.dtype)
        start += length
    return context


def _partial_attention(
    query: Tensor, key: Tensor, value: Tensor, shifted: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    scores = torch.bmm(query.transpose(0, 1).float(), key.permute(1, 2, 0).float())
    tops = scores.amax(-1) if shifted else None
    if tops is not None:
        scores -= tops[..., None]
    weights = scores.exp2_()
    values = torch.bmm(weights.to(value.dtype), value.transpose(0, 1)).float()
    return values.transpose(0, 1), weights.sum(-1).T, None if tops is None else tops.T


def _sum(one: PartialAttention, other: PartialAttention) -> PartialAttention:
    if one.tops is None or other.tops is None:
        return PartialAttention(one.values + other.values, one.sums + other.sums)
    top = torch.maximum(one.tops, other.tops)
    first, second = (one.tops - top).exp2(), (other.tops - top).exp2()
    values = one.values * first[..., None] + other.values * second[..., None]
    return PartialAttention(values, one.sums * first + other.sums * second)

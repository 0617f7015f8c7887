"""The joint layers of an encoder whose lower layers are separate, for many (text, description) pairs, trainable.

All pairs of a text share its lower states, and so do all pairs of a description. The first joint layer projects
each state once; in the last one only the tokens that are read have queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model.encoder import Layer, attend_padded, padding_mask


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sequences of similar length that go through the joint layers together.

    Attributes:
        source: [pairs, length] which of the lower states each token is, padded with 0.
        lengths: [pairs] real lengths.
        places: [pairs, reads] the tokens that are read, padded with 0.
    """

    source: Tensor
    lengths: Tensor
    places: Tensor


def join(layers: Sequence[Layer], states: Tensor, groups: Sequence[Pairs]) -> Iterator[Tensor]:
    """The last states of the read tokens.

    Args:
        layers: the joint ones, at least one.
        states: [tokens, hidden] lower states of all texts and descriptions.
        groups: the pairs.

    Yields:
        [pairs, reads, hidden] for each group; values at padded positions are meaningless.
    """
    projected = layers[0].query_key_value(states)
    for pairs in groups:
        yield _join(layers, states, projected, pairs)


def _join(layers: Sequence[Layer], states: Tensor, projected: Tensor, pairs: Pairs) -> Tensor:
    mask = padding_mask(pairs.lengths, pairs.source.shape[1], projected)
    if len(layers) == 1:
        query_places = pairs.source.gather(1, pairs.places)
        width = states.shape[1]
        (query,) = layers[0].split_heads(rows_of(projected[:, :width], query_places))
        key, value = layers[0].split_heads(rows_of(projected[:, width:], pairs.source))
        return layers[0].finish(rows_of(states, query_places), attend_padded(query, key, value, mask))
    query, key, value = layers[0].split_heads(rows_of(projected, pairs.source))
    hidden = layers[0].finish(rows_of(states, pairs.source), attend_padded(query, key, value, mask))
    for layer in layers[1:-1]:
        hidden = layer(hidden, mask)
    return _read(layers[-1], hidden, pairs.places, mask)


def _read(layer: Layer, hidden: Tensor, places: Tensor, mask: Tensor) -> Tensor:
    """The last layer, of which only some tokens are read."""
    batch, length, width = hidden.shape
    first = torch.arange(batch, device=hidden.device)[:, None] * length
    residual = rows_of(hidden.reshape(-1, width), places + first)
    weight, bias = layer.query_key_value.weight, layer.query_key_value.bias
    (query,) = layer.split_heads(F.linear(residual, weight[:width], bias[:width]))
    key, value = layer.split_heads(F.linear(hidden, weight[width:], bias[width:]))
    return layer.finish(residual, attend_padded(query, key, value, mask))


def rows_of(table: Tensor, index: Tensor) -> Tensor:
    """Rows of [rows, width] as [a, b, width]; gradients of a row that is used more than once are summed in float32."""
    taken: Tensor = _Rows.apply(table, index.flatten())
    return taken.view(*index.shape, table.shape[1])


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.rows, ctx.dtype = table.shape[0], table.dtype
        return table.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        total = gradient.new_zeros(ctx.rows, gradient.shape[1], dtype=torch.float32)
        return total.index_add_(0, index, gradient.float()).to(ctx.dtype), None

"""The first layer's attention on a CPU, where a window's text has the same states in every column."""

from __future__ import annotations

import torch
from torch import Tensor

from openbioner_batch.model import native
from openbioner_batch.model.attention import partial_attention, split_heads, write_normalised, zero_padding_rows
from openbioner_batch.model.layout import Layout


def attend_sharing(query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
    """The attention output of each token over its sequence, from the distinct tokens' projections.

    A text's weights on itself, and their sums, are computed once and serve every column: the weights are not
    normalised before all of a row's parts are known. Scores beyond the range of floats give NaN.

    Args:
        query: [distinct, heads, size], scaled as for `attend`.
        key: [distinct, heads, size].
        value: [distinct, heads, size].
        layout: of the batch.

    Returns:
        [tokens, heads * size], in the order of the sequences.
    """
    if native.supports_attention(query):
        return zero_padding_rows(native.attend_sharing(query, key, value, layout), layout.tokens)
    context = query.new_empty(len(layout.source), *query.shape[1:])
    query, key, half = query.float(), key.float(), value.dtype
    per_block = len(layout.groups) // len(layout.text_starts)
    for block, start in enumerate(layout.text_starts.tolist()):
        groups = layout.groups[block * per_block : (block + 1) * per_block]
        count, text = groups[0].sequences, groups[0].text
        texts = slice(start, start + count * text)
        tails = slice(texts.stop, texts.stop + sum(group.length - text for group in groups))
        text_query, text_key, text_value = (split_heads(part[texts], count) for part in (query, key, value))
        text_gathered, text_sums = partial_attention(text_query, text_key, text_value)
        # descriptions of all columns side by side; every window of the block sees the same ones
        tail_query, tail_key, tail_value = (
            part[tails].transpose(0, 1).repeat(count, 1, 1) for part in (query, key, value)
        )
        to_tails = torch.bmm(text_query, tail_key.transpose(1, 2)).exp2_()
        tail_gathered, tail_sums = partial_attention(tail_query, text_key, text_value)
        low = 0
        for group in groups:
            own = slice(low, low + group.length - text)
            low = own.stop
            weights = to_tails[:, :, own]
            within, within_sums = partial_attention(tail_query[:, own], tail_key[:, own], tail_value[:, own])
            target = context[group.start : group.start + count * group.length].unflatten(0, (count, -1))
            from_tail = torch.bmm(weights.to(half), tail_value[:, own])
            write_normalised(target[:, :text], text_gathered + from_tail, text_sums + weights.sum(-1, keepdim=True))
            write_normalised(target[:, text:], tail_gathered[:, own] + within, tail_sums[:, own] + within_sums)
    return zero_padding_rows(context.flatten(1), layout.tokens)

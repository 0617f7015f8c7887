"""The first layer's attention on a CPU, where what a window's text does is the same in every column."""

from __future__ import annotations

import torch
from torch import Tensor

from openbioner_batch.model import native
from openbioner_batch.model.attention import by_head, gather, put, without_rests
from openbioner_batch.model.layout import Layout


def attend_sharing(query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
    """What each token gathers from its sequence, from the distinct tokens' projections.

    A text's weights on itself, and their sums, are computed once and serve every column: the weights are not
    normalised before all of a row's parts are known. Scores beyond the range of floats give NaN.

    Args:
        query, key, value: [distinct, heads, size], queries scaled as `attend` wants them.
        layout: of the batch.

    Returns:
        [tokens, heads * size], at the places of the sequences.
    """
    if native.attends(query):
        return without_rests(native.attend_sharing(query, key, value, layout), layout.tokens)
    context = query.new_empty(len(layout.source), *query.shape[1:])
    query, key, half = query.float(), key.float(), value.dtype
    per_block = len(layout.stretches) // len(layout.text_starts)
    for block, start in enumerate(layout.text_starts.tolist()):
        stretches = layout.stretches[block * per_block : (block + 1) * per_block]
        count, text = stretches[0].sequences, stretches[0].text
        texts = slice(start, start + count * text)
        tails = slice(texts.stop, texts.stop + sum(stretch.length - text for stretch in stretches))
        text_query, text_key, text_value = (by_head(part[texts], count) for part in (query, key, value))
        text_gathered, text_sums = gather(text_query, text_key, text_value)
        # Descriptions of all columns side by side; every window of the block sees the same ones.
        tail_query, tail_key, tail_value = (
            part[tails].transpose(0, 1).repeat(count, 1, 1) for part in (query, key, value)
        )
        to_tails = torch.bmm(text_query, tail_key.transpose(1, 2)).exp2_()
        tail_gathered, tail_sums = gather(tail_query, text_key, text_value)
        low = 0
        for stretch in stretches:
            own = slice(low, low + stretch.length - text)
            low = own.stop
            weights = to_tails[:, :, own]
            within, within_sums = gather(tail_query[:, own], tail_key[:, own], tail_value[:, own])
            target = context[stretch.start : stretch.start + count * stretch.length].unflatten(0, (count, -1))
            from_tail = torch.bmm(weights.to(half), tail_value[:, own])
            put(target[:, :text], text_gathered + from_tail, text_sums + weights.sum(-1, keepdim=True))
            put(target[:, text:], tail_gathered[:, own] + within, tail_sums[:, own] + within_sums)
    return without_rests(context.flatten(1), layout.tokens)

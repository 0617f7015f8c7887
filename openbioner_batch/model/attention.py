"""Attention over sequences without padding, on CPUs and on GPUs.

Queries come scaled so that their products with keys are logarithms to base 2 of the unnormalised weights: torch's
exp2 is two and a half times as fast as its exp on a CPU. There the scores are float32 even where everything
else is bfloat16: it halves the spans that differ from float32.
"""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model import device as devices
from openbioner_batch.model import native
from openbioner_batch.model.layout import SequenceGroup
from openbioner_batch.model.placing import Placed

LOG2_E = math.log2(math.e)
_SCORES_AT_ONCE = 2 << 20
"""How many weights are held at a time on a CPU: about what its caches hold."""
LEAST_SUM = 1e-30
"""A sum of weights below this has lost its precision."""


def attend(query: Tensor, key: Tensor, value: Tensor, placed: Placed, reads_only: bool, shifted: bool) -> Tensor:
    """The attention output of each token over its sequence.

    Args:
        query: [tokens or reads, heads, size], scaled.
        key: [tokens, heads, size].
        value: [tokens, heads, size].
        placed: the batch's layout.
        reads_only: whether there are queries only for the read tokens.
        shifted: whether to subtract each row's largest score before the exponential; without it, scores beyond the
            range of floats give NaN. Used on CPUs; elsewhere it is always done.

    Returns:
        [tokens or reads, heads * size], zeros beyond the real ones.
    """
    layout = placed.layout
    if not shifted and native.supports_attention(query):
        context = native.attend(query, key, value, layout, reads_only)
    elif devices.has_cpu_kernels(query.device):
        context = _attend_on_cpu(query, key, value, layout.groups, reads_only, shifted)
    elif supports_varlen(query.device, query.dtype):
        context = attend_packed(query, key, value, placed, reads_only)
    else:
        context = attend_with_torch(query, key, value, layout.groups, reads_only)
    return zero_padding_rows(context, layout.reads if reads_only else layout.tokens)


def zero_padding_rows(context: Tensor, real: int) -> Tensor:
    """Zero the rows that fill up a batch.

    Uninitialized memory may hold NaN, which oneDNN's products in bfloat16 leak into the row before where the width is
    not a multiple of their block.
    """
    context[real:] = 0.0
    return context


@functools.cache
def supports_varlen(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether variable-length flash attention is available for a device and a number format."""
    half = dtype in (torch.bfloat16, torch.float16)
    if not half or device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 0):
        return False
    return importlib.util.find_spec("torch.nn.attention.varlen") is not None


def attend_with_torch(
    query: Tensor, key: Tensor, value: Tensor, groups: Sequence[SequenceGroup], reads_only: bool
) -> Tensor:
    """By torch's own attention, group by group: any device and number format."""
    context = torch.empty_like(query)
    for group in groups:
        of_query = _queries(group, reads_only)
        q = query[of_query].unflatten(0, (group.sequences, -1)).transpose(1, 2)
        k, v = (
            part[group.start : group.start + group.sequences * group.length]
            .unflatten(0, (group.sequences, -1))
            .transpose(1, 2)
            for part in (key, value)
        )
        found = F.scaled_dot_product_attention(q, k, v, scale=1 / LOG2_E)
        context[of_query] = found.transpose(1, 2).flatten(0, 1)
    return context.flatten(1)


def attend_packed(query: Tensor, key: Tensor, value: Tensor, placed: Placed, reads_only: bool) -> Tensor:
    """By one launch of variable-length flash attention, whatever the lengths; see `attend`."""
    longest = placed.longest
    query_bounds, most = (placed.read_bounds, placed.most_reads) if reads_only else (placed.bounds, longest)
    return varlen_attention(query, key, value, query_bounds, placed.bounds, most, longest, 1 / LOG2_E).flatten(1)


def varlen_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_bounds: Tensor,
    key_bounds: Tensor,
    most: int,
    longest: int,
    scale: float,
) -> Tensor:
    """torch's variable-length flash attention for heads of any size, with gradients.

    Args:
        query: [queries, heads, size].
        key: [tokens, heads, size].
        value: [tokens, heads, size].
        query_bounds: [sequences + 1] int32, where each sequence begins among the queries.
        key_bounds: [sequences + 1] int32, where each begins among the tokens.
        most: the most queries of a sequence.
        longest: tokens of the longest sequence.
        scale: of the scores.

    Returns:
        [queries, heads, size].
    """
    from torch.nn.attention.varlen import varlen_attn

    size = query.shape[-1]
    if size % 8:  # the sizes that the kernel accepts
        query, key, value = (F.pad(part, (0, 8 - size % 8)) for part in (query, key, value))
    found = varlen_attn(query, key, value, query_bounds, key_bounds, most, longest, scale=scale)
    assert isinstance(found, Tensor)
    return found[..., :size]


def _queries(group: SequenceGroup, reads_only: bool) -> slice:
    start, each = (group.read_start, group.reads) if reads_only else (group.start, group.length)
    return slice(start, start + group.sequences * each)


def _attend_on_cpu(
    query: Tensor, key: Tensor, value: Tensor, groups: Sequence[SequenceGroup], reads_only: bool, shifted: bool
) -> Tensor:
    context = torch.empty_like(query)
    heads = query.shape[1]
    for group in groups:
        each = group.reads if reads_only else group.length
        start = _queries(group, reads_only).start
        step = max(1, _SCORES_AT_ONCE // (heads * each * group.length))
        for low in range(0, group.sequences, step):
            count = min(step, group.sequences - low)
            of_query = slice(start + low * each, start + (low + count) * each)
            first = group.start + low * group.length
            of_key = slice(first, first + count * group.length)
            q, k, v = (split_heads(part, count) for part in (query[of_query], key[of_key], value[of_key]))
            write_normalised(
                context[of_query].unflatten(0, (count, -1)), *partial_attention(q.float(), k.float(), v, shifted)
            )
    return context.flatten(1)


def partial_attention(query: Tensor, key: Tensor, value: Tensor, shifted: bool = False) -> tuple[Tensor, Tensor]:
    """Sums weighted by unnormalised weights, and the sums of the weights.

    Args:
        query: [sequences * heads, length, size] float32.
        key: [sequences * heads, length, size] float32.
        value: [sequences * heads, length, size] in its own format.
        shifted: as for `attend`.

    Returns:
        [sequences * heads, length, size] float32, and [sequences * heads, length, 1] float32.
    """
    scores = torch.bmm(query, key.transpose(1, 2))
    if shifted:
        scores -= scores.amax(-1, keepdim=True)
    weights = scores.exp2_()
    return torch.bmm(weights.to(value.dtype), value).float(), weights.sum(-1, keepdim=True)


def split_heads(part: Tensor, sequences: int) -> Tensor:
    """[sequences * length, heads, size] as [sequences * heads, length, size]."""
    if sequences == 1:
        return part.transpose(0, 1)
    return part.unflatten(0, (sequences, -1)).transpose(1, 2).flatten(0, 1)


def write_normalised(target: Tensor, gathered: Tensor, sums: Tensor) -> None:
    """Write weighted sums, divided by the sums of the weights, to the rows of their tokens.

    Args:
        target: [sequences, length, heads, size].
        gathered: [sequences * heads, length, size].
        sums: [sequences * heads, length, 1] float32. Those too small for precision give NaN.
    """
    mean = gathered / sums.masked_fill_(sums < LEAST_SUM, torch.nan)
    target.copy_(mean.unflatten(0, (len(target), -1)).transpose(1, 2))

"""Devices to check, and the rehearsal: a CPU that goes every way that a GPU goes, as far as a CPU can."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from openbioner_batch.model import attention, device, inference, late_inference, split
from openbioner_batch.model.layout import Layout
from openbioner_batch.model.placing import Placed, place

REHEARSAL = "rehearsal"
"""As a device: plain products, sequences at their places from the first layer on, the packed attention of GPUs with
its kernel emulated, float16. Pinned memory, events and the kernels themselves are left to GPUs."""


@dataclass
class Limit:
    """What a device refused while its memory was limited."""

    refusals: int = 0


@contextmanager
def on(name: str) -> Iterator[str]:
    """The torch device of this name; within, a rehearsal's CPU goes the ways of a GPU."""
    if name != REHEARSAL:
        yield name
        return
    with ExitStack() as stack:
        stack.enter_context(patch.object(device, "has_cpu_kernels", lambda device: False))
        stack.enter_context(patch.object(attention, "supports_varlen", lambda device, dtype: dtype != torch.float32))
        stack.enter_context(patch("torch.nn.attention.varlen.varlen_attn", emulated_varlen_attention))
        stack.enter_context(patch("openbioner_batch.model.tagger.resolve_dtype", lambda dtype, device: dtype))
        yield "cpu"


def emulated_varlen_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_bounds: Tensor,
    key_bounds: Tensor,
    most: int,
    longest: int,
    *,
    scale: float,
) -> Tensor:
    """What a GPU's kernel does, sequence by sequence; it refuses what the kernel refuses."""
    assert query.shape[-1] % 8 == 0
    assert query_bounds.dtype == key_bounds.dtype == torch.int32
    assert (int(query_bounds.diff().max()), int(key_bounds.diff().max())) == (most, longest)
    found = torch.full_like(query, torch.nan)  # rows beyond the last sequence mean nothing
    for sequence in range(len(key_bounds) - 1):
        q, k = (slice(int(b[sequence]), int(b[sequence + 1])) for b in (query_bounds, key_bounds))
        scores = torch.einsum("qhd,khd->hqk", query[q].float(), key[k].float()) * scale
        weights = scores.softmax(-1).to(value.dtype)
        found[q] = torch.einsum("hqk,khd->qhd", weights.float(), value[k].float()).to(value.dtype)
    return found


@contextmanager
def limited_memory(name: str, spare: int, rows: int) -> Generator[Limit]:
    """A device that refuses what does not fit.

    Args:
        name: of the device.
        spare: bytes that a GPU may take beside what it holds.
        rows: tokens of a batch that a rehearsal has room for.
    """
    limit = Limit()
    if name == REHEARSAL:

        def refuse(layout: Layout, where: torch.device) -> Placed:
            if len(layout.source) > rows:
                limit.refusals += 1
                raise torch.OutOfMemoryError("out of memory, as rehearsed")
            return place(layout, where)

        with ExitStack() as stack:
            for module in (inference, late_inference, split):
                stack.enter_context(patch.object(module, "place", refuse))
            yield limit
        return
    before = _refusals(name)
    room = torch.cuda.memory_reserved(name) + spare
    try:
        torch.cuda.set_per_process_memory_fraction(room / torch.cuda.get_device_properties(name).total_memory)
        yield limit
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        limit.refusals = _refusals(name) - before


def _refusals(name: str) -> int:
    stats: dict[str, Any] = torch.cuda.memory_stats(name)
    return int(stats.get("num_ooms", 0))

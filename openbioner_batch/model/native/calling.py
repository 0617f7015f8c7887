"""The kernels as functions of tensors, run on torch's threads."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_float, c_int, c_long, c_uint, c_void_p
from typing import Any

import torch
from torch import Tensor

from openbioner_batch.model import device as devices
from openbioner_batch.model.layout import Layout, TextPart
from openbioner_batch.model.native.compiling import load, openmp

SWITCH = "OPENBIONER_NATIVE"
"""Environment variable; 0 turns the kernels off."""
_LARGEST_HEAD = 64
_THREAD_ANSWER = CFUNCTYPE(c_int)


class _Team(Structure):
    _fields_ = [("number", _THREAD_ANSWER), ("size", _THREAD_ANSWER), ("failed", c_int)]


class _Tensors(Structure):
    _fields_ = [
        *((name, c_void_p) for name in ("context", "query", "key", "value")),
        *((name, c_long) for name in ("query_stride", "stride", "heads", "size")),
        *((name, c_void_p) for name in ("partial", "sums")),
        ("parts", c_long),
    ]


_WHOLE, _FIRST, _LAST = range(3)


class _SequenceGroup(Structure):
    _fields_ = [
        (name, c_long) for name in ("query_start", "queries", "key_start", "keys", "context_start", "sequences")
    ]


class _Block(Structure):
    _fields_ = [
        *((name, c_long) for name in ("start", "texts", "text", "columns")),
        *((name, POINTER(c_long)) for name in ("column_starts", "column_lengths")),
    ]


class _Attention(Structure):
    _fields_ = [("team", _Team), ("tensors", _Tensors), ("groups", POINTER(_SequenceGroup)), ("count", c_long)]


class _SharedAttention(Structure):
    _fields_ = [("team", _Team), ("tensors", _Tensors), ("blocks", POINTER(_Block)), ("count", c_long)]


class _Norm(Structure):
    _fields_ = [
        ("team", _Team),
        *((name, c_void_p) for name in ("sum", "added", "rounded", "weight", "bias")),
        *((name, c_long) for name in ("rows", "width")),
        ("epsilon", c_float),
    ]


def is_supported(tensor: Tensor) -> bool:
    """Whether there are kernels for tensors in this number format, on this device."""
    if not devices.has_cpu_kernels(tensor.device) or tensor.dtype != torch.bfloat16:
        return False
    if os.environ.get(SWITCH) == "0" or load() is None:
        return False
    return torch.get_num_threads() == 1 or openmp() is not None


def supports_attention(query: Tensor) -> bool:
    """Whether there is a kernel for queries [tokens, heads, size] of this shape."""
    return query.shape[2] % 2 == 0 and query.shape[2] <= _LARGEST_HEAD and is_supported(query)


def attend(query: Tensor, key: Tensor, value: Tensor, layout: Layout, reads_only: bool) -> Tensor:
    """`attention.attend`, never shifted; arguments as there."""
    groups = (_SequenceGroup * len(layout.groups))()
    for number, one in enumerate(layout.groups):
        start, queries = (one.read_start, one.reads) if reads_only else (one.start, one.length)
        groups[number] = _SequenceGroup(start, queries, one.start, one.length, start, one.sequences)
    context = query.new_empty(len(query), query.shape[1] * query.shape[2])
    _run("attend", _Attention(_Team(), _tensors(context, query, key, value), groups, len(groups)))
    return context


def attend_to_texts(query: Tensor, key: Tensor, value: Tensor, texts: Sequence[TextPart]) -> tuple[Tensor, Tensor]:
    """`joining.attend_to_texts`, never shifted; arguments as there."""
    partial = query.new_empty(query.shape, dtype=torch.float32)
    sums = query.new_empty(query.shape[:2], dtype=torch.float32)
    groups = (_SequenceGroup * len(texts))()
    for number, one in enumerate(texts):
        groups[number] = _SequenceGroup(one.read_start, one.reads, one.start, one.length, 0, 1)
    tensors = _tensors(query, query, key, value)
    tensors.partial, tensors.sums, tensors.parts = partial.data_ptr(), sums.data_ptr(), _FIRST
    _run("attend", _Attention(_Team(), tensors, groups, len(texts)))
    return partial, sums


def attend_to_descriptions(
    query: Tensor, partial: Tensor, sums: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int], context: Tensor
) -> None:
    """`joining.attend_to_descriptions`, never shifted; arguments as there."""
    groups = (_SequenceGroup * len(lengths))()
    start = 0
    for number, length in enumerate(lengths):
        groups[number] = _SequenceGroup(0, len(partial), start, length, number * len(partial), 1)
        start += length
    tensors = _tensors(context, query, key, value)
    tensors.partial, tensors.sums, tensors.parts = partial.data_ptr(), sums.data_ptr(), _LAST
    _run("attend", _Attention(_Team(), tensors, groups, len(lengths)))


def attend_sharing(query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
    """`first_layer.attend_sharing`; arguments as there."""
    columns = len(layout.groups) // len(layout.text_starts)
    blocks = (_Block * len(layout.text_starts))()
    for number, start in enumerate(layout.text_starts.tolist()):
        groups = layout.groups[number * columns : (number + 1) * columns]
        starts, lengths = _longs([one.start for one in groups]), _longs([one.length for one in groups])
        blocks[number] = _Block(start, groups[0].sequences, groups[0].text, columns, starts, lengths)
    context = query.new_empty(len(layout.source), query.shape[1] * query.shape[2])
    _run("attend_sharing", _SharedAttention(_Team(), _tensors(context, query, key, value), blocks, len(blocks)))
    return context


def add_norm(hidden: Tensor, added: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    """Layer normalisation of a sum.

    Args:
        hidden: [tokens, width] float32; becomes the result.
        added: [tokens, width] bfloat16.
        weight: [width] float32.
        bias: [width] float32.
        epsilon: added to the variance.

    Returns:
        The result in bfloat16.
    """
    assert all(part.is_contiguous() for part in (hidden, added, weight, bias))
    rounded = torch.empty_like(added)
    pointers = (part.data_ptr() for part in (hidden, added, rounded, weight, bias))
    _run("add_norm", _Norm(_Team(), *pointers, *hidden.shape, epsilon))
    return rounded


def _tensors(context: Tensor, query: Tensor, key: Tensor, value: Tensor) -> _Tensors:
    assert all(part.stride(2) == 1 and part.stride(1) == part.shape[2] for part in (query, key, value))
    assert key.stride(0) == value.stride(0)
    pointers = (part.data_ptr() for part in (context, query, key, value))
    return _Tensors(*pointers, query.stride(0), key.stride(0), query.shape[1], query.shape[2], None, None, _WHOLE)


def _run(name: str, job: Any) -> None:
    """Run a kernel on as many threads as torch uses.

    They are torch's own threads, which spin for a while after each operation; others would compete for their cores.
    """
    kernels, library, threads = load(), openmp(), torch.get_num_threads()
    assert kernels is not None
    kernel = getattr(kernels, name)
    if threads > 1 and library is not None:
        job.team.number, job.team.size = (
            _THREAD_ANSWER((answer, library)) for answer in ("omp_get_thread_num", "omp_get_num_threads")
        )
        library.GOMP_parallel(kernel, byref(job), c_uint(threads), c_uint(0))
    else:
        job.team.number, job.team.size = (
            _THREAD_ANSWER((answer, kernels)) for answer in ("alone_number", "alone_size")
        )
        kernel(byref(job))
    if job.team.failed:
        raise MemoryError("attention's working memory")


def _longs(values: Sequence[int]) -> ctypes.Array[c_long]:
    return (c_long * len(values))(*values)

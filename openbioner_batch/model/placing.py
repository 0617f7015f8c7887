"""Copies a batch's indices to the device and results back, without making a GPU wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from openbioner_batch.model import device as devices
from openbioner_batch.model.layout import Layout


@dataclass(frozen=True, slots=True)
class Placed:
    """A layout with its arrays as tensors on a device.

    Attributes:
        layout: the same on the host.
        ids, positions, segments, source, read: int64, as in `Layout`.
        bounds: [sequences + 1] int32, where each sequence begins among the tokens.
        read_bounds: [sequences + 1] int32, likewise among the read tokens.
        longest, most_reads: tokens, and read ones, of the longest sequence and the one with most.
    """

    layout: Layout
    ids: Tensor
    positions: Tensor
    segments: Tensor
    source: Tensor
    read: Tensor
    bounds: Tensor
    read_bounds: Tensor
    longest: int
    most_reads: int


def place(layout: Layout, device: torch.device) -> Placed:
    """Copy a layout to a device: in one piece, while the device continues earlier work."""
    counts = [group.sequences for group in layout.groups]
    bounds, read_bounds = (
        np.concatenate([[0], np.repeat(lengths, counts).cumsum()]).astype(np.int64)
        for lengths in zip(*((group.length, group.reads) for group in layout.groups), strict=True)
    )
    arrays = (layout.ids, layout.positions, layout.segments, layout.source, layout.read, bounds, read_bounds)
    tensors = send_together(arrays, device)
    *tokens, first, first_read = tensors
    return Placed(
        layout,
        *tokens,  # type: ignore[arg-type, misc] # five of them
        bounds=first.to(torch.int32),
        read_bounds=first_read.to(torch.int32),
        longest=max(group.length for group in layout.groups),
        most_reads=max(group.reads for group in layout.groups),
    )


def send(array: np.ndarray, device: torch.device) -> Tensor:
    """An array on a device; to a GPU it is copied from pinned memory, without a wait."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def send_together(arrays: Sequence[np.ndarray], device: torch.device) -> list[Tensor]:
    """Vectors of one type of number on a device: to a GPU in one copy."""
    if devices.has_cpu_kernels(device):
        return [torch.from_numpy(array) for array in arrays]
    return list(send(np.concatenate(arrays), device).split([len(array) for array in arrays]))


class HostTransfer:
    """A tensor being copied to the host. Waiting for it does not wait for later work of the device."""

    def __init__(self, tensor: Tensor) -> None:
        self._arrived: torch.cuda.Event | None = None
        self._on_host = tensor
        if tensor.device.type == "cuda":
            self._on_host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            self._on_host.copy_(tensor, non_blocking=True)
            self._arrived = torch.cuda.Event()
            self._arrived.record(torch.cuda.current_stream(tensor.device))

    def numpy(self) -> np.ndarray:
        """The values; waits until they are copied."""
        if self._arrived is not None:
            self._arrived.synchronize()
        found: np.ndarray = self._on_host.cpu().numpy()
        return found

"""The machines that a run computes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resources:
    """CPUs, GPUs and nodes."""

    cpus: int
    gpus: int
    nodes: int
    may_grow: bool = False
    """Whether it is a cluster, to which an autoscaler may add nodes."""

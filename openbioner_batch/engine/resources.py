"""What a run has to compute with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is to compute with, and whether on more than one machine."""

    cpus: int
    gpus: int
    nodes: int
    may_grow: bool = False
    """Whether it is a cluster, to which an autoscaler may add nodes."""

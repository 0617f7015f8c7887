"""Chooses a run's executor, by what is left to read and by the device."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.engine.names import ATTEMPTS
from openbioner_batch.engine.option_groups import AUTO, IN_PROCESS, RAY
from openbioner_batch.engine.plan import PlannedSplit
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.registry import PACKED_SUFFIXES

SMALL_BYTES = 1 << 20
"""How much text one core tags with a small model in about the time that Ray takes to start."""
SMALL_RECORDS = 200
"""One shard on a CPU, which a single process tags with Ray too."""
PACKED = 8
"""How much larger than its file the text of a packed file is taken to be."""


@dataclass(frozen=True, slots=True)
class ExecutorChoice:
    """An executor, and the reason for it where the user has named none."""

    name: str
    why: str = ""


def refuse_in_process(ray_address: str | None, actors: int | None, device: str | None) -> None:
    """Raises UsageError where `--executor in-process` meets other settings that only Ray supports."""
    wrong = ""
    if ray_address is not None:
        wrong = f"--ray-address (or RAY_ADDRESS) {ray_address} names a cluster"
    elif device == "cuda":
        wrong = "a GPU is fed by several processes (--devices cpu leaves it alone)"
    elif actors is not None and actors > 1:
        wrong = f"--actors {actors} are several processes"
    if wrong:
        raise UsageError(f"--executor {IN_PROCESS} is this process alone, and {wrong}: leave one of them out")


def choose_executor(
    wanted: str,
    pending: Sequence[PlannedSplit],
    sizes: Mapping[int, float],
    store: Store,
    actors: int | None,
    device: str | None,
) -> ExecutorChoice:
    """The executor of a run without a cluster.

    Args:
        wanted: one of `EXECUTORS`.
        pending: what is left to read.
        sizes: bytes of input of each split, by ordinal, from the listing; no file is opened.
        store: the run's folder.
        actors: how many processes tag, where the user says so.
        device: where the model runs; None for a run without a model.
    """
    if wanted != AUTO:
        return ExecutorChoice(wanted)
    if _is_ray_running():
        return ExecutorChoice(RAY)
    if device == "cuda":
        return ExecutorChoice(RAY, "for GPUs")
    if actors is not None and actors > 1:
        return ExecutorChoice(RAY, f"for {actors} actors")
    if any(not _is_local(file.uri) for planned in pending for file in planned.split.files):
        return ExecutorChoice(RAY, "for inputs that are not on this machine")
    records = [planned.limit for planned in pending]
    size = round(sum(_text_bytes(planned, sizes[planned.ordinal]) for planned in pending))
    few = None not in records and sum(limit or 0 for limit in records) <= SMALL_RECORDS
    if not few and size > SMALL_BYTES:
        return ExecutorChoice(RAY, f"for about {size:,} bytes of text; up to {SMALL_BYTES:,} are read {IN_PROCESS}")
    if store.names(ATTEMPTS):
        return ExecutorChoice(RAY, "since a process of this run was killed: should a record do that, Ray finds it")
    amount = "a few records" if few else f"about {size:,} bytes of text"
    return ExecutorChoice(IN_PROCESS, f"for {amount}; --executor {RAY} starts Ray")


def _is_ray_running() -> bool:
    ray: Any = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()


def _is_local(uri: str) -> bool:
    place = uri.rpartition("::")[2]  # a member of an archive names that last
    return "://" not in place or place.startswith("file://")


def _text_bytes(planned: PlannedSplit, size: float) -> float:
    packed = any(file.uri.lower().endswith(PACKED_SUFFIXES) for file in planned.split.files)
    return size * PACKED if packed else size

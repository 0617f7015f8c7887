"""The interface between what a run does with a shard and the processes that do it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from openbioner_batch.engine.resources import Resources as Resources
from openbioner_batch.engine.work import SplitTask, TaggingJob

ReadStage = Callable[[pa.Table], Generator[pa.Table, None, None]]
"""A stage that takes a row with a task, and gives a row for each of its shards."""
Commit = Callable[[pa.Table], pa.Table]
"""A stage that writes a shard, and gives the row that `Pipeline.stream` is to yield."""


@dataclass(frozen=True, slots=True)
class Workforce:
    """How the stages share the machines. Logical CPUs only say where processes may start."""

    actors: int
    actor_cpus: float
    actor_gpus: float
    readers: int
    reader_cpus: float
    writers: int
    """Bounded, since Ray starts a process for each task that may run, and a process costs more than a write."""
    writer_cpus: float = 0.01

    @classmethod
    def of(cls, gpu: bool, actors: int, cpus: int, actors_per_gpu: int = 1) -> Workforce:
        """On CPUs every core scores, and reading takes a few percent of the work; a GPU needs several readers.

        The actors never take all CPUs, or the readers would wait for ever.
        """
        if gpu:
            readers = max(1, min(4 * -(-actors // actors_per_gpu), cpus - 1))
            return cls(
                actors,
                min(0.05, 0.4 * cpus / actors),
                1 / actors_per_gpu,
                readers,
                min(0.9, 0.5 * cpus),
                writers=actors,
            )
        helpers = max(1, actors // 8)
        return cls(actors, min(0.8, 0.8 * cpus / actors), 0, helpers, 0.1, helpers)


class Executor(Protocol):
    """Runs the stages of a run. All executors commit the same bytes."""

    @property
    def resources(self) -> Resources:
        """What it can use at the moment."""

    def run(
        self,
        tasks: Sequence[SplitTask],
        workforce: Workforce,
        read: ReadStage,
        tagging: TaggingJob | None,
        commit: Commit,
    ) -> Generator[dict[str, Any], None, None]:
        """Run stages that each take and give one row per shard; one mapping for each shard as it is committed.

        Args:
            tasks: the splits to read.
            workforce: how the stages share the machines, where there are several processes.
            read: a task's shards.
            tagging: the settings of the stage in between; None where nothing is tagged.
            commit: writes a shard.

        Raises:
            RunFailedError: a stage failed in a way that would fail again.
            UnusableProcessError: this process cannot continue, and another one could.
        """


class UnusableProcessError(Exception):
    """A process in which every later call may fail too, as after a failed allocation or a fault of CUDA."""

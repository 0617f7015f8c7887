"""The Ray Data graph: splits are read, tagged and committed, all at once and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.committing import commit_shard
from openbioner_batch.engine.keeping_up import KeepingUp
from openbioner_batch.engine.reading import prepare_shard, read_splits
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import SplitTask, TaggingJob
from openbioner_batch.errors import OpenBioNERError, RunFailedError

MOST_BLOCKS = 2000
"""Splits beyond this many share a reading task, so that the driver's bookkeeping stays bounded."""
SHARDS_QUEUED_AT_AN_ACTOR = 2
MOST_DEATHS = 20
"""Of the processes of one reading or writing task, whatever they died of; what kills them at once does so for ever."""


@dataclass(frozen=True, slots=True)
class Layout:
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
    def of(cls, gpu: bool, actors: int, cpus: int, actors_per_gpu: int = 1) -> Layout:
        """On CPUs every core scores, and a few percent of the work goes to reading; a GPU is fed by several readers.

        The actors never take all CPUs, or the readers would wait for ever.
        """
        if gpu:
            readers = max(1, min(4 * -(-actors // actors_per_gpu), cpus - 1))
            return cls(actors, 0.05, 1 / actors_per_gpu, readers, min(0.9, cpus * 0.5), writers=actors)
        helpers = max(1, actors // 8)
        return cls(actors, min(0.8, 0.8 * cpus / actors), 0, helpers, 0.1, helpers)


def stream(tasks: Sequence[SplitTask], job: TaggingJob, layout: Layout) -> Generator[dict[str, Any], None, None]:
    """Read, tag and commit; one mapping per shard as it is committed.

    Raises:
        RunFailedError: a stage failed in a way that would fail again.
    """
    read = partial(read_splits, job=job, emit=partial(prepare_shard, job=job))
    return run_graph(tasks, layout, read, job, partial(commit_shard, job=job))


def run_graph(
    tasks: Sequence[SplitTask],
    layout: Layout,
    read: Callable[[pa.Table], Iterable[pa.Table]],
    tagging: TaggingJob | None,
    commit: Callable[[pa.Table], pa.Table],
) -> Generator[dict[str, Any], None, None]:
    """Run a graph of stages that each take and give one row per shard.

    Args:
        tasks: what is to be read.
        layout: how the stages share the machines.
        read: a task's shards.
        tagging: what the actors in between need to know; None where nothing is tagged.
        commit: writes a shard and gives the row that `Pipeline.stream` is to yield.

    Raises:
        RunFailedError: a stage failed in a way that would fail again.
    """
    import ray.data
    from ray.data import ActorPoolStrategy, TaskPoolStrategy

    items = [{"task": task.to_json()} for task in tasks]
    blocks = min(len(tasks), MOST_BLOCKS)
    rows = ray.data.from_items(items, override_num_blocks=blocks)
    quiet(rows.context)
    shards = rows.map_batches(
        read,
        batch_size=1,
        batch_format="pyarrow",
        compute=TaskPoolStrategy(min(layout.readers, blocks)),
        num_cpus=layout.reader_cpus,
        max_retries=MOST_DEATHS,
    )
    if tagging is not None:
        shards = shards.map_batches(
            TagShards,
            fn_constructor_kwargs={"job": tagging},
            batch_size=1,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=layout.actors, max_tasks_in_flight_per_actor=SHARDS_QUEUED_AT_AN_ACTOR),
            num_cpus=layout.actor_cpus,
            num_gpus=layout.actor_gpus or None,
        )
    committed = shards.map_batches(
        commit,
        batch_size=1,
        batch_format="pyarrow",
        compute=TaskPoolStrategy(layout.writers),
        num_cpus=layout.writer_cpus,
        max_retries=MOST_DEATHS,
    )
    try:
        batches: Iterable[Any] = committed.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        for batch in batches:
            yield from batch.to_pylist()
    except Exception as error:  # those of ours too, for Ray has put its own text on top
        raise as_run_failure(error) from error


def quiet(context: Any) -> None:
    """Settings of Ray Data for rows that are whole shards."""
    from ray.data._internal.execution.backpressure_policy import (
        ENABLED_BACKPRESSURE_POLICIES,
        ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY,
    )

    context.set_config(ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY, [*ENABLED_BACKPRESSURE_POLICIES, KeepingUp])
    context.target_max_block_size = 1  # one shard a block: by default they pile up to 128 MiB before any moves on
    context.execution_no_progress_timeout_s = -1  # a shard of long documents may take an hour on a CPU
    context.memory_usage_poll_interval_s = None  # each look at a process of this size takes 8 ms, every second
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.raise_original_map_exception = True  # its wrapper loses the cause on the way to the driver
    context.max_consecutive_actor_init_deaths = 2


def as_run_failure(error: BaseException) -> OpenBioNERError:
    """The user's error inside Ray's wrappers, or one that names the innermost cause."""
    seen: BaseException | None = error
    innermost = error
    while seen is not None:
        if isinstance(seen, OpenBioNERError):
            # Ray's dual exception classes are rebuilt plainly: their text is a traceback.
            return next(kind for kind in type(seen).__mro__ if kind.__module__ == OpenBioNERError.__module__)(
                _message(getattr(seen, "cause", seen))
            )
        innermost = seen
        seen = getattr(seen, "cause", None) or seen.__cause__
    reason = type(innermost).__name__
    if isinstance(innermost, OSError) or type(innermost).__module__.startswith("ray."):
        # What other exceptions say could quote a record.
        reason += f": {(_message(innermost).splitlines() or [''])[-1][:300]}"
    return RunFailedError(f"the run stopped: {reason}; what is committed stays, the same command resumes")


def _message(error: BaseException) -> str:
    """What an exception says, without the advice that Ray Data appends."""
    return str(error).partition("\nFailed to apply UDF transform")[0].strip()

"""The Ray Data graph: reads, tags and commits splits concurrently and in bounded memory."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

from openbioner_batch.engine.cluster import resources_now
from openbioner_batch.engine.executors.backpressure import ConsumerBackpressure
from openbioner_batch.engine.executors.base import Commit, ReadStage, Resources, Workforce
from openbioner_batch.engine.executors.block_stats import DropBlockStats
from openbioner_batch.engine.executors.failures import as_run_failure
from openbioner_batch.engine.ray_internals import BACKPRESSURE_KEY, BACKPRESSURE_POLICIES
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import SplitTask, TaggingJob

MOST_BLOCKS = 2000
"""Splits beyond this many share a reading task, so that the driver's bookkeeping stays bounded."""
SHARDS_QUEUED_AT_AN_ACTOR = 2
MOST_DEATHS = 20
"""Retries of a reading or writing task whose process died; a cause that kills it at once would kill each retry."""


class RayData:
    """Runs the stages as a graph of Ray Data, concurrently and in bounded memory.

    Args:
        address: of the cluster to join; None for Ray on this machine.
    """

    def __init__(self, address: str | None) -> None:
        self._address = address

    @property
    def resources(self) -> Resources:
        """What the connected Ray has at the moment; it changes on a cluster that grows."""
        return resources_now(self._address)

    def run(
        self,
        tasks: Sequence[SplitTask],
        workforce: Workforce,
        read: ReadStage,
        tagging: TaggingJob | None,
        commit: Commit,
    ) -> Generator[dict[str, Any], None, None]:
        """The stages as one Ray Data stream, in bounded memory."""
        import ray.data
        from ray.data import ActorPoolStrategy, TaskPoolStrategy

        items = [{"task": task.to_json()} for task in tasks]
        blocks = min(len(tasks), MOST_BLOCKS)
        rows = ray.data.from_items(items, override_num_blocks=blocks)
        configure_context(rows.context)
        shards = rows.map_batches(
            read,
            batch_size=1,
            batch_format="pyarrow",
            compute=TaskPoolStrategy(min(workforce.readers, blocks)),
            num_cpus=workforce.reader_cpus,
            max_retries=MOST_DEATHS,
        )
        if tagging is not None:
            shards = shards.map_batches(
                TagShards,
                fn_constructor_kwargs={"job": tagging},
                batch_size=1,
                batch_format="pyarrow",
                compute=ActorPoolStrategy(
                    size=workforce.actors, max_tasks_in_flight_per_actor=SHARDS_QUEUED_AT_AN_ACTOR
                ),
                num_cpus=workforce.actor_cpus,
                num_gpus=workforce.actor_gpus or None,
            )
        committed = shards.map_batches(
            commit,
            batch_size=1,
            batch_format="pyarrow",
            compute=TaskPoolStrategy(workforce.writers),
            num_cpus=workforce.writer_cpus,
            max_retries=MOST_DEATHS,
        )
        try:
            batches: Iterable[Any] = committed.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
            for batch in batches:
                yield from batch.to_pylist()
        except Exception as error:  # our own exceptions too, since Ray puts its own text on top
            raise as_run_failure(error) from error


def configure_context(context: Any) -> None:
    """Settings of Ray Data for rows that are whole shards."""
    context.set_config(BACKPRESSURE_KEY.get(), [*BACKPRESSURE_POLICIES.get(), ConsumerBackpressure])
    context.custom_execution_callback_classes = [DropBlockStats]
    context.target_max_block_size = 1  # one shard a block: by default they pile up to 128 MiB before any moves on
    context.execution_no_progress_timeout_s = -1  # a shard of long documents may take an hour on a CPU
    context.memory_usage_poll_interval_s = None  # each look at a process of this size takes 8 ms, every second
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.raise_original_map_exception = True  # its wrapper loses the cause on the way to the driver
    context.max_consecutive_actor_init_deaths = 2

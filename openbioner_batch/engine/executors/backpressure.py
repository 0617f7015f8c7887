"""Keeps a stage of the Ray Data graph from running far ahead of the next."""

from __future__ import annotations

from typing import Any

MOST_WAITING = 64
"""How many finished shards of a stage may wait for the next one."""


class ConsumerBackpressure:
    """A backpressure policy of Ray Data: a stage pauses while so many of its shards wait for the next.

    Ray's own policies bound bytes. That allows thousands of small shards that are tagged and not committed: a crash
    would lose them, and the driver's memory grows with them.

    Args:
        context: settings of Ray Data.
        topology: the state of every stage.
        resources: what the stages use.
    """

    name = "ConsumerBackpressure"

    def __init__(self, context: Any, topology: Any, resources: Any) -> None:
        self._topology = topology

    def can_add_input(self, stage: Any) -> bool:
        """Whether the stage may start one more shard."""
        return self._free_slots(stage) > 0

    def max_task_output_bytes_to_read(self, stage: Any) -> int:
        """How many bytes of its tasks' output may be fetched now."""
        return int(max(0, self._free_slots(stage)) * (stage.metrics.average_bytes_per_output or 1))

    def _free_slots(self, stage: Any) -> int:
        waiting: int = self._topology[stage].total_enqueued_output_blocks()
        return MOST_WAITING - waiting

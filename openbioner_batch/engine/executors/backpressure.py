"""Keeps a stage of the Ray Data graph from running far ahead of the next."""

from __future__ import annotations

from typing import Any

MOST_WAITING = 64
"""Shards that a stage may have ready and not yet taken."""


class ConsumerBackpressure:
    """A backpressure policy of Ray Data: no stage continues while so many of its shards wait for the next.

    Ray's own policies bound bytes. Of small shards, that is thousands which are tagged and not committed: a crash would
    lose them, and the driver's memory grows with them.

    Args:
        context: settings of Ray Data.
        topology: the state of every stage.
        resources: what the stages use.
    """

    name = "ConsumerBackpressure"

    def __init__(self, context: Any, topology: Any, resources: Any) -> None:
        self._topology = topology

    def can_add_input(self, stage: Any) -> bool:
        """Whether it may start on one more shard."""
        return self._free_slots(stage) > 0

    def max_task_output_bytes_to_read(self, stage: Any) -> int:
        """How much may be fetched now of what its tasks have made."""
        return int(max(0, self._free_slots(stage)) * (stage.metrics.average_bytes_per_output or 1))

    def _free_slots(self, stage: Any) -> int:
        waiting: int = self._topology[stage].total_enqueued_output_blocks()
        return MOST_WAITING - waiting

"""Keeps Ray Data from remembering every shard of a run in the driver."""

from __future__ import annotations

from collections import deque
from typing import Any

from openbioner_batch.engine.ray_internals import BLOCK_STATS, stages_of


class DropBlockStats:
    """A callback of Ray Data's executor (`DataContext.custom_execution_callback_classes`).

    For `Dataset.stats()` each stage keeps the timings of every block that it has made: some kilobytes a shard. Nobody
    looks at them here, and a run may have hundreds of thousands of shards.
    """

    def before_execution_starts(self, executor: Any) -> None:
        """Give each stage a list that stays empty."""
        for stage in stages_of(executor):
            if hasattr(stage, BLOCK_STATS):
                setattr(stage, BLOCK_STATS, deque(maxlen=0))

    def on_execution_step(self, executor: Any) -> None:
        """Does nothing: there is nothing to drop."""

    def after_execution_succeeds(self, executor: Any) -> None:
        """Does nothing."""

    def after_execution_fails(self, executor: Any, error: Exception) -> None:
        """Does nothing."""

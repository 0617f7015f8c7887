"""The interface between a session and each kind of run: what is done with its shards."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from openbioner_batch.engine.executors.base import Executor
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.work import Job, SplitTask


class Pipeline(Protocol):
    """What a run does with its shards."""

    def fingerprint(self) -> dict[str, Any]:
        """What results depend on, as JSON values under names that a user understands."""

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """Have the executor read and commit the shards of `tasks` that are not done; one mapping for each of them.

        It has `split`, `shard`, `counts` (what the footer of its data file says), `deaths` (of processes, in this
        session) and `committed_at`; it may have `read` (as `Shard` says). `before` sums up what earlier sessions have
        committed.
        """

"""Runs the stages in this process alone, one shard after the other, without starting Ray."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, NoReturn

import pyarrow as pa

from openbioner_batch.engine.executors.base import Commit, ReadStage, Resources, UnusableProcessError, Workforce
from openbioner_batch.engine.executors.failures import as_run_failure
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import SplitTask, TaggingJob, row_values


class InProcess:
    """Reads, tags and commits each shard before the next is read.

    A record that kills the process ends the run; its markers show the next session which record it was.
    """

    resources = Resources(cpus=1, gpus=0, nodes=1)

    def run(
        self,
        tasks: Sequence[SplitTask],
        workforce: Workforce,
        read: ReadStage,
        tagging: TaggingJob | None,
        commit: Commit,
    ) -> Generator[dict[str, Any], None, None]:
        """Run one task after another in this process; `workforce` is ignored."""
        try:
            with _threads_kept(tagging):
                tag = TagShards(tagging, _give_up) if tagging is not None else None
                for task in tasks:
                    with closing(read(pa.table({"task": [task.to_json()]}))) as shards:
                        for shard in shards:
                            yield row_values(commit(tag(shard) if tag else shard))
        except UnusableProcessError:
            raise
        except Exception as error:
            raise as_run_failure(error) from error


def _give_up() -> NoReturn:
    raise UnusableProcessError


@contextmanager
def _threads_kept(tagging: TaggingJob | None) -> Iterator[None]:
    """Restores the caller's number of threads, which tagging changes, after the block."""
    if tagging is None or tagging.threads is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)

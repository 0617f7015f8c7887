"""The host of a worker in Ray Train: passes from Ray Data, entries to an actor, checkpoints through Ray's storage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from openbioner_batch.training.hosts import checkpoint_name
from openbioner_batch.training.monitor import Entry
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import Pass
from openbioner_batch.training.ray_steps import parts_of
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.worker import Worker


@dataclass(frozen=True, slots=True)
class RayTask:
    """What a worker receives.

    Attributes:
        settings: of the run.
        steps: optimizer steps in all.
        monitor: the `Monitor` actor.
        validation: reference to the batches that F1 is measured on.
        threads: of torch, on a CPU.
    """

    settings: PretrainSettings
    steps: int
    monitor: Any
    validation: Any
    threads: int


def train_worker(config: dict[str, Any]) -> None:
    """Ray Train's training function: `config["task"]` is a `RayTask`."""
    task: RayTask = config["task"]
    Worker(task.settings, task.steps, RayHost(task)).train()


class RayHost:
    """See `Host`."""

    def __init__(self, task: RayTask) -> None:
        import ray.train
        import ray.train.torch

        self._task = task
        context = ray.train.get_context()
        self.rank, self.workers = context.get_world_rank(), context.get_world_size()
        self.device = ray.train.torch.get_device()
        if self.device.type == "cpu":
            torch.set_num_threads(task.threads)

    def validation(self) -> Sequence[TaggingBatch | SharedBatch]:
        """This worker's share of the development data, from Ray's object store."""
        import ray

        found: Sequence[TaggingBatch | SharedBatch] = ray.get(self._task.validation)[self.rank :: self.workers]
        return found

    def parts(self, first: int) -> Iterator[list[Pass]]:
        """The passes that Ray Data makes, this worker's of each step."""
        import ray
        import ray.train

        if self.rank == 0:
            ray.get(self._task.monitor.begin.remote(first))
        self.sum(torch.zeros(1))  # rows are not read before the first part is set
        rows = ray.train.get_dataset_shard("passes").iter_rows()
        return parts_of(rows, first + self.rank, self.workers)

    def report(self, entry: Entry) -> None:
        """Hand an entry to the run's monitor, an actor."""
        import ray

        ray.get(self._task.monitor.report.remote(entry))

    def save(self, metrics: dict[str, Any], folder: Path) -> None:
        """Hand the files to Ray Train, which uploads them in a thread."""
        import ray.train

        checkpoint = ray.train.Checkpoint.from_directory(folder) if os.listdir(folder) else None
        if checkpoint is None:
            folder.rmdir()
        # Ray Train uploads in a thread, one checkpoint after another, and waits for it at the end.
        ray.train.report(
            metrics,
            checkpoint=checkpoint,
            checkpoint_dir_name=checkpoint_name(metrics["step"]),
            checkpoint_upload_mode=ray.train.CheckpointUploadMode.ASYNC,
            delete_local_checkpoint_after_upload=True,
        )

    @contextmanager
    def latest(self) -> Iterator[Path | None]:
        """The checkpoint that Ray Train resumes from; None where there is none yet."""
        import ray.train

        checkpoint = ray.train.get_checkpoint()
        if checkpoint is None:
            yield None
            return
        with checkpoint.as_directory() as name:
            yield Path(name)

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the workers by an all-reduce."""
        if self.workers == 1:
            return values
        values = values.to(self.device)
        torch.distributed.all_reduce(values)
        return values.cpu()

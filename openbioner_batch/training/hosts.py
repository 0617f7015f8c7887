"""The interface between a worker and its host: Ray Train's group of processes, or a single process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from openbioner_batch.training.monitor import Entry
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import Pass
from openbioner_batch.training.shared import SharedBatch

CHECKPOINTS = "checkpoints"
"""The run's folder of checkpoints."""


def checkpoint_name(step: int) -> str:
    """The folder of one checkpoint."""
    return f"step-{step:08}"


class Host(Protocol):
    """The host of a worker."""

    rank: int
    """This worker's number."""
    workers: int
    """The number of workers."""
    device: torch.device

    def validation(self) -> Sequence[TaggingBatch | SharedBatch]:
        """This worker's share of the development data."""

    def parts(self, first: int) -> Iterator[list[Pass]]:
        """The passes of each of this worker's steps; `first` is the part that worker 0 starts with."""

    def report(self, entry: Entry) -> None:
        """Pass on an entry of the log, to be shown and stored."""

    def save(self, metrics: dict[str, Any], folder: Path) -> None:
        """Store this worker's files of a checkpoint, and take over their folder.

        Storing may happen in the background; the next call and the end of training wait for it.
        """

    def latest(self) -> AbstractContextManager[Path | None]:
        """The files of the latest checkpoint, every worker's among them; None where there is none yet."""

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the workers, on the CPU."""


@dataclass(frozen=True, slots=True)
class FinishedTraining:
    """The result of training.

    Attributes:
        checkpoint: gives the folder of the best validated checkpoint, or of the latest.
        step: of that checkpoint.
        f1: of that checkpoint; None without validation.
    """

    checkpoint: AbstractContextManager[Any]
    step: int
    f1: float | None

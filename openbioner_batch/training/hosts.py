"""What a worker needs of the place where it runs: Ray Train's group of processes, or one process of its own."""

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
"""The folder of a run that they are kept in."""


def checkpoint_name(step: int) -> str:
    """The folder of a checkpoint among them."""
    return f"step-{step:08}"


class Host(Protocol):
    """Where a worker runs."""

    rank: int
    """This worker's number."""
    workers: int
    """How many train side by side."""
    device: torch.device

    def validation(self) -> Sequence[TaggingBatch | SharedBatch]:
        """This worker's share of the development data."""

    def parts(self, first: int) -> Iterator[list[Pass]]:
        """The passes of each of this worker's steps; `first` is the part that worker 0 begins with."""

    def report(self, entry: Entry) -> None:
        """Hand an entry of the log to whoever shows and stores it."""

    def save(self, metrics: dict[str, Any], folder: Path) -> None:
        """Take this worker's files of a checkpoint, and the folder with them.

        They may be stored beside the training; the next call, and the end, wait for them.
        """

    def latest(self) -> AbstractContextManager[Path | None]:
        """The files of the latest checkpoint, every worker's among them; None where there is none yet."""

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the workers, on the CPU."""


@dataclass(frozen=True, slots=True)
class FinishedTraining:
    """What training ended with.

    Attributes:
        checkpoint: gives the folder of the best validated checkpoint, or of the latest.
        step: of that checkpoint.
        f1: of that checkpoint; None without validation.
    """

    checkpoint: AbstractContextManager[Any]
    step: int
    f1: float | None

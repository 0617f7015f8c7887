"""What a user may ask of `export`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openbioner_batch.engine.settings import build_settings, flag
from openbioner_batch.errors import UsageError


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """A request to export a run: the flags of `openbioner-batch export`, and the keys of a --config file."""

    run: str
    """Folder or URL of a finished run."""
    to: str
    """Name of the output format."""
    output: str
    """Folder or URL of the export: a new one, or one to go on with."""
    source: tuple[str, ...] = ()
    """The run's inputs, to read the texts again that it did not keep; they may have moved since."""
    latest: bool = False
    """Keep only the last version of each document id in file order, and none that was deleted after it."""
    partition_by: str | None = None
    """A kept column by whose values the files are laid in folders."""
    gzip: bool = False
    """Pack each file with gzip."""
    date: str | None = None
    """The day that goes into formats that name one, as YYYY-MM-DD; None takes the day on which the export begins."""
    workers: int | None = None
    """Processes that write; None: one per core."""
    overwrite: bool = False
    """Remove an earlier export in the output folder and start anew."""

    def __post_init__(self) -> None:
        for name in ("run", "to", "output"):
            if not getattr(self, name):
                raise UsageError(f"{flag(name) if name != 'run' else 'OUTPUT'} must not be empty")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"--workers is {self.workers}: give a whole number from 1 up")
        self.day  # noqa: B018 - raises where it cannot be read

    @property
    def day(self) -> datetime.date | None:
        """`date`, parsed."""
        try:
            return datetime.date.fromisoformat(self.date) if self.date is not None else None
        except ValueError:
            raise UsageError(f"--date is {self.date!r}: give a day such as 2026-01-31") from None

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> ExportSettings:
        """Settings from flags or a configuration file, each value checked for its type.

        Raises:
            UsageError: a key is unknown, a value has another type, or a required one is missing.
        """
        return build_settings(cls, values)

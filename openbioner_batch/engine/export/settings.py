"""The settings of `export`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from openbioner_batch.engine.option_groups import FinishedRunOptions
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.registry import WriterRegistration, writers_that
from openbioner_batch.options import check_options, flag, option
from openbioner_batch.settings import Request


def _names(choose: Callable[[WriterRegistration], bool]) -> str:
    return ", ".join(writers_that(choose))


@dataclass(frozen=True)
class ExportSettings(FinishedRunOptions, Request):
    """A request to export a run: the flags of `openbioner-batch export`, and the keys of a --config file."""

    run: str = option(flag="OUTPUT", help="Folder or URL of a finished run.")
    to: str = option(metavar="FORMAT", help="One of the formats below.")
    output: str = option(metavar="URI", help="Folder of the export: a new one, or one to resume.")
    latest: bool = option(
        False, help="Only each document id's last version in file order, less those deleted after it."
    )
    partition_by: str | None = option(
        None,
        metavar="COLUMN",
        help=f"Lay the files in folders COLUMN=VALUE/ of a kept column ({_names(lambda one: one.partitioned)}).",
    )
    gzip: bool = option(False, help=f"Pack each file (not {_names(lambda one: one.compressed)}).")
    date: str | None = option(
        None,
        metavar="DAY",
        help=f"Day that the files name ({_names(lambda one: one.dated)}), such as 2026-01-31.",
        default="today",
    )

    def __post_init__(self) -> None:
        for name in ("run", "to", "output"):
            if not getattr(self, name):
                raise UsageError(f"{flag(name) if name != 'run' else 'OUTPUT'} must not be empty")
        check_options(self)
        self.day  # noqa: B018 - raises where it cannot be read

    @property
    def day(self) -> datetime.date | None:
        """`date`, parsed."""
        try:
            return datetime.date.fromisoformat(self.date) if self.date is not None else None
        except ValueError:
            raise UsageError(f"--date is {self.date!r}: give a day such as 2026-01-31") from None

"""The settings of `export`."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from openbioner_batch.engine.option_groups import FinishedRunOptions
from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, flag, option
from openbioner_batch.settings import Request


@dataclass(frozen=True)
class ExportSettings(FinishedRunOptions, Request):
    """A request to export a run: the flags of `openbioner-batch export`, and the keys of a --config file."""

    run: str = option(flag="OUTPUT", help="Folder or URL of a finished run.")
    to: str = option(
        metavar="FORMAT",
        help="pubtator, bioc-xml, bioc-json, brat, docbin, iob, jsonl, csv, parquet-long or omop-note-nlp.",
    )
    output: str = option(metavar="URI", help="Folder of the export: a new one, or one to resume.")
    latest: bool = option(
        False, help="Only each document id's last version in file order, less those deleted after it."
    )
    partition_by: str | None = option(
        None, metavar="COLUMN", help="Lay the files in folders COLUMN=VALUE/ of a kept column."
    )
    gzip: bool = option(False, help="Pack each file (not parquet-long, brat, docbin).")
    date: str | None = option(
        None, metavar="DAY", help="Day that BioC and NOTE_NLP name, such as 2026-01-31.", default="today"
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

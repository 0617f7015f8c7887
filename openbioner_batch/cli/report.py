"""`openbioner-batch report`: a page to look at."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.report.settings import ReportSettings


@click.command("report", cls=GroupedCommand)
@options(ReportSettings)
def command(**flags: Any) -> None:
    """Write an HTML page on the run in OUTPUT: totals, speed, types, scores, mentions, and documents to browse.

    The page is one file that loads nothing. Of a run of annotate it has the texts that the run kept (--include-text
    there) or that are read again from --source; of a run of deidentify it has no text unless requested.
    """
    settings = settings_of(ReportSettings, flags)

    from openbioner_batch.report.run_report import write_report

    size = write_report(
        settings.run, settings.html, settings.limit, settings.seed, settings.source, settings.include_text
    )
    click.echo(f"{settings.html}: {size:,} bytes; open it in a browser")

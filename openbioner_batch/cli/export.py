"""`openbioner-batch export`: a run in another format."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.engine.export.settings import ExportSettings


@click.command("export", cls=GroupedCommand)
@options(ExportSettings)
def command(**flags: Any) -> None:
    """Write the finished run in OUTPUT in another format, a file for each of its shards.

    pubtator, bioc-xml, bioc-json, brat, docbin and iob need the texts: of a run with --include-text, or by --source.
    The same command resumes an export that was stopped; after new inputs came to the run, it adds their files.
    """
    settings = settings_of(ExportSettings, flags)

    from openbioner_batch.console import printing
    from openbioner_batch.engine.export.run import export
    from openbioner_batch.engine.stopping import resumable

    with resumable():
        summary = export(settings)
    with printing():
        for line in summary.lines():
            click.echo(line)

"""`openbioner-batch export`: a run in another format."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.engine.export.settings import ExportSettings


class _Command(GroupedCommand):
    """A command whose help ends with the formats that are written, as they are registered."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from openbioner_batch.formats.registry import WRITERS

        with formatter.section("Formats (* needs the texts: of a run with --include-text, or by --source)"):
            formatter.write_dl([(name + " *" * found.needs_text, found.document) for name, found in WRITERS.items()])


@click.command("export", cls=_Command)
@options(ExportSettings)
def command(**flags: Any) -> None:
    """Write the finished run in OUTPUT in another format, a file for each of its shards.

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

"""`openbioner-batch show`: some documents of a run, with their spans."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.report.settings import ShowSettings


@click.command("show", cls=GroupedCommand)
@options(ShowSettings)
def command(**flags: Any) -> None:
    """Show the first documents of the run in OUTPUT that have spans.

    Spans are coloured on a terminal and written as [aspirin|drug] elsewhere. The texts are there to show only when the
    run had --include-text; without them the spans come as a table.
    """
    settings = settings_of(ShowSettings, flags)

    from openbioner_batch.console import plain_console
    from openbioner_batch.report.documents import read_annotated
    from openbioner_batch.report.highlights import show_documents

    documents = read_annotated(settings.run, settings.limit, settings.types)
    if not documents:
        click.echo("No document of this run has spans.")
        return
    show_documents(documents, plain_console())
    if all(document.text is None for document in documents):
        click.echo("This run kept no texts: `annotate --include-text` lets `show` mark the spans in them.")

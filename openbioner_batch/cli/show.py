"""`openbioner-batch show`: some documents of a run, with their spans."""

from __future__ import annotations

import click


@click.command("show")
@click.argument("output")
@click.option("--n", "count", type=click.IntRange(min=1), default=5, show_default=True, help="How many documents.")
@click.option("--type", "kind", metavar="NAME", help="Only spans of this type, and documents that have one.")
def command(output: str, count: int, kind: str | None) -> None:
    """Show the first documents of the run in OUTPUT that have spans.

    Spans are coloured on a terminal and written as [aspirin|drug] elsewhere. The texts are there to show only when the
    run had --include-text; without them the spans come as a table.
    """
    from openbioner_batch.console import plain_console
    from openbioner_batch.report.documents import read_annotated
    from openbioner_batch.report.highlights import show_documents

    documents = read_annotated(output, count, kind)
    if not documents:
        click.echo("No document of this run has spans.")
        return
    show_documents(documents, plain_console())
    if all(document.text is None for document in documents):
        click.echo("This run kept no texts: `annotate --include-text` lets `show` mark the spans in them.")

"""`openbioner-batch report`: a page to look at."""

from __future__ import annotations

import click


@click.command("report")
@click.argument("output")
@click.option("--html", required=True, metavar="FILE", help="The page to write: a path or URL.")
@click.option(
    "--sample", type=click.IntRange(min=0), default=200, show_default=True, help="How many documents to put into it."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chooses the documents.")
@click.option(
    "--source", multiple=True, metavar="INPUT", help="A tagging run's inputs, for texts it did not keep. Repeatable."
)
@click.option(
    "--include-text", is_flag=True, help="Show some new notes of a deidentify run; else its page has no text."
)
def command(output: str, html: str, sample: int, seed: int, source: tuple[str, ...], include_text: bool) -> None:
    """Write an HTML page on the run in OUTPUT: totals, speed, types, scores, mentions, and documents to browse.

    The page is one file that loads nothing. Of a run of annotate it has the texts that the run kept (--include-text
    there) or that are read again from --source; of a run of deidentify it has no text unless requested.
    """
    from openbioner_batch.report.run_report import write_report

    size = write_report(output, html, sample, seed, source, include_text)
    click.echo(f"{html}: {size:,} bytes; open it in a browser")

"""`openbioner-batch export`: a run in another format."""

from __future__ import annotations

from typing import Any

import click


@click.command("export")
@click.argument("run", metavar="OUTPUT")
@click.option(
    "--to",
    metavar="FORMAT",
    help="pubtator, bioc-xml, bioc-json, brat, docbin, iob, jsonl, csv, parquet-long or omop-note-nlp.",
)
@click.option("--output", metavar="URI", help="Folder of the export: a new one, or one to go on with.")
@click.option(
    "--source", multiple=True, metavar="INPUT", help="The run's inputs, for texts it did not keep. Repeatable."
)
@click.option("--latest", is_flag=True, default=None, help="Only each document id's last version, less deletions.")
@click.option("--partition-by", metavar="COLUMN", help="Lay the files in folders COLUMN=VALUE/ of a kept column.")
@click.option("--gzip", is_flag=True, default=None, help="Pack each file (not parquet-long, brat, docbin).")
@click.option("--date", metavar="DAY", help="Day that BioC and NOTE_NLP name, such as 2026-01-31 [today].")
@click.option("--workers", type=int, metavar="N", help="Processes that write [one per core].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the export in --output first.")
@click.option("--config", metavar="FILE", help="YAML file with these options as keys; options given here win.")
def command(run: str, config: str | None, **flags: Any) -> None:
    """Write the finished run in OUTPUT in another format, a file for each of its shards.

    pubtator, bioc-xml, bioc-json, brat, docbin and iob need the texts: of a run with --include-text, or by --source.
    The same command goes on with an export that was stopped; after new inputs came to the run, it adds their files.
    """
    from openbioner_batch.console import printing
    from openbioner_batch.engine.export.run import export
    from openbioner_batch.engine.export.settings import ExportSettings
    from openbioner_batch.engine.settings import read_config
    from openbioner_batch.engine.stopping import resumable

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    settings = ExportSettings.build({**(read_config(config) if config else {}), **given, "run": run})
    with resumable():
        summary = export(settings)
    with printing():
        for line in summary.lines():
            click.echo(line)

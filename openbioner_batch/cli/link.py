"""`openbioner-batch link`: the concepts of a finished run's spans."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import list_option


@click.command("link")
@click.argument("run", metavar="OUTPUT")
@list_option("--link", metavar="TYPE=V", help="Look up spans of TYPE in the vocabulary V (`vocabulary build`).")
@click.option("--link-top", type=int, metavar="N", help="Most concepts for a span [1].")
@click.option("--link-least", type=float, metavar="S", help="Least score of a concept [0]: 0.9 drops near names.")
@click.option("--output", metavar="URI", help="Folder of the linked run: a new one, or one to go on with.")
@click.option(
    "--source", multiple=True, metavar="INPUT", help="The run's inputs, for texts it did not keep. Repeatable."
)
@click.option("--workers", type=int, metavar="N", help="Processes that link [one per core].")
@click.option("--overwrite", is_flag=True, default=None, help="Remove the run in --output first.")
@click.option("--config", metavar="FILE", help="YAML file with these options as keys; options given here win.")
def command(run: str, config: str | None, **flags: Any) -> None:
    """Write the finished run in OUTPUT again with the concepts of its spans, as `annotate --link` would have.

    Abbreviations are expanded where the texts are at hand: of a run with --include-text, or by --source. The same
    command goes on with a run that was stopped.
    """
    from openbioner_batch.engine.link_run import LinkSettings, link
    from openbioner_batch.engine.settings import read_config
    from openbioner_batch.engine.stopping import resumable

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    settings = LinkSettings.build({**(read_config(config) if config else {}), **given, "run": run})
    with resumable():
        found = link(settings)
    click.echo(f"{settings.output}: {found.shards:,} shards, {found.with_concepts:,} of {found.spans:,} spans linked")

"""`openbioner-batch link`: the concepts of a finished run's spans."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options, settings_of
from openbioner_batch.engine.settings import LinkSettings


@click.command("link", cls=GroupedCommand)
@options(LinkSettings)
def command(**flags: Any) -> None:
    """Write the finished run in OUTPUT again with the concepts of its spans, as `annotate --link` would have.

    Abbreviations are expanded where the texts are available: of a run with --include-text, or by --source. The same
    command resumes a run that was stopped.
    """
    settings = settings_of(LinkSettings, flags)

    from openbioner_batch.engine.link_run import link
    from openbioner_batch.engine.stopping import resumable

    with resumable():
        found = link(settings)
    aside = f", {found.set_aside:,} documents set aside" if found.set_aside else ""
    linked = f"{found.with_concepts:,} of {found.spans:,} spans linked"
    click.echo(f"{settings.output}: {found.shards:,} shards, {linked}{aside}")

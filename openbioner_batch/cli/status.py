"""`openbioner-batch status`: how a run stands."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, PrintSettings, options


@click.command("status", cls=GroupedCommand)
@click.argument("output")
@options(PrintSettings, config=False)
def command(output: str, **flags: Any) -> None:
    """Show what of the run in OUTPUT is done, quarantined and left, be it live, dead or finished."""
    import json

    from openbioner_batch.console import plain_console
    from openbioner_batch.engine.status import run_status
    from openbioner_batch.engine.summary import print_report

    found = run_status(output)
    if flags["json"]:
        click.echo(json.dumps(found, indent=1))
    else:
        print_report(found, plain_console())

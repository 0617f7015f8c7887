"""`openbioner-batch status`: how a run stands."""

from __future__ import annotations

import click


@click.command("status")
@click.argument("output")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(output: str, as_json: bool) -> None:
    """Show what of the run in OUTPUT is done, quarantined and left, be it live, dead or finished."""
    import json

    from openbioner_batch.console import plain_console
    from openbioner_batch.engine.status import run_status
    from openbioner_batch.engine.summary import print_report

    found = run_status(output)
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        print_report(found, plain_console())

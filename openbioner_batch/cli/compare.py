"""`openbioner-batch compare`: how far two runs agree."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, PrintSettings, options


@click.command("compare", cls=GroupedCommand)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@options(PrintSettings, config=False)
def command(first: str, second: str, **flags: Any) -> None:
    """Compare the spans of the runs in A and B over the same inputs: another model, dtype, view or set of types.

    Agreement is F1 of one against the other, by type: strict wants the same offsets, overlap a shared character.
    """
    import json

    from openbioner_batch.console import plain_console
    from openbioner_batch.report.agreement import compare_runs, show_agreement

    agreement = compare_runs(first, second)
    if flags["json"]:
        click.echo(json.dumps(agreement.as_json(), indent=1))
    else:
        show_agreement(agreement, plain_console())

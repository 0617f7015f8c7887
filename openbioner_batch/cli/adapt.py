"""`openbioner-batch adapt`: a model fitted to a few reviewed texts."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, PrintSettings, options, part_of, values_of
from openbioner_batch.evaluation.settings import AdaptSettings


@click.command("adapt", cls=GroupedCommand)
@options(AdaptSettings, PrintSettings)
def command(**flags: Any) -> None:
    """Fit a model to 10 to 200 reviewed spans of your types, and say what it is worth on texts not learnt from.

    FILE has a JSON object a line, {"text": ..., "spans": [[start, end, type], ...]}, or another format with gold spans.
    With fewer than 10 spans or 5 texts the calibration alone is fitted, else heads and top layers are tuned too, if
    that is better on held-out folds.
    """
    values = values_of(flags, AdaptSettings, PrintSettings)
    settings, printing = part_of(AdaptSettings, values), part_of(PrintSettings, values)

    from openbioner_batch.evaluation.adapting import adapt

    result = adapt(settings, say=lambda text: click.echo(text, err=True))
    if printing.json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_adaptation

    print_adaptation(result)

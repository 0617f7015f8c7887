"""`openbioner-batch adapt`: a model fitted to a few reviewed texts."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli.evaluate import use_config


@click.command("adapt")
@click.option("--model", default="bundled-open", show_default=True, help="`bundled`, a folder or a hub id.")
@click.option("--examples", required=True, metavar="FILE", help="Reviewed texts, every mention of the types marked.")
@click.option("--types", required=True, metavar="T", help="The types, as for annotate; labels are their names.")
@click.option("--output", required=True, metavar="FOLDER", help="The adapted checkpoint: a new folder.")
@click.option("--view", default="definition", show_default=True, help="Description: definition, examples, contextual.")
@click.option("--format", metavar="F", help="Of the examples: jsonl, iob, pubtator, brat [by the suffix].")
@click.option("--method", default="auto", show_default=True, help="auto, calibration or layers.")
@click.option("--layers", type=int, default=2, show_default=True, help="Top layers to tune beside the heads.")
@click.option("--epochs", type=int, default=12, show_default=True, help="Passes over the examples.")
@click.option("--folds", type=int, default=4, show_default=True, help="Parts, each scored with what the others gave.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--seed", type=int, default=42, show_default=True, help="Of folds and tuning.")
@click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=use_config,
    help="YAML file with these options as keys; options given here win.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(as_json: bool, **flags: Any) -> None:
    """Fit a model to 10 to 200 reviewed spans of your types, and say what it is worth on texts not learnt from.

    FILE has a JSON object a line, {"text": ..., "spans": [[start, end, type], ...]}, or another format with gold spans.
    With fewer than 10 spans or 5 texts the calibration alone is fitted, else heads and top layers are tuned too, if
    that is better on held-out folds.
    """
    from openbioner_batch.evaluation.adapting import adapt
    from openbioner_batch.evaluation.examples import AdaptSettings

    settings = AdaptSettings(**flags)
    result = adapt(settings, say=lambda text: click.echo(text, err=True))
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_adaptation

    print_adaptation(result)

"""`openbioner-batch calibrate`: biases and thresholds fitted on development splits, stored with the checkpoint."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli.evaluate import build_settings, corpus_options


@click.command("calibrate")
@corpus_options
@click.option("--output", required=True, metavar="FOLDER", help="The calibrated checkpoint: new, or the model's own.")
@click.option("--no-test", is_flag=True, help="Do not score the test splits before and after.")
def command(as_json: bool, output: str, no_test: bool, **flags: Any) -> None:
    """Fit a checkpoint's calibration on the devel splits of the corpora at --corpus and write it to --output.

    It is stored in config.json under our own key, which other readers of the format ignore; `annotate`, `evaluate` and
    the library use it unless told otherwise (--no-calibration). --corpus and --types are as for `evaluate`.
    """
    settings = build_settings(flags)

    from openbioner_batch.evaluation.calibration import calibrate
    from openbioner_batch.report.progress import corpus_progress

    with corpus_progress() as progress:
        result = calibrate(settings, output, not no_test, progress)
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_calibration

    print_calibration(result)

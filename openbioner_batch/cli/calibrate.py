"""`openbioner-batch calibrate`: biases and thresholds fitted on development splits, stored with the checkpoint."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, PrintSettings, options, part_of, values_of
from openbioner_batch.evaluation.settings import CalibrateSettings


@click.command("calibrate", cls=GroupedCommand)
@options(CalibrateSettings, PrintSettings)
def command(**flags: Any) -> None:
    """Fit a checkpoint's calibration on the devel splits of the corpora at --corpus and write it to --output.

    First a bias for no entity and a threshold for all types together, then such pairs of single types. With --fit
    general --corpus may be a folder of training data too (`silver holdout` makes one), as for `evaluate --zero-shot`.

    It is stored in config.json under our own key, which other readers of the format ignore; `annotate`, `evaluate` and
    the library use it unless --no-calibration is set. --corpus and --types are as for `evaluate`.
    """
    values = values_of(flags, CalibrateSettings, PrintSettings)
    settings, printing = part_of(CalibrateSettings, values), part_of(PrintSettings, values)

    from openbioner_batch.evaluation.calibration import calibrate
    from openbioner_batch.report.progress import corpus_progress

    with corpus_progress() as progress:
        result = calibrate(
            settings.scoring, settings.output, not settings.no_test, progress, settings.fit, settings.joined
        )
    if printing.json:
        import json

        click.echo(json.dumps(result, indent=2))
        return
    from openbioner_batch.report.scores import print_calibration

    print_calibration(result)

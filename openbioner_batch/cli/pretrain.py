"""`openbioner-batch pretrain`: annotated passages in, a checkpoint out."""

from __future__ import annotations

from typing import Any

import click

from openbioner_batch.cli._options import GroupedCommand, options
from openbioner_batch.engine.option_groups import IN_PROCESS
from openbioner_batch.errors import UsageError
from openbioner_batch.training.settings import PretrainSettings


@click.command("pretrain", cls=GroupedCommand)
@click.option("--config", metavar="FILE", help="YAML file, or one that the package carries (smoke, tiny, base...).")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a key, as schedule.steps=100.")
@options(PretrainSettings, config=False)
@click.option("--prepare", metavar="FILE", help="Do not train: write what the run reads to one file (.npz).")
def command(config: str | None, changes: tuple[str, ...], prepare: str | None, **flags: Any) -> None:
    """Train a tagger on annotated passages, on CPUs or GPUs, and write it in the published format.

    The same command resumes a run that was stopped, and does nothing if it is finished. Other keys than those with
    an option of their own are changed with --set.
    """
    from openbioner_batch.training.settings_file import load_settings

    if config is None:
        raise UsageError("--config is missing")
    if flags["executor"] == IN_PROCESS:
        flags["ray_address"] = None
        changes += ("parallel.workers=1", "parallel.zero_stage=0")
    if prepare:
        flags["output"] = flags["output"] or "."  # nothing is written there
    settings = load_settings(config, changes, {name: value for name, value in flags.items() if value})
    if prepare:
        from openbioner_batch.training.run import prepare as write

        write(settings, prepare)
        return

    from openbioner_batch.engine.stopping import resumable

    with resumable("the same command resumes from the latest checkpoint"):
        from openbioner_batch.training.run import pretrain

        pretrain(settings)

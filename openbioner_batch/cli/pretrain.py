"""`openbioner-batch pretrain`: annotated passages in, a checkpoint out."""

from __future__ import annotations

import click


@click.command("pretrain")
@click.option(
    "--config", required=True, metavar="FILE", help="YAML file, or one that the package carries (smoke, tiny, base...)."
)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a key, as schedule.steps=100.")
@click.option("--storage", metavar="URI", help="Folder of the run: a new one, or one to go on with.")
@click.option("--ray-address", envvar="RAY_ADDRESS", metavar="A", help="Ray cluster to join [Ray on this machine].")
@click.option("--in-process", is_flag=True, help="Train in this process, without Ray: on a laptop, or one bare GPU.")
@click.option("--prepare", metavar="FILE", help="Do not train: write what the run reads to one file (.npz).")
@click.option("--prepared", metavar="FILE", help="Read what --prepare wrote instead of the sources; needs no pyarrow.")
def command(
    config: str, changes: tuple[str, ...], storage: str | None, ray_address: str | None,
    in_process: bool, prepare: str | None, prepared: str | None,
) -> None:  # fmt: skip
    """Train a tagger on annotated passages, on CPUs or GPUs, and write it in the published format.

    The same command goes on with a run that was stopped, and does nothing if it is finished.
    """
    from openbioner_batch.training.settings_file import load_settings

    given = list(changes)
    if storage:
        given.append(f"storage={storage}")
    if in_process:
        given += ["parallel.in_process=true", "parallel.workers=1", "parallel.zero_stage=0"]
    elif ray_address:
        given.append(f"ray_address={ray_address}")
    if prepared:
        given.append(f"prepared={prepared}")
    if prepare:
        given.append(f"storage={storage or '.'}")  # nothing is written there
    settings = load_settings(config, given)
    if prepare:
        from openbioner_batch.training.run import prepare as write

        write(settings, prepare)
        return

    from openbioner_batch.engine.stopping import resumable

    with resumable("the same command goes on from the latest checkpoint"):
        from openbioner_batch.training.run import pretrain

        pretrain(settings)

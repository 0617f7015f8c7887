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
def command(config: str, changes: tuple[str, ...], storage: str | None, ray_address: str | None) -> None:
    """Train a tagger on annotated passages, on CPUs or GPUs, and write it in the published format.

    The same command goes on with a run that was stopped, and does nothing if it is finished.
    """
    from openbioner_batch.training.settings_file import load_settings

    given = list(changes)
    if storage:
        given.append(f"storage={storage}")
    if ray_address:
        given.append(f"ray_address={ray_address}")
    settings = load_settings(config, given)

    from openbioner_batch.engine.stopping import resumable

    with resumable("the same command goes on from the latest checkpoint"):
        from openbioner_batch.training.run import pretrain

        pretrain(settings)

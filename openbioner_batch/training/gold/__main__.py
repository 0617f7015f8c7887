"""Write gold corpora as passages to train on.

python -m openbioner_batch.training.gold CORPORA OUTPUT --benchmarks BENCHMARKS
"""

from __future__ import annotations

from pathlib import Path

import click

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.training.gold.passages import write_gold


@click.command()
@click.argument("corpora", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--benchmarks", type=click.Path(path_type=Path, exists=True), required=True, help="Kept out of training.")
def main(corpora: Path, output: Path, benchmarks: Path) -> None:
    """Write the gold corpora in CORPORA to OUTPUT as passages and descriptions to train on."""
    for name, count in write_gold(corpora, output, benchmarks).items():
        click.echo(
            f"{name:20}{count['kept']:8} passages{count['overlapping']:8} left out: they share a benchmark sentence"
        )


if __name__ == "__main__":
    try:
        main(prog_name="python -m openbioner_batch.training.gold")
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None

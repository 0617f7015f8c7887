"""Write training data that teaches a model to find identifiers.

python -m openbioner_batch.training.phi PHI --corpora corpora/deid --bodies mtsamples.jsonl.gz --notes 6000
"""

from __future__ import annotations

from pathlib import Path

import click

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.training.phi.passages import write_training_data


@click.command()
@click.argument("output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--corpora", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--bodies", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--notes", default=6000, show_default=True, type=click.IntRange(min=1), help="Generated notes.")
@click.option("--terse", default=4000, show_default=True, type=click.IntRange(min=0), help="Terse notes; 0 for none.")
@click.option(
    "--snippets",
    default=5000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Notes of one to three hand-written snippets; 0 for none.",
)
@click.option("--model", default="bundled", show_default=True, help="Model whose tokens measure a passage.")
@click.option("--seed", default=42, show_default=True)
def main(
    output: Path, corpora: Path, bodies: Path, notes: int, terse: int, snippets: int, model: str, seed: int
) -> None:
    """Write `OUTPUT/passages/*.parquet` and `OUTPUT/descriptions/catalog.parquet`."""
    for line in write_training_data(output, corpora, bodies, notes, terse, snippets, model, seed):
        click.echo(line)


if __name__ == "__main__":
    try:
        main(prog_name="python -m openbioner_batch.training.phi")
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None

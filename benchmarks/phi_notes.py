"""Clinical notes with planted identifiers, in many hospitals' styles.

    python benchmarks/phi_notes.py notes.jsonl --notes 1000 --side test --bodies mtsamples.jsonl.gz
    python benchmarks/phi_notes.py terse.jsonl --notes 1000 --side test --terse none
    python benchmarks/phi_notes.py --archive openbioner_batch/data/sample_clinical.jsonl

A line is `{"id", "text", "spans": [[start, end, type], ...], "patient_id", "name", "mrn", ...}` with types of the PHI
catalog. Sides (`train`, `development`, `test`) share no template, no stock of names and no body, so that what was
trained on one can be measured on another. `--bodies` takes real notes (`id`, `text`); only sentences in which nothing
looks like an identifier are used. `--terse none` writes shorthand, lists, tables and short questions without any
identifier, `--terse few` such text with a few. `--archive` writes the sample archive that the package carries.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.training.phi.synthetic.archive import write_archive
from openbioner_batch.training.phi.synthetic.notes import write_notes
from openbioner_batch.training.phi.synthetic.splits import SPLITS
from openbioner_batch.training.phi.synthetic.terse import write_terse


@click.command()
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--notes", default=1000, show_default=True, type=click.IntRange(min=1))
@click.option("--side", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option("--bodies", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--terse", type=click.Choice(("none", "few")), help="Terse text, with few identifiers or none.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--archive", type=click.Path(path_type=Path, dir_okay=False), help="Write the sample archive here instead."
)
def main(
    output: Path | None,
    notes: int,
    side: str,
    bodies: Path | None,
    terse: str | None,
    seed: int,
    archive: Path | None,
) -> None:
    """Write synthetic notes to OUTPUT."""
    if (output is None) == (archive is None):
        raise click.UsageError("give either OUTPUT or --archive FILE")
    if terse and (archive or bodies):
        raise click.UsageError("--terse takes no bodies, and the archive has none of it")
    if archive:
        rows = write_archive(seed)
    elif terse:
        rows = (note.as_row() for note in write_terse(notes, seed, side, identifiers=terse == "few"))
    else:
        rows = (note.as_row() for note in write_notes(notes, seed, side, bodies))
    target = archive or output
    assert target is not None
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    target.write_text("".join(lines), "utf-8")
    click.echo(f"{len(lines)} notes -> {target}")


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None

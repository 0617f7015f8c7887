"""Join annotations that the package carries with texts that it does not.

python -m openbioner_batch.training.standoff TEXT... --output FOLDER
"""

from __future__ import annotations

from pathlib import Path

import click

from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.training.standoff.joining import (
    ANNOTATIONS,
    JoinReport,
    join,
    read_annotations,
    read_types,
    write_joined,
)


@click.command()
@click.argument("texts", nargs=-1, required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--exclude", metavar="FOLDER", help="Benchmarks whose sentences are left out.")
@click.option(
    "--annotations",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=ANNOTATIONS,
    help="Others than the package's; types.tsv beside them has the descriptions.",
)
def main(texts: tuple[str, ...], output: Path, exclude: str | None, annotations: Path) -> None:
    """Write the passages of TEXTS that were annotated to OUTPUT/open and OUTPUT/listed, to train on."""
    if output.exists():
        raise UsageError(f"{output} exists: give a new folder as --output")
    descriptions = read_types(annotations)
    report = JoinReport()
    passages = join(read_annotations(annotations), texts, exclude, report)
    if not passages:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in report.left_out.items())
        raise UsageError(f"none of the annotated passages is in these texts ({reasons})")
    write_joined(passages, descriptions, output)
    click.echo(f"{report.joined} passages, {sum(len(passage.mentions) for passage in passages):,} mentions")
    for reason, count in sorted(report.left_out.items()):
        click.echo(f"{count} left out: {reason}")


if __name__ == "__main__":
    try:
        main(prog_name="python -m openbioner_batch.training.standoff")
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None

"""Strict entity micro-F1 of a checkpoint on the benchmark corpora.

    python benchmarks/accuracy.py BENCHMARKS --split test --json accuracy.json

BENCHMARKS is a folder with NCBI-disease, BC5CDR, BC2GM, AnatEM and JNLPBA, each with devel.tsv.gz and test.tsv.gz of
tokens and IOB tags (the MTL-Bioinformatics-2016 collection). The protocol: a sentence's tokens joined by spaces,
whitespace words, the corpus's types asked together. Which catalog type and view stands for a label was chosen on devel.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from openbioner_batch.errors import OpenBioNERError

CORPORA = {
    "NCBI-disease": ("Disease=disease", "definition"),
    "BC5CDR": ("Chemical=chemical,Disease=disease", "definition"),
    "BC2GM": ("GENE=gene_or_protein", "definition"),
    "AnatEM": ("Anatomy=anatomical_entity", "definition"),
    "JNLPBA": ("protein=protein,DNA=dna,RNA=rna,cell_line=cell_line,cell_type=cell_type", "definition"),
}
"""For each corpus the types asked for its labels, and the view of their descriptions."""


@click.command()
@click.argument("benchmarks", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--corpora", default=",".join(CORPORA), show_default=True)
@click.option("--split", type=click.Choice(["devel", "test"]), default="devel", show_default=True)
@click.option("--model", default="bundled", show_default=True)
@click.option("--dtype", default="float32", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many sentences of each.")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write the figures here.")
def main(
    benchmarks: Path, corpora: str, split: str, model: str, dtype: str, limit: int | None, output: Path | None
) -> None:
    """Score a model on the corpora in BENCHMARKS."""
    from openbioner_batch.evaluation.benchmark import evaluate_iob
    from openbioner_batch.evaluation.labels import resolve_labels
    from openbioner_batch.model import Tagger

    tagger = Tagger.from_pretrained(model, dtype=dtype)
    results = {}
    click.echo(f"{'corpus':14}{'precision':>10}{'recall':>8}{'F1':>7}   strict micro, {split}, {dtype}")
    for name in corpora.split(","):
        if name not in CORPORA:
            raise click.BadParameter(f"{name!r}: expected some of {', '.join(CORPORA)}", param_hint="--corpora")
        selection, view = CORPORA[name]
        scores = evaluate_iob(
            tagger, benchmarks / name / f"{split}.tsv.gz", resolve_labels(selection, view), limit=limit
        )
        quality = scores.micro.quality
        click.echo(f"{name:14}{quality.precision:10.1%}{quality.recall:8.1%}{quality.f1:7.1%}")
        results[name] = {"types": selection, "view": view, **scores.as_dict()}
    if output:
        about = {"model": model, "digest": tagger.digest, "split": split, "dtype": tagger.dtype, "limit": limit}
        output.write_text(json.dumps({**about, "corpora": results}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None

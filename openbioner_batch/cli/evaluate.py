"""`openbioner-batch evaluate`: strict scores of a model on a corpus of IOB tags."""

from __future__ import annotations

import click


@click.command("evaluate")
@click.argument("corpus", type=click.Path())
@click.option(
    "--types",
    "selection",
    required=True,
    metavar="LABEL=NAME,...",
    help="The catalog's type for each label of the corpus, such as Disease=disease,Chemical=drug.",
)
@click.option("--view", default="definition", show_default=True, help="Which description of a type to use.")
@click.option("--model", default="bundled", show_default=True, help="`bundled`, a checkpoint's folder or a hub id.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--dtype", default="auto", show_default=True, help="auto, float32 or bfloat16.")
@click.option(
    "--words",
    type=click.Choice(["whitespace", "basic"]),
    default="whitespace",
    show_default=True,
    help="How a text is split into words; whitespace gives back the corpus's tokens.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many sentences.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    corpus: str,
    selection: str,
    view: str,
    model: str,
    device: str,
    dtype: str,
    words: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Score a model on CORPUS, a .tsv or .tsv.gz file with a token, a tab and an IOB tag on each line.

    The protocol: a sentence's tokens are joined by spaces, the corpus's types are asked together, and an entity is
    right when its first and last token and its type are (seqeval's strict scores).
    """
    import json
    from time import perf_counter

    from openbioner_batch.evaluation.benchmark import evaluate_iob
    from openbioner_batch.evaluation.labels import resolve_labels

    types = resolve_labels(selection, view)

    from openbioner_batch.model import Tagger

    tagger = Tagger.from_pretrained(model, device=device, dtype=dtype)
    start = perf_counter()
    scores = evaluate_iob(tagger, corpus, types, words=words, limit=limit)
    seconds = perf_counter() - start
    if as_json:
        about = {"corpus": corpus, "model": model, "digest": tagger.digest, "view": view, "words": words}
        asked = {label: {"name": kind.name, "description": kind.description} for label, kind in types.items()}
        click.echo(json.dumps({**about, "types": asked, "seconds": round(seconds, 1), **scores.as_dict()}, indent=2))
        return
    from rich.console import Console

    from openbioner_batch.report.scores import scores_table

    Console(highlight=False).print(scores_table(scores))

"""What `adapt` gains: a few abstracts of BioNLP-ST 2013 CG to learn from, others to be scored on.

    python benchmarks/adapting.py bionlp13cg.jsonl.gz --json adapting.json

The file has a JSON object a line with `id`, `text` and `spans`. The first twelve documents are the examples, the 101st
to 150th are scored, before and after. Types and their descriptions are this script's own.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import torch
from common.machine import machine
from common.results import json_option, write_json

from openbioner_batch.evaluation.adapting import adapt
from openbioner_batch.evaluation.benchmark import count_found, estimate, find_spans, model_finder
from openbioner_batch.evaluation.examples import read_examples
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.model import Tagger

EXAMPLES, SCORED = slice(0, 12), slice(100, 150)
TYPES = {
    "Cancer": "A malignant tumour or cancer, named by its kind or place, or just as tumor.",
    "Multi-tissue_structure": "A structure of the body that is made of several tissues and smaller than an organ, "
    "such as a vessel.",
    "Pathological_formation": "A formation in the body that is there through disease, such as a metastasis or a "
    "lesion, not named as a cancer.",
    "Organism_subdivision": "A region of the body that can be seen from outside, such as a limb or the head.",
}


@click.command()
@click.argument("corpus", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", default="bundled-open", show_default=True)
@click.option("--replay", metavar="FOLDER", help="Training data that is learnt along.")
@click.option("--threads", type=int, default=1, show_default=True)
@click.option("--quick", is_flag=True, help="Fit the calibration alone: does it work at all.")
@json_option
def main(corpus: Path, model: str, replay: str | None, threads: int, quick: bool, json_path: Path | None) -> None:
    """Adapt to the first documents of BioNLP-ST 2013 CG, and score others before and after."""
    torch.set_num_threads(threads)
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        report = measure(documents, model, "calibration" if quick else "auto", Path(folder), replay)
    for when in ("before", "after"):
        micro = report["others"][when]["micro"]
        low, high = micro["f1_interval"]
        click.echo(f"{when:7}F1 {100 * micro['f1']:.1f} ({100 * low:.1f} to {100 * high:.1f})")
    write_json(json_path, {**report, "threads": threads, "ran_on": machine()})


def measure(
    documents: list[dict[str, Any]], model: str, method: str, folder: Path, replay: str | None = None
) -> dict[str, Any]:
    """Strict micro scores on held-out folds of the examples, and on other documents."""
    types = folder / "types.yaml"
    types.write_text("".join(f"{name.lower()}: {json.dumps(text)}\n" for name, text in TYPES.items()), "utf-8")
    examples, others = (_written(documents[part], folder / f"{part.start}.jsonl") for part in (EXAMPLES, SCORED))
    settings = AdaptSettings(str(examples), str(types), str(folder / "adapted"), model, method=method, replay=replay)
    began, cpu = time.monotonic(), time.process_time()
    result = adapt(settings)
    spent = {"seconds": round(time.monotonic() - began), "cpu_seconds": round(time.process_time() - cpu)}
    corpus, labels = read_examples(AdaptSettings(str(others), str(types), "none", model))
    scores: dict[str, Any] = {}
    for when, place in (("before", model), ("after", settings.output)):
        find = model_finder(Tagger.from_pretrained(place, dtype="float32"), [labels.described("definition")], "basic")
        counts = count_found(corpus, labels, find_spans(find, corpus))
        scores[when] = estimate(counts, "others").as_dict()
    del result["output"]
    return {"model": model, **spent, "examples": result, "others": {"texts": len(corpus.texts), **scores}}


def _written(documents: list[dict[str, Any]], path: Path) -> Path:
    rows = [{**d, "spans": [[a, b, kind.lower()] for a, b, kind in d["spans"] if kind in TYPES]} for d in documents]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


if __name__ == "__main__":
    main()

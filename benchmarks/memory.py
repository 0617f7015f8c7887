"""Peak memory of a run's driver as the corpus grows: it should stay flat.

    python benchmarks/memory.py --documents 5000,50000 --json memory.json

Documents are synthetic notes of about 25 words. The model is a small one with random weights and the bundled
vocabulary: what is measured is the driver, which never sees it.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import click

WORDS = "the patient was given aspirin and ibuprofen for pain in her left knee after a fall while mice were not".split()


def write_notes(path: Path, documents: int) -> None:
    """A JSONL file of synthetic notes, each different."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(documents):
            words = [WORDS[(number * 7 + place * (1 + number % 5)) % len(WORDS)] for place in range(25)]
            file.write(json.dumps({"id": str(number), "text": f"Note {number}: {' '.join(words)}."}) + "\n")


def write_checkpoint(folder: Path) -> None:
    """A checkpoint of two narrow layers with random weights."""
    from openbioner_batch.model import resolve_checkpoint, save_checkpoint
    from openbioner_batch.model.config import read_config
    from openbioner_batch.model.encoder import CrossEncoder, initialize

    bundled = resolve_checkpoint("bundled")
    model = CrossEncoder(replace(read_config(bundled), hidden=32, layers=2, heads=2, intermediate=64))
    initialize(model, seed=0)
    save_checkpoint(model, folder, tokenizer_from=bundled)


def run(folder: str, documents: int) -> dict[str, Any]:
    """Tag so many notes, in a process of its own, and say what its driver took."""
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.settings import AnnotateSettings

    inputs = Path(folder) / f"{documents}.jsonl"
    write_notes(inputs, documents)
    output = str(Path(folder) / f"{documents}")
    settings = AnnotateSettings((str(inputs),), output, "drug", model=str(Path(folder) / "model"), shard_documents=100)
    began = perf_counter()
    summary = annotate(settings, say=lambda line: None).as_json()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "documents": summary["documents"],
        "shards": summary["shards"],
        "seconds": round(perf_counter() - began, 1),
        "driver_peak_mib": int(status["VmHWM"].split()[0]) // 1024,
    }


@click.command()
@click.option("--documents", default="5000,50000", show_default=True, help="Sizes of the corpora to compare.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
def main(documents: str, json_path: Path | None) -> None:
    """Peak resident memory of the driver, for each size of corpus. Linux only: it is read from /proc."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder) / "model")
        for size in map(int, documents.split(",")):
            # A fresh process each: a peak is never given back.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                results.append(pool.submit(run, folder, size).result())
            click.echo("  ".join(f"{name} {value}" for name, value in results[-1].items()))
    if json_path:
        json_path.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()

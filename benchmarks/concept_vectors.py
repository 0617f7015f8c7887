"""What linking by an encoder's vectors costs against many names.

    python benchmarks/concept_vectors.py hp-minilm.vocab

The index is one that was built with `--encoder`. Its names' vectors are written again and again until there are as many
as requested, since the time does not depend on their values and encoding 300,000 names takes a quarter of an hour. The
mentions are made of its names as those of `concepts.py speed` are, and each is compared: in a run only those are that
nothing else finds.
"""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from common.machine import machine, peak_memory_mib
from common.results import json_option, write_json
from concept_mentions import distinct_mentions

from openbioner_batch.concepts import index_file
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import NEAR_NAMES
from openbioner_batch.concepts.vectors import ENCODER, VECTORS, NearestVectors

BY_NAME = ("name_concept", "name_kind", "name_short")
"""Arrays with one number for each name."""


@click.command()
@click.argument("index", type=click.Path(path_type=Path, exists=True))
@click.option("--names", default=300_000, show_default=True, help="Vectors that mentions are compared with.")
@click.option("--mentions", default=2_000, show_default=True, help="Distinct ones.")
@json_option
def main(index: Path, names: int, mentions: int, json_path: Path | None) -> None:
    """Time and memory of one process that compares mentions with names by vectors."""
    texts = distinct_mentions(Vocabulary(str(index)), mentions)
    with TemporaryDirectory() as folder:
        large = f"{folder}/large.vocab"
        write_repeated(str(index), large, names)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(compare, (large, texts))
        found["index_bytes"] = Path(large).stat().st_size
    click.echo(", ".join(f"{name} {value}" for name, value in found.items()))
    write_json(json_path, {"machine": machine(), **found})


def write_repeated(index: str, output: str, names: int) -> None:
    """An index with an index's vectors, repeated until there are so many names, for `NearestVectors` alone."""
    arrays, about = index_file.mapped(index)
    known = arrays["name_concept"].size
    rows = np.resize(np.arange(known), names)
    vectors = arrays[VECTORS].reshape(known, -1)[rows]
    repeated = arrays | {name: arrays[name][rows] for name in BY_NAME} | {VECTORS: vectors.ravel()}
    index_file.write(output, repeated, {name: value for name, value in about.items() if name != "digest"})


def compare(index: str, texts: list[str]) -> dict[str, Any]:
    """The cost of comparing each text, in a process that does nothing else."""
    vocabulary = Vocabulary(index)
    nearest = NearestVectors(vocabulary, NEAR_NAMES)
    next(nearest.find(["warm"]))
    before = peak_memory_mib()
    began, cpu_began = time.perf_counter(), time.process_time()
    found = sum(1 for near in nearest.find(texts) if near)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    return {
        "encoder": Path(vocabulary.about[ENCODER]["name"]).name,
        "names": vocabulary.names,
        "mentions": len(texts),
        "with_a_near_name": found,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "cpu_ms_a_mention": round(1000 * cpu / len(texts), 2),
        "peak_mib": peak_memory_mib(),
        "peak_mib_after_one_mention": before,
    }


if __name__ == "__main__":
    main()

"""How a run's cost and memory grow with documents, with their length, with actors and with nodes.

    python benchmarks/scaling.py documents 1000,10000,100000 --json scaling.json
    python benchmarks/scaling.py shards 500,2000             # of one document each: what the driver keeps of a shard
    python benchmarks/scaling.py shards 500,2000 --shards-per-file 10   # the same from many files, each read by a task
    python benchmarks/scaling.py words 100,10000,1000000     # of each document, as many words in all
    python benchmarks/scaling.py actors 1,2                  # processes that hold the model
    python benchmarks/scaling.py nodes 1,2                   # raylets on this machine, one core each

Linear cost is a constant rate; flat memory is a constant peak of the driver and of the process that holds the model.
Documents are synthetic: 25 words that repeat except for a number. The model is a miniature with random weights and the
bundled vocabulary. So it is the engine that is measured, not the encoder (see `throughput.py` for that); with `actors`
and `nodes` the model is the tiny variant, which has work to share. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from common.growth import growth, thinned, watch_memory
from common.machine import machine, peak_memory_mib
from common.models import write_random_model
from common.processes import in_child
from common.results import comma_list, json_option, show_table, write_json
from common.texts import PLAIN_WORDS
from common.tree import watch_descendants

from openbioner_batch.engine.cluster import ENVIRONMENT
from openbioner_batch.errors import OpenBioNERError, UsageError

AXES = {"documents": [1000, 10_000], "shards": [500, 2000], "words": [100, 10_000], "actors": [1, 2], "nodes": [1, 2]}
"""What can grow, and by default to where."""
QUICK = {"documents": [100, 200], "shards": [20, 40], "words": [50, 500], "actors": [1], "nodes": [1]}
NOTE_WORDS = 25
LATER = {"second half": (0.5, 0.95), "fourth quarter": (0.75, 0.95)}
"""Shares of the shards between which the driver's growth is measured: modules are imported then, and caches filled."""
MODEL_ACTOR = "TagShards"
"""In the title that Ray gives to the processes that hold the model."""


def write_notes(folder: Path, documents: int, words: int, per_file: int | None) -> None:
    """JSONL files of synthetic notes, each different; one file of all where `per_file` is None."""
    folder.mkdir()
    for start in range(0, documents, per_file or documents):
        with (folder / f"{start:09d}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(start, min(documents, start + (per_file or documents))):
                chosen = (
                    PLAIN_WORDS[(number * 7 + place * (1 + number % 5)) % len(PLAIN_WORDS)] for place in range(words)
                )
                # A full stop now and then, so that windows break where they do in real texts.
                text = " ".join(word + "." if place % 20 == 19 else word for place, word in enumerate(chosen))
                file.write(json.dumps({"id": str(number), "text": f"Note {number}: {text}."}) + "\n")


def run(
    folder: str,
    documents: int,
    words: int,
    shards: int | None,
    shards_per_file: int | None,
    actors: int | None,
    nodes: int | None,
    types: str,
) -> dict[str, Any]:
    """Tag so many notes, in a process of its own, and say what it took.

    Args:
        folder: holds the model in `model`; the notes and the run are written there.
        documents: notes.
        words: of each note.
        shards: to cut them into; None: of 100 notes each.
        shards_per_file: None: one file of all.
        actors: processes that hold the model; None: one for each core.
        nodes: raylets of one core each; None: Ray as `annotate` starts it.
        types: what to query.
    """
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.settings import AnnotateSettings

    inputs, per_shard = Path(folder) / "notes", documents // shards if shards else 100
    write_notes(inputs, documents, words, shards_per_file and shards_per_file * per_shard)
    settings = AnnotateSettings(
        (str(inputs),), f"{folder}/run", types, model=f"{folder}/model", actors=actors, executor="ray",
        shard_documents=per_shard, overwrite=True,
    )  # fmt: skip
    written = Path(folder) / "run/data"
    with cluster(nodes) if nodes else nullcontext(), watch_descendants() as watched, watch_memory(written) as samples:
        began = perf_counter()
        summary = annotate(settings, say=lambda line: None).as_json()
        seconds = perf_counter() - began
    session = summary["last_session"]
    actors_peaks = [seen.peak_mib for (_, title), seen in watched.processes.items() if MODEL_ACTOR in title]
    return {
        "documents": summary["documents"],
        "words_per_document": words,
        "actors": actors,
        "nodes": nodes,
        "shards": summary["shards"],
        "shards_per_file": shards_per_file,
        "text_tokens": summary["tokens"],
        "seconds": seconds,
        "documents_per_second": session["documents_per_second"],
        "tokens_per_second": session["tokens_per_second"],
        "driver_peak_mib": peak_memory_mib(),
        "actor_peak_mib": max(actors_peaks, default=None),
        "driver_growth": {name: growth(samples, *shares) for name, shares in LATER.items()},
        "driver_samples": thinned(samples),
    }


@contextmanager
def cluster(nodes: int) -> Iterator[None]:
    """A Ray cluster of several raylets on this machine, joined by this process."""
    import ray
    from ray.cluster_utils import Cluster

    os.environ.update(ENVIRONMENT)
    raylets = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            raylets.add_node(num_cpus=1)
        raylets.wait_for_nodes()
        ray.init(address=raylets.address, log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        raylets.shutdown()


def plan(axis: str, size: int, documents: int, shards_per_file: int | None) -> dict[str, Any]:
    """The arguments of `run` for one point of an axis."""
    common: dict[str, Any] = {
        "documents": documents, "words": NOTE_WORDS, "shards": None, "shards_per_file": shards_per_file,
        "actors": None, "nodes": None,
    }  # fmt: skip
    common["types"] = "disease,drug,gene,species,cell_type" if axis in ("actors", "nodes") else "drug"
    if axis == "shards":
        return {**common, "documents": size, "shards": size}
    if axis == "words":
        return {**common, "words": size, "documents": max(1, documents * NOTE_WORDS // size)}
    return {**common, axis: size}


def show(report: dict[str, Any]) -> None:
    """A row for each point."""
    names = (
        "documents", "words_per_document", "actors", "nodes", "shards", "seconds", "documents_per_second",
        "tokens_per_second", "driver_peak_mib", "actor_peak_mib",
    )  # fmt: skip
    rows = [["-" if point[name] is None else f"{point[name]:,.0f}" for name in names] for point in report["points"]]
    show_table([name.replace("_", " ") for name in names], rows, words=0)


@click.command()
@click.argument("axis", type=click.Choice(list(AXES)))
@click.argument("sizes", required=False)
@click.option("--documents", type=click.IntRange(min=1), help="Of 25 words, where the axis is another. [4000]")
@click.option("--shards-per-file", type=click.IntRange(min=1), help="In place of one file of all.")
@click.option("--quick", is_flag=True, help="The smallest sizes: does it work at all.")
@json_option
def main(
    axis: str,
    sizes: str | None,
    documents: int | None,
    shards_per_file: int | None,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Measure a run for each of SIZES (a list with commas) of AXIS."""
    points = []
    try:
        try:
            wanted = [int(size) for size in comma_list(sizes)] if sizes else (QUICK if quick else AXES)[axis]
        except ValueError:
            raise UsageError(f"SIZES is {sizes!r}: expected whole numbers with commas, such as 1000,10000") from None
        for size in wanted:
            with tempfile.TemporaryDirectory() as folder:
                write_random_model("tiny", Path(folder) / "model", None if axis in ("actors", "nodes") else 32)
                # A fresh process each: a peak is never given back.
                planned = plan(axis, size, documents or (200 if quick else 4000), shards_per_file)
                points.append(in_child(run, folder, **planned))
            click.echo(f"{axis} {size:,}: {points[-1]['seconds']:,.1f} s", err=True)
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    report = {"axis": axis, "points": points, "ran_on": machine()}
    write_json(json_path, report)
    show(report)


if __name__ == "__main__":
    main()

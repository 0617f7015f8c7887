"""What two of glibc's arenas cost in time if all threads of a run's driver share them (`engine/allocator.py`).

    python benchmarks/arenas.py pubmed21n1298.xml.gz mtsamples.jsonl.gz --pairs 6 --json arenas.json

Runs with and without, in pairs whose order alternates, each in a process of its own. Without is `MALLOC_ARENA_MAX` at
what glibc takes on its own, eight for each core; workers of Ray have that in both. `annotate` and `deidentify` run on
Ray and in one process, which then holds the model too; `shards` is a run of one-document shards with a miniature
model, where the driver's share of the work is greatest. CPU time is of whole runs, start included, the rate between
first and last commit. Pin it to one core (taskset) where others share the machine, and look at CPU time. Linux only.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from common.machine import machine
from common.models import write_random_model
from common.processes import in_child
from common.results import comma_list, json_option, show_table, spread, write_json
from common.tree import cpu_seconds, watch_descendants

from openbioner_batch.engine.option_groups import IN_PROCESS, RAY
from openbioner_batch.errors import OpenBioNERError

VARIABLE = "MALLOC_ARENA_MAX"
ARENAS_A_CORE = 8
"""glibc's own limit."""
SHARDS = 20
"""Of each run but `shards`."""
MEASURES = ("documents_per_second", "driver_cpu_seconds", "cpu_seconds")


def run_shards(folder: Path, documents: int, inputs: Sequence[str], executor: str) -> dict[str, Any]:
    """Notes of a few words, each a shard of its own."""
    lines = (json.dumps({"id": str(number), "text": f"Note {number}: given aspirin."}) for number in range(documents))
    (folder / "notes.jsonl").write_text("\n".join(lines), "utf-8")
    model = write_random_model("tiny", folder / "model", 32)
    return _annotate(folder, (str(folder / "notes.jsonl"),), executor, documents, 1, model)


def run_annotate(folder: Path, documents: int, inputs: Sequence[str], executor: str) -> dict[str, Any]:
    """Records of the first input with `bundled-open` and five types."""
    return _annotate(folder, inputs[:1], executor, documents, max(1, documents // SHARDS), "bundled-open")


def _annotate(
    folder: Path, inputs: Sequence[str], executor: str, limit: int, shard_documents: int, model: str
) -> dict[str, Any]:
    from openbioner_batch.engine.run import annotate
    from openbioner_batch.engine.settings import AnnotateSettings

    settings = AnnotateSettings(
        tuple(inputs), str(folder / "run"), "disease,drug,gene,species,cell_type", model=model, executor=executor,
        limit=limit, shard_documents=shard_documents,
    )  # fmt: skip
    return annotate(settings, say=lambda line: None).as_json()


def run_deidentify(folder: Path, documents: int, inputs: Sequence[str], executor: str) -> dict[str, Any]:
    """Notes of the second input with patterns and `bundled-phi`."""
    from openbioner_batch.deid.keys import generate_key
    from openbioner_batch.deid.run import deidentify
    from openbioner_batch.deid.settings import DeidentifySettings

    settings = DeidentifySettings(
        inputs=tuple(inputs[1:2]), output=str(folder / "run"), policy="surrogate", patient_scope="document",
        key_file=str(generate_key(str(folder / "key"))), model="bundled-phi", executor=executor, limit=documents,
        shard_documents=max(1, documents // SHARDS),
    )  # fmt: skip
    return deidentify(settings, say=lambda line: None).summary.as_json()


Work = Callable[[Path, int, Sequence[str], str], dict[str, Any]]
WORKS: dict[str, tuple[Work, int, str]] = {
    "shards": (run_shards, 1000, RAY),
    "annotate": (run_annotate, 400, RAY),
    "deidentify": (run_deidentify, 200, RAY),
    "annotate-in-process": (run_annotate, 200, IN_PROCESS),
    "deidentify-in-process": (run_deidentify, 100, IN_PROCESS),
}
"""What does each, with how many documents, and on what."""


def measure_run(name: str, documents: int, inputs: Sequence[str]) -> dict[str, Any]:
    """One run in this process: what it took, and what of that between its first and its last commit."""
    work, _, executor = WORKS[name]
    with tempfile.TemporaryDirectory() as folder:
        before, began = cpu_seconds(), perf_counter()
        with watch_descendants(0.25) as watched:
            summary = work(Path(folder), documents, inputs, executor)
        driver, seconds = cpu_seconds() - before, perf_counter() - began
    session = summary["last_session"]
    return {
        "documents": summary["documents"],
        "shards": summary["shards"],
        "seconds": seconds,
        "documents_per_second": session["documents_per_second"],
        "driver_cpu_seconds": driver,
        "cpu_seconds": driver + sum(watched.cpu_by_process().values()),
    }


@contextmanager
def arenas(limited: bool) -> Iterator[None]:
    """The environment of a run with, or without, the limit."""
    was = os.environ.pop(VARIABLE, None)
    if not limited:
        os.environ[VARIABLE] = str(ARENAS_A_CORE * (os.cpu_count() or 1))
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if was is not None:
            os.environ[VARIABLE] = was


def measure(name: str, documents: int, inputs: Sequence[str], pairs: int) -> dict[str, Any]:
    """Alternate the two, in turn one and the other first."""
    runs: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for pair in range(pairs):
        for limited in (True, False) if pair % 2 == 0 else (False, True):
            with arenas(limited):
                runs[limited].append(in_child(measure_run, name, documents, tuple(inputs)))
        click.echo(f"{name}: pair {pair + 1} of {pairs}", err=True)
    ratios = {
        key: spread([one[key] / other[key] for one, other in zip(runs[True], runs[False], strict=True)])
        for key in MEASURES
        if all(run[key] for side in runs.values() for run in side)
    }
    return {"two_arenas": runs[True], "as_glibc": runs[False], "two_to_as_glibc": ratios}


def show(report: dict[str, Any]) -> None:
    """Ratios as a table."""
    rows = []
    for name, one in report["works"].items():
        first = one["two_arenas"][0]
        ratios = (one["two_to_as_glibc"].get(key) for key in MEASURES)
        cells = (f"{of['median']:.3f} ({of['least']:.3f}-{of['most']:.3f})" if of else "-" for of in ratios)
        rows.append((name, f"{first['documents']:,}", f"{first['shards']:,}", str(len(one["two_arenas"])), *cells))
    titles = (
        "two arenas / as glibc",
        "documents",
        "shards",
        "pairs",
        "documents/s",
        "driver's CPU time",
        "all CPU time",
    )
    show_table(titles, rows)


@click.command()
@click.argument("inputs", nargs=2, type=click.Path(exists=True, dir_okay=False))
@click.option("--works", default=",".join(WORKS), show_default=True)
@click.option("--pairs", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--quick", is_flag=True, help="One pair of a few documents: does it work at all.")
@json_option
def main(inputs: tuple[str, ...], works: str, pairs: int, quick: bool, json_path: Path | None) -> None:
    """Compare runs on RECORDS, which are tagged, and NOTES, which are de-identified."""
    names = comma_list(works)
    if unknown := [name for name in names if name not in WORKS]:
        raise click.UsageError(f"--works {unknown[0]}: expected some of {', '.join(WORKS)}")
    report: dict[str, Any] = {"works": {}, "ran_on": machine()}
    try:
        for name in names:
            documents = SHARDS if quick else WORKS[name][1]
            report["works"][name] = measure(name, documents, inputs, 1 if quick else pairs)
            write_json(json_path, report)
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    show(report)


if __name__ == "__main__":
    main()

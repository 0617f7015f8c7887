"""What the pipeline costs beside its encoder on Ray, all processes together: CPU time by what they do.

`python benchmarks/pipeline.py FILE... --stub-encoder --executor ray` calls this. The pipeline runs as `annotate` runs
it, with an encoder that takes no time in each process that holds the model, and the CPU time of every process below
this one is counted between the first and the last commit: Ray's own too, which `stub_encoder.py` has nothing of. Pinned
to one core (taskset), it is what one core does. Linux only.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from common.machine import machine
from common.processes import in_child
from common.results import show_table, spread
from common.tree import Watched, cpu_seconds
from stub_models import stub_for

from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.scoring import Scorer, TextPreparer
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError

ROLES = {
    "tasks": "tasks: read, parse, tokenize, write Parquet",
    "actors": "actors: batches, decoding",
    "driver": "driver: rows, accounting, Ray Data",
    "ray": "Ray's own processes",
}
_TITLES = {"TagShards": "actors", "read_splits": "tasks", "commit_shard": "tasks"}
"""By what stands in the title of a process: one that reads may write another time. Ray's own have none of these."""


@dataclass(frozen=True)
class RemoteStub:
    """A model's factory with the stub in the place of its encoder, for any process."""

    real: ModelScorerFactory

    def fingerprint(self) -> dict[str, Any]:
        """The model's fingerprint, marked as a stub's."""
        return {**self.real.fingerprint(), "encoder": "stub"}

    def preparer(self) -> TextPreparer:
        """The model's."""
        return self.real.preparer()

    def scorer(self) -> Scorer:
        """The model's, its encoder replaced."""
        tagger: Any = self.real.scorer()
        tagger.encoder = stub_for(tagger)
        return tagger


@dataclass
class Looks:
    """What all processes had taken at some moments of a run."""

    watched: Watched = field(default_factory=Watched)
    found: list[tuple[int, float, dict[int, float]]] = field(default_factory=list)
    """Shards committed, the time, and the CPU seconds of each process; 0 is this one."""

    def look(self, folder: Path) -> None:
        """Note it, with how many files the folder holds."""
        self.watched.look()
        committed = len(os.listdir(folder)) if folder.is_dir() else 0
        self.found.append((committed, perf_counter(), {0: cpu_seconds(), **self.watched.cpu_by_process()}))

    def by_role(self) -> tuple[int, float, dict[str, float]]:
        """Shards, wall seconds and CPU seconds by role between the looks at the first commit and at the last.

        Raises:
            UsageError: the run committed all at once, so that there are no two such looks.
        """
        last = max(committed for committed, _, _ in self.found)
        steady = [one for one in self.found if one[0]]
        if not last or steady[0][0] == last:
            raise UsageError("the run was over at its first shard: give more documents (--limit), or smaller shards")
        first, end = steady[0], next(one for one in steady if one[0] == last)
        taken: defaultdict[str, float] = defaultdict(float)
        for process, seconds in end[2].items():
            taken[self._role(process)] += seconds - first[2].get(process, 0.0)
        return last - first[0], end[1] - first[1], taken

    def _role(self, process: int) -> str:
        if not process:
            return "driver"
        titles = [title for (of, title) in self.watched.processes if of == process and "ray::" in title]
        return next((role for part, role in _TITLES.items() if any(part in title for title in titles)), "ray")


@contextmanager
def looking(folder: Path, every: float = 0.2) -> Iterator[Looks]:
    """Look every so many seconds."""
    looks, over = Looks(), threading.Event()

    def watch() -> None:
        while not over.wait(every):
            looks.look(folder)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield looks
    finally:
        over.set()
        watcher.join()


def run_on_ray(settings: AnnotateSettings) -> dict[str, Any]:
    """One run; figures are of whole shards between the first and the last commit."""
    factory = RemoteStub(ModelScorerFactory.from_settings(settings, on_cluster=False))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "run"
        with looking(output / "data") as looks:
            summary = annotate(replace(settings, output=str(output)), factory, say=lambda line: None).as_json()
    shards, seconds, cpu = looks.by_role()
    documents = shards * summary["documents"] / summary["shards"]
    return {
        "documents": summary["documents"],
        "shards": summary["shards"],
        "spans": summary["spans"]["total"],
        "documents_per_second": documents / seconds,
        "cpu_milliseconds_per_document": {role: 1000 * cpu.get(role, 0.0) / documents for role in ROLES},
        "documents_per_core_second": documents / sum(cpu.values()),
    }


def measure_on_ray(settings: AnnotateSettings, repeats: int) -> dict[str, Any]:
    """Repeat it, each time in a fresh process."""
    runs: list[dict[str, Any]] = []
    for repeat in range(repeats):
        click.echo(f"repeat {repeat + 1} of {repeats}: stub encoder on Ray", err=True)
        runs.append(in_child(run_on_ray, settings))
    parts = [run["cpu_milliseconds_per_document"] for run in runs]
    return {
        **{name: runs[0][name] for name in ("documents", "shards", "spans")},
        "cpu_milliseconds_per_document": {role: spread([part[role] for part in parts]) for role in ROLES},
        **{name: spread([run[name] for run in runs]) for name in ("documents_per_core_second", "documents_per_second")},
        "ran_on": machine(),
    }


def show_on_ray(report: dict[str, Any]) -> None:
    """The processes as a table, and what one core does of all but the encoder."""
    parts = report["cpu_milliseconds_per_document"]
    whole = sum(part["median"] for part in parts.values())
    rows: Sequence[tuple[str, ...]] = [
        (ROLES[role], f"{one['median']:.3f}", f"{one['median'] / whole:.0%}") for role, one in parts.items()
    ]
    show_table(("processes", "CPU ms a document", "share"), rows)
    rate = report["documents_per_core_second"]
    click.echo(
        f"all but the encoder, Ray included: {rate['median']:,.0f} documents/s a core ({rate['least']:,.0f} to "
        f"{rate['most']:,.0f}), over {report['documents']:,} documents in {report['shards']:,} shards"
    )

"""What the pipeline costs beside its encoder: CPU time by stage, with one that takes no time in its place.

`python benchmarks/pipeline.py FILE... --stub-encoder` calls this. The stages run in one process, one after the other,
and each is charged with the CPU time of that process. So the figures say how many documents one core reads, tokenizes,
decodes and writes a second, and from that how many cores keep a GPU busy.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter, process_time
from typing import Any

import click
import pyarrow as pa
from common.machine import machine
from common.processes import in_child
from common.results import show_table, spread
from stub_models import stub_for

from openbioner_batch.engine.executors.base import Commit, Executor, ReadStage, Workforce
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.request import resolve_inputs
from openbioner_batch.engine.run import Tagging
from openbioner_batch.engine.scoring import Scorer, TaggedText, TextPreparer
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.work import Job, SplitTask, TaggingJob
from openbioner_batch.model import Tagger

STAGES = {
    "read": "read and parse",
    "tokenize": "tokenize, cut into windows",
    "arrange": "batches, decoding",
    "rows": "rows, hand-over, accounting",
    "write": "write Parquet",
}
"""In the order of the pipeline."""
LOAD = "load"
"""Once a process, and so not charged to documents."""


class StageClock:
    """CPU seconds of this process by stage; time of an inner stage does not count for the outer one."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def stage(self, name: str) -> Generator[None, None, None]:
        """Charge the block to a stage."""
        began = process_time()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took = process_time() - began
            self.seconds[name] += took - self._inner.pop()
            self._inner[-1] += took


@dataclass(frozen=True)
class StubFactory:
    """A model's factory with the stub in the place of its encoder, each part timed."""

    real: ModelScorerFactory
    clock: StageClock

    def fingerprint(self) -> dict[str, Any]:
        """The real factory's, marked as a stub's: its run is never taken for a real one."""
        return {**self.real.fingerprint(), "encoder": "stub"}

    def preparer(self) -> TextPreparer:
        """The real preparer, on the clock."""
        with self.clock.stage(LOAD):
            return TimedPreparer(self.real.preparer(), self.clock)

    def scorer(self) -> Scorer:
        """The real tagger with a stub for its encoder, on the clock."""
        with self.clock.stage(LOAD):
            tagger: Any = self.real.scorer()
            tagger.encoder = stub_for(tagger)
        return TimedScorer(tagger, self.clock)

    def __reduce__(self) -> tuple[Callable[[], StubFactory], tuple[()]]:
        return _factory, ()  # the one of this process, whose clock is looked at


_now: list[StubFactory] = []


def _factory() -> StubFactory:
    return _now[-1]


@dataclass(frozen=True)
class TimedPreparer:
    """A preparer on a clock."""

    real: TextPreparer
    clock: StageClock

    def prepare(self, texts: Sequence[str]) -> Any:
        """As the real one does, charged to `tokenize`."""
        with self.clock.stage("tokenize"):
            return self.real.prepare(texts)


@dataclass(frozen=True)
class TimedScorer:
    """A tagger on a clock."""

    real: Tagger
    clock: StageClock

    def score(self, prepared: Any) -> Sequence[TaggedText]:
        """As the real one does, charged to `arrange`."""
        with self.clock.stage("arrange"):
            return self.real.score(prepared)


@dataclass(frozen=True)
class TimedExecutor:
    """An executor whose stages of reading and writing are on a clock."""

    real: Executor
    clock: StageClock
    resources: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "resources", self.real.resources)

    def run(
        self,
        tasks: Sequence[SplitTask],
        workforce: Workforce,
        read: ReadStage,
        tagging: TaggingJob | None,
        commit: Commit,
    ) -> Generator[dict[str, Any], None, None]:
        """As the real one does, with each stage on the clock."""

        def timed_read(batch: pa.Table) -> Generator[pa.Table, None, None]:
            shards = read(batch)
            while True:
                with self.clock.stage("read"):
                    shard = next(shards, None)
                if shard is None:
                    return
                yield shard

        def timed_commit(shard: pa.Table) -> pa.Table:
            with self.clock.stage("write"):
                return commit(shard)

        committed = self.real.run(tasks, workforce, timed_read, tagging, timed_commit)
        while True:
            with self.clock.stage("rows"):
                shard = next(committed, None)
            if shard is None:
                return
            yield shard


@dataclass(frozen=True)
class TimedTagging(Tagging):
    """Tagging on a clock."""

    clock: StageClock = field(default_factory=StageClock)

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """As `Tagging` does, by an executor on the clock."""
        return super().stream(tasks, job, TimedExecutor(executor, self.clock), before)


@dataclass(frozen=True, slots=True)
class StubRun:
    """One measurement."""

    documents: int
    tokens: int
    spans: int
    seconds: float
    """Wall clock, start and end included."""
    cpu_seconds: dict[str, float]
    """By stage."""


def run_stub(settings: AnnotateSettings) -> StubRun:
    """Run the pipeline in this process with the stub in place of the encoder."""
    clock = StageClock()
    factory = StubFactory(ModelScorerFactory.from_settings(settings, on_cluster=False), clock)
    _now.append(factory)
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings, output=f"{folder}/run", executor="in-process")
        tagging = TimedTagging(settings, factory, clock=clock)
        inputs = resolve_inputs(settings, lambda line: None)
        began = perf_counter()
        summary = run_pipeline(settings, inputs, lambda on_cluster: tagging, lambda line: None)
        seconds = perf_counter() - began
    totals = summary.totals
    cpu = {name: clock.seconds[name] for name in STAGES}
    return StubRun(totals.documents, totals.tokens, totals.spans.total(), seconds, cpu)


def measure_stub(settings: AnnotateSettings, repeats: int) -> dict[str, Any]:
    """Repeat it, each time in a fresh process."""
    runs: list[StubRun] = []
    for repeat in range(repeats):
        click.echo(f"repeat {repeat + 1} of {repeats}: stub encoder", err=True)
        runs.append(in_child(run_stub, settings))
    per_stage = {name: spread([run.cpu_seconds[name] / run.documents * 1000 for run in runs]) for name in STAGES}
    rates = [run.documents / sum(run.cpu_seconds.values()) for run in runs]
    tokens = [run.tokens / sum(run.cpu_seconds.values()) for run in runs]
    return {
        "documents": runs[0].documents,
        "tokens": runs[0].tokens,
        "spans": runs[0].spans,
        "cpu_milliseconds_per_document": per_stage,
        "documents_per_core_second": spread(rates),
        "tokens_per_core_second": spread(tokens),
        "wall_seconds": spread([run.seconds for run in runs]),
        "ran_on": machine(),
    }


def show_stub(report: dict[str, Any]) -> None:
    """The stages as a table, and what one core does of all but the encoder."""
    stages = report["cpu_milliseconds_per_document"]
    whole = sum(stage["median"] for stage in stages.values())
    rows: Iterable[tuple[str, ...]] = [
        (STAGES[name], f"{one['median']:.3f}", f"{one['median'] / whole:.0%}", f"{1000 / one['median']:,.0f}")
        for name, one in stages.items()
    ]
    show_table(("stage", "CPU ms a document", "share", "documents/s a core"), list(rows))
    rate, tokens = report["documents_per_core_second"], report["tokens_per_core_second"]
    click.echo(
        f"all but the encoder: {rate['median']:,.0f} documents/s a core ({rate['least']:,.0f} to {rate['most']:,.0f}), "
        f"{tokens['median']:,.0f} text tokens/s, over {report['documents']:,} documents with {report['spans']:,} spans"
    )
    on = report["ran_on"]
    click.echo(f"{on['cores']} cores of {on['cpu']}; torch {on['versions']['torch']}")

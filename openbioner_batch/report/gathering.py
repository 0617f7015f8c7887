"""One pass over the rows of a tagging run: statistics of all, and a few documents in full."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from openbioner_batch.console import plain_console
from openbioner_batch.engine.export.texts import TextReader, TextSource
from openbioner_batch.engine.names import shard_file
from openbioner_batch.engine.tables import open_table, rows_at
from openbioner_batch.errors import UsageError
from openbioner_batch.formats.writing import span_tuples
from openbioner_batch.records import Span
from openbioner_batch.report.documents import said_of
from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.sample import Shard, draw_rows
from openbioner_batch.report.statistics import RunStatistics, TypeStatistics

_COUNTED = ("spans", "windows")
_COLUMNS = ("document_id", "source", "record", *_COUNTED)
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked range of a sampled document: a span, or a replacement."""

    start: int
    end: int
    type: str
    score: float
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SampledDocument:
    """A document to look at."""

    id: str
    place: str
    """Input file and record."""
    text: str | None
    """None where it is not available."""
    marks: tuple[Mark, ...]


def gather_tagging(
    run: OpenedRun, count: int, seed: int, source: TextSource | None
) -> tuple[RunStatistics, list[SampledDocument]]:
    """The statistics of a tagging run, and `count` of its documents, in the order of the run.

    Args:
        run: what to go through.
        count: how many documents to draw.
        seed: chooses them.
        source: where texts are read again; None for a run that kept them, or to do without.

    Raises:
        UsageError: the rows are not those of a tagging run.
        RunFailedError: the inputs in `source` are not those that the run has read.
    """
    if missing := [name for name in _COLUMNS if name not in run.columns]:
        raise UsageError(
            f"the rows of the run in {run.store.url} have no column {missing[0]!r}: "
            "expected the --output of an `openbioner-batch annotate` or `deidentify`"
        )
    statistics = RunStatistics(TypeStatistics(run.type_names))
    drawn = draw_rows(run.rows.items(), count, seed)
    in_full = (*_COLUMNS, "text") if run.has_text else _COLUMNS
    tables: dict[Shard, pa.Table] = {}
    for shard, table in read_tables(run, lambda shard: in_full if shard in drawn else _COUNTED):
        for batch in table.select(list(_COUNTED)).combine_chunks().to_batches():
            statistics.add(batch)
        if shard in drawn:
            tables[shard] = rows_at(table, drawn[shard])
    if source is not None:
        tables = dict(_with_texts(run, source, tables))
    return statistics, [document for table in tables.values() for document in _documents(table)]


def read_tables(run: OpenedRun, columns: Callable[[Shard], Sequence[str]]) -> Iterator[tuple[Shard, pa.Table]]:
    """The requested columns of each shard, in order and some read ahead, with a progress bar on a terminal."""
    from rich.progress import track

    def read(shard: Shard) -> tuple[Shard, pa.Table]:
        with open_table(run.store, shard_file(run.plan.ledger, *shard)) as table:
            return shard, table.read(columns=list(columns(shard)))

    waiting: deque[Future[tuple[Shard, pa.Table]]] = deque()
    with ThreadPoolExecutor(_AHEAD) as pool:
        hidden = not sys.stderr.isatty()
        for shard in track(list(run.rows), "shards", console=plain_console(sys.stderr), transient=True, disable=hidden):
            waiting.append(pool.submit(read, shard))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _with_texts(run: OpenedRun, source: TextSource, tables: dict[Shard, pa.Table]) -> Iterator[tuple[Shard, pa.Table]]:
    """The tables with their texts; each split is read once and only as far as needed."""
    planned = {found.ordinal: found.split for found in run.plan.splits}
    for split, shards in groupby(tables.items(), key=lambda item: item[0][0]):
        reader = TextReader(source.format, source.options, planned[split], source.moved(planned[split]))
        for shard, table in shards:
            yield shard, reader.with_texts(table)


def _documents(table: pa.Table) -> Iterator[SampledDocument]:
    texts = table["text"].to_pylist() if "text" in table.column_names else [None] * table.num_rows
    columns = (table[name].to_pylist() for name in ("document_id", "source", "record"))
    for id, source, record, spans, text in zip(*columns, span_tuples(table["spans"]), texts, strict=True):
        marks = tuple(Mark(span.start, span.end, span.type, span.score, span.text, _note(span)) for span in spans)
        yield SampledDocument(id, f"{source}, record {record}", text, marks)


def _note(span: Span) -> str:
    """What is said of a span and what it means, in words."""
    concept = f"{span.concept.id} {span.concept.name}" if span.concept else ""
    return "; ".join(part for part in (said_of(span), concept) if part)

"""Imports published training sets as silver data: reads, cuts into passages, checks, and writes the common layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.logs import say_to_stderr
from openbioner_batch.engine.names import QUARANTINE, REPORT
from openbioner_batch.engine.request import Say
from openbioner_batch.engine.rows import kind_of
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import rejected_table
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.listing import list_inputs
from openbioner_batch.records import Rejected
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.claiming import claim
from openbioner_batch.training.silver.filters import PassageFilter, RawPassage
from openbioner_batch.training.silver.finishing import read_benchmarks
from openbioner_batch.training.silver.layouts import LAYOUTS
from openbioner_batch.training.silver.made_settings import ImportSettings
from openbioner_batch.training.silver.passages import passage_bounds
from openbioner_batch.training.silver.report import SilverReport
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.silver.settings import FilterSettings, source_of
from openbioner_batch.training.sources import DESCRIPTIONS, PASSAGES

STATE = "_run/import.json"
VIEW = "definition"
"""The view of a published description; a type's further ones are numbered: `definition 2`."""
ROWS = 2000
"""The most passages of an output file."""
TRUSTING = FilterSettings(
    min_type_count=1, min_chars=1, min_words=1, min_lowercase=0.0, max_covered=1.0, max_unaligned=1.0, keep_empty=True
)
"""The authors of a published set have filtered it; only duplicates and benchmarks are checked."""


def import_silver(settings: ImportSettings, say: Say = say_to_stderr) -> SilverReport:
    """Import a published set. The same import into the same folder gives the same bytes.

    Raises:
        UsageError: the source is empty or has another layout, or the output holds something else.
        RunFailedError: an input ended early or cannot be read; the same call starts again.
    """
    closed = LAYOUTS[settings.layout].closed
    sources = [(settings.source, LAYOUTS[settings.layout])]
    if settings.descriptions:
        sources.append((settings.descriptions, LAYOUTS[settings.descriptions_layout]))
    files = [(file, layout.read) for source, layout in sources for file in list_inputs([source], layout.suffixes)]
    store = Store(settings.output)
    request = {"source": settings.source, "layout": settings.layout}
    request |= {"descriptions": settings.descriptions} if settings.descriptions else {}
    claim(store, STATE, request, (PASSAGES, DESCRIPTIONS, QUARANTINE), [REPORT])
    benchmarks = read_benchmarks(settings.exclude) if settings.exclude else None
    name = source_of(settings.name, settings.output)
    say(f"importing {len(files):,} files as {settings.layout}")

    def items() -> Iterator[Any]:
        for file, read in files:
            yield from _reported(file, read(file, name))

    types = tuple(sorted(_types(items()))) if closed else None
    report = SilverReport(store.url)
    rejected: list[Rejected] = []
    passages = _RowWriter(store, PASSAGES, passages_table)
    descriptions = _RowWriter(store, DESCRIPTIONS, _description_rows)
    passage_filter = PassageFilter(TRUSTING, benchmarks)
    described: set[tuple[str, str]] = set()
    views: Counter[str] = Counter()
    for item in items():
        if isinstance(item, Rejected):
            rejected.append(item)
        elif isinstance(item, AnnotatedPassage):
            listed = item if types is None else replace(item, annotated=types)
            for part in split_passage(listed, settings.passage_words):
                _keep(part, passage_filter, passages, report)
        elif item not in described:
            described.add(item)
            type, text = item
            views[type] += 1
            descriptions.add((type, VIEW if views[type] == 1 else f"{VIEW} {views[type]}", text))
    passages.close()
    descriptions.close()
    if rejected:
        store.put(f"{QUARANTINE}/000000.parquet", parquet_bytes(rejected_table(rejected)))
    report.quarantined = Counter(kind_of(item.reason) for item in rejected)
    if described:
        report.amounts["descriptions"] = len(described)
    store.put(REPORT, report.to_bytes())
    return report


def split_passage(passage: AnnotatedPassage, words: int) -> Iterator[AnnotatedPassage]:
    """A long text as passages; mentions that are cut become unsure."""
    bounds = list(passage_bounds(passage.text, words))
    if len(bounds) == 1:
        yield passage
        return
    for start, end in bounds:
        whole = [m for m in passage.mentions if start <= m.start and m.end <= end]
        broken = [(m.start, m.end) for m in passage.mentions if m not in whole]
        ranges = [(max(low, start) - start, min(high, end) - start) for low, high in [*passage.unsure, *broken]]
        yield replace(
            passage,
            passage_id=f"{passage.passage_id}@{start}",
            text=passage.text[start:end],
            mentions=tuple(AnnotatedMention(m.start - start, m.end - start, m.type) for m in whole),
            unsure=tuple(sorted({(low, high) for low, high in ranges if low < high})),
        )


def _keep(passage: AnnotatedPassage, passage_filter: PassageFilter, writer: _RowWriter, report: SilverReport) -> None:
    raw = RawPassage(passage.text, tuple((mention, mention.type) for mention in passage.mentions), 0)
    problem = passage_filter.problem(raw)
    if problem is not None:
        report.dropped_passages[problem] += 1
        return
    report.passages += 1
    report.mentions += len(passage.mentions)
    report.types.update(mention.type for mention in passage.mentions)
    writer.add(passage)


class _RowWriter:
    """Writes rows to numbered files of a folder."""

    def __init__(self, store: Store, folder: str, table: Callable[[Any], pa.Table]) -> None:
        self._store, self._folder, self._table = store, folder, table
        self._rows: list[Any] = []
        self._files = 0

    def add(self, row: Any) -> None:
        """Add a row; writes a file when it is full."""
        self._rows.append(row)
        if len(self._rows) == ROWS:
            self.close()

    def close(self) -> None:
        """Write the remaining rows."""
        if self._rows:
            self._store.put(f"{self._folder}/{self._files:06d}.parquet", parquet_bytes(self._table(self._rows)))
            self._files += 1
            self._rows = []


def _reported(file: InputFile, items: Iterable[Any]) -> Iterator[Any]:
    """The items of a file; a fault of the whole file is reported in one line."""
    try:
        yield from items
    except (OSError, BrokenStreamError, pa.ArrowException) as error:
        raise RunFailedError(f"reading {file.uri} failed: {type(error).__name__}: is the file whole?") from None


def _types(items: Iterable[Any]) -> set[str]:
    return {m.type for item in items if isinstance(item, AnnotatedPassage) for m in item.mentions}


def _description_rows(described: list[tuple[str, str, str]]) -> pa.Table:
    rows = [{"entity_type": type, "view": view, "description": text} for type, view, text in described]
    return pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)

"""The base classes of exports: a run's rows in another format, one file for each of its shards."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import repeat
from typing import Any

import pyarrow as pa

from openbioner_batch.records import ASSERTIONS, Assertion, ConceptLink, Span
from openbioner_batch.schemas import EXTRAS, OWN_COLUMNS

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a shard's rows, for formats that record it."""

    system: str
    """Name and version of what found the spans."""
    day: date
    """When the export began."""
    first_span: int
    """How many spans the run has in the shards before this one."""
    omop_types: frozenset[str] = frozenset()
    """The types whose spans are linked to OMOP's concepts."""


@dataclass(frozen=True, slots=True)
class OutputDocument:
    """A row of a run."""

    id: str
    source: str
    record: int
    spans: tuple[Span, ...]
    text: str | None
    """None where neither the run nor the request has it."""
    metadata: Mapping[str, Any]
    """The kept columns."""

    @property
    def known_text(self) -> str:
        """The text, for a format that needs it."""
        assert self.text is not None, "an export that needs the text is refused earlier without it"
        return self.text


class Writer(ABC):
    """One output format. Instances hold no state; the same rows give the same bytes."""

    name: str
    suffix: str
    numbers_spans = False
    """Whether spans are numbered through the run, so that the counts of earlier shards matter."""

    def links_left_out(self, rows: pa.Table, origin: Origin) -> int:
        """How many spans have a concept that the format has no place for.

        Args:
            rows: those of a shard.
            origin: where they come from.
        """
        return 0

    @abstractmethod
    def write(self, rows: pa.Table, origin: Origin) -> bytes:
        """The file of a shard.

        Args:
            rows: `schemas.annotations_schema`, with or without the text; possibly none.
            origin: their origin.

        Raises:
            UsageError: a row cannot be written in this format (the message names its source and record).
        """


class DocumentWriter(Writer):
    """A format that writes document after document."""

    def write(self, rows: pa.Table, origin: Origin) -> bytes:
        """The file of a shard, as `render` makes it of its documents."""
        return self.render(list(documents(rows)), origin)

    @abstractmethod
    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        """The file of these documents."""


def documents(rows: pa.Table) -> Iterator[OutputDocument]:
    """The rows of a run as objects. Scores are the shortest decimals of the stored 32-bit values."""
    rows = rows.combine_chunks()
    kept = [name for name in rows.column_names if name not in OWN_COLUMNS]
    columns = {name: plain_values(rows[name]) for name in kept}
    ids, sources, records = (rows[name].to_pylist() for name in ("document_id", "source", "record"))
    texts = rows["text"].to_pylist() if "text" in rows.column_names else [None] * rows.num_rows
    for place, spans in enumerate(span_tuples(rows["spans"])):
        metadata = {name: columns[name][place] for name in kept}
        yield OutputDocument(ids[place], sources[place], records[place], spans, texts[place], metadata)


def span_tuples(column: pa.ChunkedArray | pa.Array) -> list[tuple[Span, ...]]:
    """The spans of each row."""
    found = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        flat = chunk.flatten()
        scores = map(float, flat.field("score").cast(pa.string()).to_pylist())
        starts, ends, types, texts = (flat.field(name).to_pylist() for name in ("start", "end", "type", "text"))
        present = [field.name for field in flat.type]
        extras = (_objects(name, flat.field(name)) if name in present else repeat(None) for name in EXTRAS)
        spans = list(map(Span, starts, ends, types, scores, texts, *extras))
        begin = 0
        for length in chunk.value_lengths().to_pylist():
            found.append(tuple(spans[begin : begin + length]))
            begin += length
    return found


def _objects(name: str, column: pa.Array) -> list[Any]:
    """The values of a field of `EXTRAS` as a `Span` has them."""
    if name == "assertion":
        return list(map(Assertion, *(column.field(flag).to_pylist() for flag in ASSERTIONS)))
    if name == "concepts":
        scores = map(float, column.flatten().field("score").cast(pa.string()).to_pylist())
        return [
            tuple(ConceptLink(item["id"], item["name"], next(scores)) for item in items) for items in column.to_pylist()
        ]
    return list(column.to_pylist())


def plain_span(span: Span) -> dict[str, Any]:
    """A span for JSON: without fields that are None."""
    return {name: value for name, value in asdict(span).items() if value is not None}


def plain_values(column: pa.ChunkedArray) -> list[Any]:
    """Values that JSON can hold: dates and decimals as strings, 32-bit numbers as the shortest decimals of them."""
    kind = column.type
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.string())
    elif (texts := _with_floats_as(pa.string(), kind)) != kind:
        column = column.cast(texts).cast(_with_floats_as(pa.float64(), kind))
    return list(column.to_pylist())


def _with_floats_as(wanted: pa.DataType, kind: pa.DataType) -> pa.DataType:
    """A type with another one in place of its 32-bit numbers, also of those in lists and structs."""
    if pa.types.is_float32(kind):
        return wanted
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_with_floats_as(wanted, field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_with_floats_as(wanted, kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_with_floats_as(wanted, kind.value_type)))
    return kind


def one_line(text: str) -> str:
    """The text with each tab, line break and separator replaced by one space, so that offsets stay."""
    return _BREAKS.sub(" ", text)


def one_word(text: str) -> str:
    """The text with each run of white space as an underscore: a label for formats whose labels are words."""
    return "_".join(text.split()) or "_"


def flat_spans(spans: Sequence[Span]) -> list[Span]:
    """The spans that formats for flat spans keep, in text order.

    The longest first, then the best scored, the earliest and the first by type; a span that touches one already kept
    is left out.
    """
    kept: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda span: (span.start - span.end, -span.score, span.start, span.type)):
        places = range(span.start, span.end)
        if taken.isdisjoint(places):
            kept.append(span)
            taken.update(places)
    return sorted(kept, key=lambda span: span.start)

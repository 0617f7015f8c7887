"""Turns a shard's outcomes into the rows to write, and checks every offset."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, is_dataclass
from itertools import accumulate
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.adding import Failed, add_surviving
from openbioner_batch.engine.additions import Addition, extras_of
from openbioner_batch.engine.scoring import TaggedText
from openbioner_batch.engine.tables import rows_at
from openbioner_batch.engine.work import counts_metadata
from openbioner_batch.records import Rejected, Span
from openbioner_batch.schemas import annotations_schema, span_type

BAD_OFFSETS = "a span's offsets do not give its text"


def annotation_rows(
    documents: pa.Table,
    outcomes: Sequence[TaggedText | str],
    rejected: Sequence[Rejected],
    deletions: int,
    kept: pa.Schema,
    include_text: bool,
    additions: Sequence[Addition] = (),
    failed: Failed = lambda error, is_alone: None,
) -> tuple[pa.Table, list[Rejected]]:
    """The data rows of a shard, and all its quarantined records.

    Args:
        documents: the shard's documents, as `documents_schema` has them.
        outcomes: for each document its result, or the reason why it has none.
        rejected: the records that did not become documents.
        deletions: how many deletion notices the shard holds.
        kept: the columns carried over.
        include_text: whether the text is a column.
        additions: what adds fields to the spans, in order.
        failed: told what an addition raises on a document.

    Returns:
        A table with `annotations_schema` and the shard's counts as metadata, and what was set aside, in record order.
    """
    verdicts = [
        outcome if isinstance(outcome, str) or offsets_hold(text, outcome.spans) else BAD_OFFSETS
        for text, outcome in zip(documents["text"].to_pylist(), outcomes, strict=True)
    ]
    found = _complete(documents, verdicts, additions, failed) if additions else {}
    good = [index for index, verdict in enumerate(verdicts) if not isinstance(verdict, str)]
    tagged = [verdict for verdict in verdicts if not isinstance(verdict, str)]
    sources, records = documents["source"].to_pylist(), documents["record"].to_pylist()
    quarantined = [*rejected] + [
        Rejected(sources[index], records[index], verdict)
        for index, verdict in enumerate(verdicts)
        if isinstance(verdict, str)
    ]
    quarantined.sort(key=lambda item: (item.source, item.record, item.reason))
    rows = _rows(documents, good)
    of_each = [found.get(index, result.spans) for index, result in zip(good, tagged, strict=True)]
    spans = [span for here in of_each for span in here]
    extras = extras_of(additions)
    columns = {
        **{name: rows[name] for name in rows.column_names},
        "spans": span_lists(map(len, of_each), spans, extras),
        "windows": pa.array([result.windows for result in tagged], pa.int32()),
    }
    counts: dict[str, Any] = {
        "documents": len(good),
        "quarantined": dict(Counter(kind_of(item.reason) for item in quarantined)),
        "deletions": deletions,
        **_span_counts(tagged, spans, rows["text"].to_pylist(), additions),
    }
    schema = annotations_schema(kept, include_text, extras).with_metadata(counts_metadata(counts))
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema), quarantined


def _rows(documents: pa.Table, places: Sequence[int]) -> pa.Table:
    return rows_at(documents, places) if len(places) < documents.num_rows else documents


def _complete(
    documents: pa.Table, verdicts: list[TaggedText | str], additions: Sequence[Addition], failed: Failed
) -> dict[int, Sequence[Span]]:
    """The spans of each good document (by index) with the additions; others get a reason in `verdicts`."""
    good = {index: verdict.spans for index, verdict in enumerate(verdicts) if not isinstance(verdict, str)}
    rows = _rows(documents, list(good))
    outcomes = add_surviving(additions, rows, list(good.values()), failed)
    found: dict[int, Sequence[Span]] = {}
    for index, text, outcome in zip(good, rows["text"].to_pylist(), outcomes, strict=True):
        if isinstance(outcome, str):
            verdicts[index] = outcome
        elif not offsets_hold(text, outcome):
            verdicts[index] = BAD_OFFSETS
        else:
            found[index] = outcome
    return found


def _span_counts(
    tagged: Sequence[TaggedText], spans: Sequence[Span], texts: Iterable[str], additions: Sequence[Addition]
) -> dict[str, Any]:
    """What is counted of the documents that have a result."""
    counts: dict[str, Any] = {
        "spans": dict(Counter(span.type for span in spans)),
        "windows": sum(result.windows for result in tagged),
        "tokens": sum(result.tokens for result in tagged),
        "text_bytes": sum(len(text.encode()) for text in texts),
    }
    amounts = {"repeated_windows": sum(result.repeated for result in tagged)}
    for addition in additions:
        amounts |= addition.amounts(spans)
    if amounts := {name: amount for name, amount in amounts.items() if amount}:
        counts["amounts"] = amounts
    return counts


def kind_of(reason: str) -> str:
    """A reason without the positions in it, so that there are few reasons to count."""
    return re.sub(r"(?<!UTF-)(?<!\d)\d+", "#", reason)


def offsets_hold(text: str, spans: Sequence[Span]) -> bool:
    """Whether every span is a non-empty piece of the text at its offsets."""
    return all(0 <= span.start < span.end <= len(text) and text[span.start : span.end] == span.text for span in spans)


def span_lists(lengths: Iterable[int], spans: Sequence[Span], extras: Collection[str] = ()) -> pa.ListArray:
    """The spans of all rows, with these fields of `schemas.EXTRAS`, as one list per row."""
    kind = span_type(extras)
    values = ([getattr(span, field.name) for span in spans] for field in kind)
    structs = pa.StructArray.from_arrays(
        [
            pa.array(map(_plain, column) if field.name in extras else column, field.type)
            for field, column in zip(kind, values, strict=True)
        ],
        fields=list(kind),
    )
    offsets = pa.array([0, *accumulate(lengths)], pa.int32())
    return pa.ListArray.from_arrays(offsets, structs, type=pa.list_(kind))


def _plain(value: Any) -> Any:
    """The value of an extra field as Arrow takes it."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value

"""Arrow schemas of what flows through every room: apart from `records.py`, so that the model needs no Arrow."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from openbioner_batch.records import ASSERTIONS

OWN_COLUMNS = ("document_id", "source", "record", "spans", "windows", "text")
"""Columns of every row of a run's output; kept fields may not have their names."""

SPAN = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)

CONCEPT = pa.struct(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
    ]
)

EXTRAS = {
    "assertion": pa.field(
        "assertion", pa.struct([pa.field(name, pa.bool_(), nullable=False) for name in ASSERTIONS]), nullable=False
    ),
    "section": pa.field("section", pa.string()),
    "concepts": pa.field("concepts", pa.list_(CONCEPT), nullable=False),
    "found_by": pa.field("found_by", pa.string(), nullable=False),
}
"""Fields of a span that are written only when a run requests them; they follow those of `SPAN` in this order."""

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("record", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)

DELETIONS_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("record", pa.int64(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
    ]
)


def span_type(extras: Collection[str] = ()) -> pa.StructType:
    """The Arrow type of a span that has these fields of `EXTRAS` too."""
    return pa.struct([*SPAN, *(field for name, field in EXTRAS.items() if name in extras)])


def annotations_schema(kept: pa.Schema, include_text: bool, extras: Collection[str] = ()) -> pa.Schema:
    """The schema of a run's output rows.

    Args:
        kept: the columns carried over from the input, in order.
        include_text: whether the document's own text is a column.
        extras: the fields of `EXTRAS` that each span has.
    """
    fields = [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("record", pa.int64(), nullable=False),
        pa.field("spans", pa.list_(span_type(extras)), nullable=False),
        pa.field("windows", pa.int32(), nullable=False),
        *kept,
    ]
    if include_text:
        fields.append(pa.field("text", pa.string(), nullable=False))
    return pa.schema(fields)

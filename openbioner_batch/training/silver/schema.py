"""The common layout of training data as Arrow: passages with mentions, and types with views of their description."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from openbioner_batch.training.passages import AnnotatedPassage, row_of

MENTION = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
    ]
)
STRETCH = pa.struct([pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)])

PASSAGE_SCHEMA = pa.schema(
    [
        pa.field("passage_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("mentions", pa.list_(MENTION), nullable=False),
        pa.field("unsure", pa.list_(STRETCH), nullable=False),
        pa.field("annotated", pa.list_(pa.string())),
    ]
)
DESCRIPTION_SCHEMA = pa.schema(
    [
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("view", pa.string(), nullable=False),
        pa.field("description", pa.string(), nullable=False),
    ]
)


def passages_table(passages: Sequence[AnnotatedPassage]) -> pa.Table:
    """Passages as rows of `PASSAGE_SCHEMA`."""
    return pa.Table.from_pylist([row_of(passage) for passage in passages], schema=PASSAGE_SCHEMA)

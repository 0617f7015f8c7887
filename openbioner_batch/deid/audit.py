"""The audit of every span that was found: its offsets before and after, its finders, its replacement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from openbioner_batch.deid.records import DeidentifiedRecord, Identity

AUDIT_SCHEMA = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("patient_id", pa.string()),
        pa.field("source", pa.int32(), nullable=False),
        pa.field("record", pa.int64(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("part", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("new_start", pa.int32(), nullable=False),
        pa.field("new_end", pa.int32(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("recognizers", pa.list_(pa.string()), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
    ]
)
"""`row` is the record's place in the data file of the same name, `part` which of its texts the offsets count in."""

TEXT_SCHEMA = pa.schema([*AUDIT_SCHEMA, pa.field("original", pa.string()), pa.field("replacement", pa.string())])
"""The audit's columns with the originals beside them: protected health information."""


def audit_table(records: Iterable[tuple[Identity, DeidentifiedRecord]], with_text: bool) -> pa.Table:
    """One row for each edit.

    Args:
        records: the records of a shard in the order in which they are written.
        with_text: whether originals and replacements are columns.
    """
    rows: list[dict[str, Any]] = []
    for row, (identity, result) in enumerate(records):
        for part in result.parts:
            for edit in part.new.edits:
                found: dict[str, Any] = {
                    "document_id": identity.document,
                    "patient_id": identity.patient,
                    "source": identity.source,
                    "record": identity.record,
                    "row": row,
                    "part": part.name,
                    **{name: getattr(edit, name) for name in ("start", "end", "new_start", "new_end")},
                    **{name: getattr(edit, name) for name in ("type", "score", "action", "outcome")},
                    "recognizers": list(edit.recognizers),
                }
                if with_text:
                    found["original"] = part.original[edit.start : edit.end]
                    found["replacement"] = part.new.text[edit.new_start : edit.new_end]
                rows.append(found)
    return pa.Table.from_pylist(rows, schema=TEXT_SCHEMA if with_text else AUDIT_SCHEMA)

"""Turns a shard's rows into notes: text, the model's spans, and what the record says about the patient."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from openbioner_batch.deid.job import Columns
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.note_dates import note_day
from openbioner_batch.deid.patients import patient_id
from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.formats.fields import KEPT_AS_JSON
from openbioner_batch.records import Rejected, Span


@dataclass(frozen=True, slots=True)
class Note:
    """A record, as finding and replacing pass it on."""

    source: str
    record: int
    id: str
    patient: str | None
    """As `patients.patient_id` reads it."""
    text: str
    spans: tuple[Span, ...]
    fields: Mapping[str, Any]
    """All fields that were read beside id and text."""
    known: KnownIdentifiers
    date: date | None


def notes_of(rows: pa.Table, columns: Columns, kept: pa.Schema) -> Iterator[Note | Rejected]:
    """The rows as notes, or why one is quarantined: its fields cannot be read.

    Args:
        rows: as the tagging stage gives them, texts included.
        columns: the use of the fields.
        kept: the Arrow schema of the fields that were read.
    """
    fields = _fields(rows, kept)
    parts = zip(*(rows[name].to_pylist() for name in ("source", "record", "document_id", "text", "spans")), strict=True)
    for row, (source, record, id, text, spans) in enumerate(parts):
        try:
            found = fields(row)
            known = {name: found[name] for name in columns.known if name in found}
            yield Note(
                source=source,
                record=record,
                id=id,
                patient=patient_id(found.get(columns.patient)) if columns.patient else None,
                text=text,
                spans=tuple(Span(**span) for span in spans),
                fields=found,
                known=KnownIdentifiers.from_fields(known, columns.known),
                date=note_day(found.get(columns.note_date)) if columns.note_date else None,
            )
        except OpenBioNERError:
            raise
        except Exception as error:  # its message could quote the record
            yield Rejected(source, record, f"reading its fields failed: {type(error).__name__}")


def _fields(rows: pa.Table, kept: pa.Schema) -> Callable[[int], dict[str, Any]]:
    """Gives the fields of a row by its number."""
    if kept == KEPT_AS_JSON:
        texts = rows["kept"].to_pylist()
        return lambda row: dict(json.loads(texts[row]))
    values = {name: _plain(rows[name]) for name in kept.names}
    return lambda row: {name: column[row] for name, column in values.items()}


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """Values as Python objects; times as text, since Python's lack nanoseconds."""
    return list((column.cast(pa.string()) if pa.types.is_temporal(column.type) else column).to_pylist())

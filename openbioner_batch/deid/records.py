"""A de-identified record: its ids in the output, and each of its texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openbioner_batch.deid.deidentifier import Deidentified
from openbioner_batch.deid.job import DeidJob, Tools
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.shifts import shift_of, table_of_run


@dataclass(frozen=True, slots=True)
class Identity:
    """How a record is identified in every output."""

    document: str
    patient: str | None
    """None without a key to hash it with, or without a patient."""
    source: int
    """Number of the input file."""
    record: int


@dataclass(frozen=True, slots=True)
class RecordText:
    """One text of a record."""

    name: str
    original: str
    new: Deidentified


@dataclass(frozen=True, slots=True)
class DeidentifiedRecord:
    """A record without its identifiers."""

    parts: tuple[RecordText, ...]
    resource: Mapping[str, Any] | None = None
    """The record itself where it is not only a text."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many of its elements were left out, by kind."""
    replaced: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """How many of its own values were replaced, by type, action and outcome."""


def identity_of(note: Note, job: DeidJob, tools: Tools) -> Identity:
    """The record's ids in the output: hashed, or kept by request; without a key, its position."""
    written = note.fields.get(job.columns.patient) if job.columns.patient else None
    document, patient = note.id, None if written is None else str(written)
    if not job.keep_ids and tools.key is not None:
        document = tools.key.hashed("document", note.id)
        patient = tools.key.hashed("patient", note.patient) if note.patient is not None else None
    elif not job.keep_ids:
        document, patient = f"{note.source}-{note.record}", None
    return Identity(document, patient, int(note.source), note.record)


def scope_of(note: Note, job: DeidJob, tools: Tools) -> Scope | None:
    """The note's scope, with the shift given from outside, if any.

    Raises:
        UnfitRecordError: shifts are given from outside, but not for this note.
    """
    columns, days = job.columns, None
    if columns.shift is not None:
        table = table_of_run(job.shift_table, columns.patient, columns.shift) if job.shift_table else None
        days = shift_of(note, columns.shift, table)
    return tools.deidentifier.scope(note.patient if job.by_patient else None, note.id, days)

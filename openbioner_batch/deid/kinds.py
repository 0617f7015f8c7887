"""Kinds of records: a text beside columns, or a resource that names its patient and holds texts itself."""

from __future__ import annotations

from typing import Protocol

from openbioner_batch.deid.fhir.notes import ResourceRecords
from openbioner_batch.deid.job import DeidJob, Tools
from openbioner_batch.deid.notes import Note
from openbioner_batch.deid.records import DeidentifiedRecord, RecordText
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.base import Format


class RecordKind(Protocol):
    """How records of one kind are de-identified."""

    fields: tuple[str, ...] | None
    """The fields that are read, where the user cannot choose them."""
    names_patients: bool
    """Whether a record names its patient without a column."""
    key_reason: str | None
    """Why records of this kind need a key whatever the policy; None where they do not."""

    def with_patient(self, note: Note, job: DeidJob) -> Note:
        """The note with its patient and the known values about the patient."""

    def deidentify(self, note: Note, scope: Scope | None, job: DeidJob, tools: Tools) -> DeidentifiedRecord:
        """The record without its identifiers.

        Raises:
            ValueError: something in it breaks the rules of its format; the message quotes nothing of its content.
        """


class TextRecords:
    """Records that are a text beside columns."""

    fields: tuple[str, ...] | None = None
    names_patients = False
    key_reason: str | None = None

    def with_patient(self, note: Note, job: DeidJob) -> Note:
        """The note as it is: only resources name their patient elsewhere."""
        return note

    def deidentify(self, note: Note, scope: Scope | None, job: DeidJob, tools: Tools) -> DeidentifiedRecord:
        """The note's text with its identifiers replaced."""
        new = tools.deidentifier.deidentify(note.text, scope, note.known, note.spans, note.date)
        return DeidentifiedRecord((RecordText(job.columns.text, note.text, new),))


def record_kind(format: Format | None) -> RecordKind:
    """The kind of a format's records; of texts where the format is still to be detected."""
    of_resources = format is not None and format.rewriting is not None and format.rewriting.of_resources
    return ResourceRecords() if of_resources else TextRecords()

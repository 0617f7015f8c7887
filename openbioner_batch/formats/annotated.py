"""The base of formats with annotated documents: reads only the text, unless the annotations are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions
from openbioner_batch.formats.gold import GoldDocument
from openbioner_batch.formats.pubmed import COLUMNS
from openbioner_batch.formats.writing import plain_span
from openbioner_batch.records import Document
from openbioner_batch.schemas import SPAN

ANNOTATIONS = "annotations"
SECTIONS = "sections"


class AnnotatedFormat(Format):
    """A format whose files have spans.

    Tagging does not need them, and in many corpora some are off by a character, so they are ignored unless
    `--keep-fields annotations` keeps them. Then a document whose annotations do not fit its text is set aside.
    """

    takes: tuple[str, ...] = ("encoding",)
    has_sections = False

    @property
    def columns(self) -> pa.Schema:
        """The columns that a document may have: its sections' offsets (as in PubMed), and its annotations."""
        sections = [COLUMNS.field(SECTIONS)] if self.has_sections else []
        return pa.schema([*sections, pa.field(ANNOTATIONS, pa.list_(SPAN))])

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Fills in the columns to keep: the sections, where none is named."""
        options = fields.canonical_options(options, self)
        fields.require(options, f"the format {self.name}", [*self.columns.names, *fields.folder_columns(files[0].uri)])
        return replace(options, keep_fields=options.keep_fields or ((SECTIONS,) if self.has_sections else ()))

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """The kept ones among `columns`, and kept columns from the files' folders."""
        return fields.schema_of(options.keep_fields, self.columns)


def document(
    gold: GoldDocument,
    file: InputFile,
    number: int,
    options: ReadOptions,
    sections: Sequence[tuple[str, int, int]] = (),
) -> Document:
    """A run's document.

    Args:
        gold: its id (empty: that of its position), its text and its spans.
        file: where it comes from.
        number: its position there.
        options: which columns to keep.
        sections: label, start and end of each.

    Raises:
        UnfitRecordError: the id or the text cannot be stored.
    """
    found: dict[str, Any] = dict(fields.folder_columns(file.uri))
    if SECTIONS in options.keep_fields:
        found[SECTIONS] = [{"label": label, "start": start, "end": end} for label, start, end in sections]
    if ANNOTATIONS in options.keep_fields:
        found[ANNOTATIONS] = [plain_span(span) for span in gold.spans]
    metadata = {name: found.get(name) for name in options.keep_fields}
    return Document(fields.document_id(gold.id, file, number), fields.document_text(gold.text), metadata)

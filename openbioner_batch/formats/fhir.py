"""FHIR NDJSON: one resource a line, as a bulk export gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import InputFile, ReadOptions, Split
from openbioner_batch.formats.fhir_attachment import read_text
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.jsonl import Jsonl, documents
from openbioner_batch.records import Document, Record

ATTACHMENTS = {"DocumentReference": "content", "DiagnosticReport": "presentedForm", "Patient": "photo"}
"""The resources that are read, and where each has its attachments."""
RESOURCE = "resource"
SEPARATOR = "\n\n"
"""Between the texts of a resource."""


class Fhir(Jsonl):
    """DocumentReference, DiagnosticReport and Patient resources: the text is that of all plain-text attachments.

    A record's position is its line's byte offset. The resource itself comes as JSON in the column `resource`.
    """

    name = "fhir"

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        yield from documents(split, partial(_document, split.files[0]))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Refuses fields: a resource has its own."""
        fields.refuse_fields(options, self.name)
        if options.keep_fields:
            raise UsageError("--keep-fields: elements of FHIR resources cannot be chosen; leave it out")
        return options

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return pa.schema([pa.field(RESOURCE, pa.string(), nullable=False)])


def texts_of(resource: Mapping[str, Any]) -> list[str]:
    """The texts in a resource's attachments, in order.

    Raises:
        ValueError: one is not as FHIR says; its content is not told.
    """
    held = resource.get(ATTACHMENTS[resource["resourceType"]], [])
    if not isinstance(held, list) or not all(isinstance(item, Mapping) for item in held):
        raise ValueError("the attachments are no list of objects")
    attachments = [
        item.get("attachment", {}) if resource["resourceType"] == "DocumentReference" else item for item in held
    ]
    if not all(isinstance(attachment, Mapping) for attachment in attachments):
        raise ValueError("an attachment is no object")
    return [text for attachment in attachments if (text := read_text(attachment)) is not None]


def _document(file: InputFile, resource: dict[str, Any], offset: int) -> Document:
    if resource.get("resourceType") not in ATTACHMENTS:
        raise UnfitRecordError(f"no resource of a kind that is read: {', '.join(ATTACHMENTS)}")
    try:
        text = SEPARATOR.join(texts_of(resource))
    except ValueError as error:
        raise UnfitRecordError(str(error)) from None
    metadata = {RESOURCE: fields.encodable(json.dumps(resource, ensure_ascii=False), "the resource")}
    return Document(fields.document_id(resource.get("id"), file, offset), fields.encodable(text, "a text"), metadata)

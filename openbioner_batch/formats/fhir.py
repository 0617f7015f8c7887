"""FHIR NDJSON: one resource a line, as a bulk export gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from openbioner_batch.formats import fields
from openbioner_batch.formats.base import InputFile, ReadOptions, Split
from openbioner_batch.formats.fhir_texts import ATTACHMENTS, texts_of
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.jsonl import Jsonl, documents, sampled_objects
from openbioner_batch.formats.labels import told
from openbioner_batch.formats.rewriting import JsonResources
from openbioner_batch.records import Document, Record

RESOURCE = "resource"
SEPARATOR = "\n\n"
"""Between the texts of a resource."""


class Fhir(Jsonl):
    """DocumentReference, DiagnosticReport and Patient resources: the text is that of all plain-text attachments and
    of the elements that hold words, such as `conclusion`, `description` and `title`.

    A record's position is its line's byte offset. `--keep-fields` takes names of elements, such as `subject`, and
    `resource` for the whole resource, attachments too; who keeps that has records without a text as well.
    """

    name = "fhir"
    rewriting = JsonResources()
    most_lenient = (RESOURCE,)

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        yield from documents(split, partial(_document, split.files[0], options))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Refuses other fields for id and text, since a resource has its own, and elements that do not occur."""
        fields.refuse_fields(options, self.name)
        sample = sampled_objects(files)
        if sample:
            names = list(dict.fromkeys([*(name for resource in sample for name in resource), RESOURCE]))
            fields.require(options, f"{told(files[0].uri)} (first {len(sample)} resources)", names)
        return options


def _document(file: InputFile, options: ReadOptions, resource: dict[str, Any], offset: int) -> Document:
    if resource.get("resourceType") not in ATTACHMENTS:
        raise UnfitRecordError(f"no resource of a kind that is read: {', '.join(ATTACHMENTS)}")
    try:
        texts = texts_of(resource)
    except ValueError as error:
        raise UnfitRecordError(str(error)) from None
    if not texts and RESOURCE not in options.keep_fields:
        raise UnfitRecordError("the resource holds no text")
    return Document(
        fields.document_id(resource.get("id"), file, offset),
        fields.encodable(SEPARATOR.join(texts), "a text"),
        fields.kept_json({**resource, RESOURCE: resource}, options.keep_fields),
    )

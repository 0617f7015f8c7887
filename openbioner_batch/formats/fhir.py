"""Reads FHIR NDJSON: one resource a line, as in a bulk export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from openbioner_batch.formats import fields
from openbioner_batch.formats.base import InputFile, ReadOptions, Split
from openbioner_batch.formats.fhir_bundles import BUNDLE, Entry, entries_of
from openbioner_batch.formats.fhir_texts import ATTACHMENTS, texts_of
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.json_values import MalformedValue
from openbioner_batch.formats.jsonl import Jsonl, objects, sampled_objects
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rewriting import JsonResources
from openbioner_batch.records import Document, Parsed, Record, Rejected

RESOURCE = "resource"
PEOPLE = "people"
"""The field of the people beside a resource in its Bundle, which can be kept."""
SEPARATOR = "\n\n"
"""The separator between the texts of a resource."""


class Fhir(Jsonl):
    """DocumentReference, DiagnosticReport and Patient resources.

    The text is that of all plain-text attachments and of the elements that hold words, such as `conclusion`,
    `description` and `title`. Resources are one a line, in an array, or in Bundles. A record's position is the byte
    offset of its resource; in a Bundle it is that of the Bundle plus the entry's number. `--keep-fields` takes names of
    elements, such as `subject`, and `resource` for the whole resource, attachments too; with that,
    resources without a text are records as well.
    """

    name = "fhir"
    suffixes = FORMATS["fhir"].folder_suffixes
    rewriting = JsonResources()
    takes = ("encoding",)
    most_lenient = (RESOURCE,)

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        for offset, entry in _resources(split, options.encoding):
            try:
                if isinstance(entry.resource, MalformedValue):
                    raise UnfitRecordError(entry.resource.reason)
                yield Parsed(file.uri, offset, _document(file, options, entry.resource, entry.people, offset))
            except UnfitRecordError as reason:
                yield Rejected(file.uri, offset, str(reason))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Refuses fields for id and text, since a resource has its own, and elements that do not occur."""
        options = fields.canonical_options(options, self)
        held = [one.resource for found in sampled_objects(files, options.encoding) for one in entries_of(found)]
        sample = [one for one in held if isinstance(one, dict)]
        if sample:
            found = (name for resource in sample for name in resource)
            names = list(dict.fromkeys([*found, RESOURCE, PEOPLE, *fields.folder_columns(files[0].uri)]))
            fields.require(options, f"{label_of(files[0].uri)} (first {len(sample)} resources)", names)
        return options


def _resources(split: Split, encoding: str | None) -> Iterator[tuple[int, Entry]]:
    """The resources of a split with their positions, those of a Bundle one by one, or why one cannot be read."""
    for offset, found in objects(split, encoding):
        held = [Entry(found.holding(BUNDLE))] if isinstance(found, MalformedValue) else entries_of(found)
        for number, entry in enumerate(held):
            # an entry takes more than a byte, so that no two positions are equal
            yield offset + number, entry


def _document(
    file: InputFile, options: ReadOptions, resource: dict[str, Any], people: Sequence[dict[str, Any]], offset: int
) -> Document:
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
        fields.kept_json(
            {**fields.folder_columns(file.uri), **resource, RESOURCE: resource, PEOPLE: list(people)},
            options.keep_fields,
        ),
    )

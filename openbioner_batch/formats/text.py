"""Reads folders of plain text: each file is one document."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.compression import BrokenStreamError, unpacked
from openbioner_batch.formats.encoding import decoded
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rewriting import TextFiles
from openbioner_batch.formats.storage import (
    LARGEST_RECORD,
    SPLIT_BYTES,
    compression_of,
    read_stored,
)
from openbioner_batch.records import Document, Parsed, Record, Rejected

MOST_FILES_IN_A_SPLIT = 1000


class Text(Format):
    """One document a file: UTF-8, no newline translation, a byte order mark left out. An empty file is a document.

    A document's id is its file's URI, the only name that is unique over all folders; its position is 0.
    """

    name = "text"
    suffixes = FORMATS["text"].folder_suffixes
    rewriting = TextFiles()
    takes = ("encoding",)

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Groups of consecutive files, of at most 1,000 files and 8 MiB, or one larger file."""
        groups: list[list[InputFile]] = []
        size = 0
        for file in files:
            size += file.size
            if not groups or len(groups[-1]) == MOST_FILES_IN_A_SPLIT or size > SPLIT_BYTES:
                groups.append([])
                size = file.size
            groups[-1].append(file)
        return [Split(tuple(group)) for group in groups]

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        if len(split.files) == 1 and split.files[0].size > LARGEST_RECORD:
            yield Rejected(split.files[0].uri, 0, f"a text of more than {LARGEST_RECORD} bytes")
            return
        for file, stored in zip(split.files, read_stored(split.files), strict=True):
            try:
                folders = fields.folder_columns(file.uri)
                kept = {name: folders.get(name) for name in options.keep_fields}
                yield Parsed(file.uri, 0, Document(file.uri, decode_file(file, stored, options.encoding), kept))
            except ValueError as reason:
                yield Rejected(file.uri, 0, str(reason))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Refuses fields: a plain text has none."""
        options = fields.canonical_options(options, self)
        folders = list(fields.folder_columns(files[0].uri))
        if options.keep_fields and not folders:
            raise UsageError("--keep-fields: plain text files have no fields to keep; leave it out")
        fields.require(options, f"{label_of(files[0].uri)} (in its folders)", folders)
        return options

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.schema_of(options.keep_fields, pa.schema([]))


def decode_file(file: InputFile, stored: bytes, encoding: str | None = None, keep_mark: bool = False) -> str:
    """The text of a file, given its stored bytes, without a byte order mark unless it counts as a character.

    Raises:
        ValueError: the bytes are damaged, not in the encoding, or unpack to too much.
    """
    try:
        content = _unpack(unpacked(BytesIO(stored), compression_of(file.uri))) if compression_of(file.uri) else stored
    except BrokenStreamError as error:
        raise UnfitRecordError(str(error)) from None
    return decoded(content if keep_mark else content.removeprefix(codecs.BOM_UTF8), encoding)


def _unpack(stream: BinaryIO) -> bytes:
    content = bytearray()
    while piece := stream.read(1 << 20):
        content += piece
        if len(content) > LARGEST_RECORD:
            raise UnfitRecordError(f"a text of more than {LARGEST_RECORD} bytes")
    return bytes(content)

"""CSV and TSV: rows of named columns, quoted as RFC 4180 has it, read as a stream."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import told
from openbioner_batch.formats.rewriting import DelimitedRows
from openbioner_batch.formats.storage import LARGEST_RECORD, SUFFIXES, for_each, open_input
from openbioner_batch.records import Document, Parsed, Record, Rejected


class Delimited(Format):
    """Rows under a header line. A record's position is its row's number, from 0, blank lines not counted.

    A quoted field may hold line breaks, so a file is not cut: it is one split. Text is taken as it stands.
    """

    delimiter: str

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        fields.text_field(options)
        with open_input(file) as stream:
            rows = _rows(stream, self.delimiter)
            header = next(rows, [])
            if isinstance(header, UnfitRecordError):
                yield Rejected(file.uri, 0, str(header))
                return
            for number, row in enumerate(rows):
                try:
                    yield Parsed(file.uri, number, _document(row, header, file, number, options))
                except UnfitRecordError as reason:
                    yield Rejected(file.uri, number, str(reason))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first header; every file's header must have the fields."""
        chosen = None
        for file, header in zip(files, for_each(files, self._header), strict=True):
            if not header:
                continue
            if chosen is None:
                chosen = fields.choose_fields(options, told(file.uri), header)
            fields.require(chosen, told(file.uri), header)
        if chosen is None:
            raise UsageError(f"{told(files[0].uri)}: no header line to name the columns, in this or any other input")
        return chosen

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.KEPT_AS_JSON if options.keep_fields else pa.schema([])

    def _header(self, file: InputFile) -> list[str]:
        """The names of a file's columns; none of an empty file, or of one that breaks before (its `read` tells)."""
        with open_input(file) as stream:
            header = next(_rows(stream, self.delimiter), [])
        if isinstance(header, UnfitRecordError):
            return []
        if any("\udc80" <= character <= "\udcff" for name in header for character in name):
            raise UsageError(f"{told(file.uri)}: the header line is not UTF-8. Convert the file first.")
        return header


class Csv(Delimited):
    """Comma-separated values."""

    name = "csv"
    suffixes = SUFFIXES["csv"]
    delimiter = ","
    rewriting = DelimitedRows(".csv", ",")


class Tsv(Delimited):
    """Tab-separated values, quoted like CSV where a field holds a tab, a quote or a line break."""

    name = "tsv"
    suffixes = SUFFIXES["tsv"]
    delimiter = "\t"
    rewriting = DelimitedRows(".tsv", "\t")


def _document(
    row: list[str] | UnfitRecordError, header: list[str], file: InputFile, number: int, options: ReadOptions
) -> Document:
    if isinstance(row, UnfitRecordError):
        raise row
    if len(row) != len(header):
        raise UnfitRecordError(f"the row has {len(row)} fields, the header {len(header)}")
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        raise UnfitRecordError("not valid UTF-8") from None
    record = dict(zip(header, row, strict=True))
    return Document(
        fields.document_id(record[options.id_field] if options.id_field else None, file, number),
        record[fields.text_field(options)],
        fields.kept_json(record, options.keep_fields),
    )


def _rows(stream: BinaryIO, delimiter: str) -> Iterator[list[str] | UnfitRecordError]:
    """The rows of a file, its header first; in place of a bad row why it is bad. The file ends where it breaks."""
    csv.field_size_limit(LARGEST_RECORD)
    # Bytes that are not UTF-8 become lone surrogates, so that a bad row can be told without losing the next.
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    lines = _Lines(text, LARGEST_RECORD)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.size = 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield UnfitRecordError(f"malformed row: {error}")
        except BrokenStreamError as error:
            yield UnfitRecordError(str(error))
            return
        else:
            if row:
                yield row


class _Lines:
    """The lines of a text, ends kept, in records of at most `limit` characters.

    A line that is too long, or makes its record so, is skipped and raises; the next call goes on.
    """

    def __init__(self, text: io.TextIOWrapper, limit: int) -> None:
        self._text = text
        self._limit = limit
        self.size = 0
        """Of the lines since a record began; the reader sets it back."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._limit)
        if not line:
            raise StopIteration
        self.size += len(line)
        is_whole = len(line) < self._limit or line.endswith(("\n", "\r"))
        if is_whole and self.size <= self._limit:
            return line
        while not is_whole and line:
            line = self._text.readline(self._limit)
            is_whole = line.endswith(("\n", "\r"))
        raise csv.Error(f"a record of {self._limit} characters or more")

"""CSV and TSV: rows of named columns, with or without quotes as RFC 4180 has them, read as a stream."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.encoding import refuse_utf16
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rewriting import DelimitedRows
from openbioner_batch.formats.rows import BrokenRowError, Rows, lines_of
from openbioner_batch.formats.storage import for_each, open_text
from openbioner_batch.records import UNREAD, Document, Parsed, Record, Rejected

QUOTINGS = ("csv", "none")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_GUESSED = ",;\t|"
_SNIFFED_LINES, _SNIFFED_CHARACTERS = 20, 16 << 10


class Delimited(Format):
    """Rows under a header line. A record's position is its row's number, from 0, blank lines not counted.

    A quoted field may hold line breaks, so a file is not cut: it is one split. Text is taken as it stands. A row whose
    quotes do not close, or that goes over several lines and has another number of fields than the header, is set aside
    as far as its first line; the next line begins a row.
    """

    delimiter: str
    quoting: str
    takes = ("id_field", "text_field", "title_field", "encoding", "delimiter", "quoting")

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        fields.text_field(options)
        with closing(self._rows(file, options)) as rows:
            header = rows.header()
            if isinstance(header, UnfitRecordError):
                reason = str(header)
                yield Rejected(file.uri, 0, reason if reason.endswith(UNREAD) else f"{reason}: {UNREAD}")
                return
            for number, row in enumerate(rows):
                try:
                    yield Parsed(file.uri, number, _document(row, header, file, number, options))
                except UnfitRecordError as reason:
                    yield Rejected(file.uri, number, str(reason))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first header; every file's header must have the fields."""
        options = self._dialect(files, fields.canonical_options(options, self))
        chosen = None
        headers = for_each(files, lambda file: self._header(file, options))
        for file, header in zip(files, headers, strict=True):
            if not header:
                continue
            names = [*header, *(name for name in fields.folder_columns(file.uri) if name not in header)]
            if chosen is None:
                chosen = fields.choose_fields(options, label_of(file.uri), names)
            fields.require(chosen, label_of(file.uri), names)
        if chosen is None:
            raise UsageError(
                f"{label_of(files[0].uri)}: no header line to name the columns, in this or any other input"
            )
        return chosen

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.KEPT_AS_JSON if options.keep_fields else pa.schema([])

    def _dialect(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """The options with delimiter and quoting resolved; a delimiter is guessed where the first header needs it."""
        delimiter, quoting = options.delimiter, options.quoting or self.quoting
        if delimiter is not None:
            delimiter = _DELIMITERS.get(delimiter.lower(), delimiter)
            if len(delimiter) != 1 or delimiter in '"\r\n\0':
                raise UsageError(f"--delimiter {options.delimiter!r}: give one character, or one of {_named()}")
        if quoting not in QUOTINGS:
            raise UsageError(f"--quoting {quoting}: give one of {', '.join(QUOTINGS)}")
        settled = replace(options, delimiter=None if delimiter == self.delimiter else delimiter, quoting=quoting)
        if delimiter is None and (guess := self._guess_delimiter(files, settled)):
            settled = replace(settled, delimiter=guess)
        return settled

    def _guess_delimiter(self, files: Sequence[InputFile], options: ReadOptions) -> str | None:
        """The delimiter of the first file that has a header of one column, by the csv module's sniffer."""
        for file in files:
            try:
                header = self._header(file, options)
            except UsageError:  # with quotes beside another delimiter it is not a row
                return next((one for one in _GUESSED if self._parts(file, replace(options, delimiter=one))), None)
            if not header:
                continue
            if len(header) > 1:
                return None
            with open_text(file, options.encoding) as stream:
                lines = list(islice(lines_of(stream, _SNIFFED_CHARACTERS), _SNIFFED_LINES))
            able = "".join(one for one in _GUESSED if one in lines[0] and one != self.delimiter)
            with suppress(csv.Error):
                return csv.Sniffer().sniff("".join(lines)[:_SNIFFED_CHARACTERS], able).delimiter if able else None
            return able if len(able) == 1 else None
        return None

    def _parts(self, file: InputFile, options: ReadOptions) -> bool:
        """Whether the header has several columns."""
        with suppress(UsageError):
            return len(self._header(file, options)) > 1
        return False

    def _header(self, file: InputFile, options: ReadOptions) -> list[str]:
        """The names of a file's columns; none for an empty file, or one that breaks before (its `read` reports it).

        Raises:
            UsageError: the line is malformed, or in another encoding.
        """
        if not options.encoding:
            with open_text(file, None) as stream, suppress(BrokenStreamError):
                refuse_utf16(stream.read(2), label_of(file.uri))
        with closing(self._rows(file, options)) as rows:
            header = rows.header()
        if isinstance(header, BrokenRowError):
            return []
        if isinstance(header, UnfitRecordError):
            raise UsageError(f"{label_of(file.uri)}: the header line cannot be read, {header}")
        if any("\udc80" <= character <= "\udcff" for name in header for character in name):
            raise UsageError(
                f"{label_of(file.uri)}: the header line is not UTF-8; name its --encoding, such as latin-1 or cp1252"
            )
        if options.quoting == "none" and any(len(name) > 1 and name[0] == name[-1] == '"' for name in header):
            raise UsageError(
                f"{label_of(file.uri)}: the names of its columns are in quotes; read it with --quoting csv"
            )
        return header

    def _rows(self, file: InputFile, options: ReadOptions) -> Rows:
        stream = open_text(file, options.encoding)
        return Rows(stream, options.delimiter or self.delimiter, (options.quoting or self.quoting) == "csv")


class Csv(Delimited):
    """Comma-separated values."""

    name = "csv"
    suffixes = FORMATS["csv"].folder_suffixes
    delimiter = ","
    quoting = "csv"
    rewriting = DelimitedRows(".csv", ",")


class Tsv(Delimited):
    """Tab-separated values; quotes are ordinary characters by default."""

    name = "tsv"
    suffixes = FORMATS["tsv"].folder_suffixes
    delimiter = "\t"
    quoting = "none"
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
        raise UnfitRecordError(f"not valid {options.encoding or 'UTF-8'}") from None
    record = dict(zip(header, row, strict=True))
    title = record[options.title_field] if options.title_field else None
    return Document(
        fields.document_id(record[options.id_field] if options.id_field else None, file, number),
        fields.with_title(title, record[fields.text_field(options)], options),
        fields.kept_json({**fields.folder_columns(file.uri), **record}, options.keep_fields),
    )


def _named() -> str:
    return ", ".join(name for name in _DELIMITERS if name.isalpha())

"""Reads JSON Lines: one object a line, cut into byte ranges where the file is not packed; arrays of objects too."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Rewriting, Split
from openbioner_batch.formats.byte_lines import lines_with_offsets, pieces_of, split_lines
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.encoding import refuse_utf16
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.json_values import BEGINNING, HEAD_BYTES, MalformedValue, holds_values, json_values
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rewriting import JsonLines
from openbioner_batch.formats.storage import SPLIT_BYTES, is_stream, open_input, open_stored, open_text
from openbioner_batch.records import Document, Parsed, Record, Rejected

_SAMPLED_RECORDS = 200
_OTHER_FORMATS = {"passages": "bioc-json", "documents": "bioc-json", "PubTator3": "bioc-json", "resourceType": "fhir"}
"""Keys that show another format."""


class _MalformedJsonError(UnfitRecordError):
    """A line that is not one JSON value: the beginning of one, or several."""


class Jsonl(Format):
    """One object a line (JSONL, NDJSON), or an array of objects, or objects over several lines each.

    A record's position is its byte offset in the unpacked file (in UTF-8, where that is converted). Blank lines are
    ignored. NaN and the infinities, which JSON does not have, are read as null. A field may be a path into nested
    objects, `doc.text`.
    """

    name = "jsonl"
    suffixes = FORMATS["jsonl"].folder_suffixes
    rewriting: Rewriting | None = JsonLines()
    takes: tuple[str, ...] = ("id_field", "text_field", "title_field", "encoding")

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Byte ranges; a packed file is one split with `stop` 0, read as a stream."""
        cut: list[Split] = []
        for file in files:
            if is_stream(file.uri):
                cut.append(Split((file,)))
                continue
            starts = range(0, file.size, SPLIT_BYTES)
            cut.extend(Split((file,), start, min(start + SPLIT_BYTES, file.size)) for start in starts)
        return cut

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        fields.text_field(options)
        partitions = fields.folder_columns(file.uri)
        for offset, found in objects(split, options.encoding):
            try:
                yield Parsed(file.uri, offset, _document(_object(found), file, offset, options, partitions))
            except UnfitRecordError as reason:
                yield Rejected(file.uri, offset, str(reason))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first records; fields that are requested must occur among them."""
        options = fields.canonical_options(options, self)
        sample = sampled_objects(files, options.encoding)
        if not sample:
            if options.text_field is None:
                raise UsageError(
                    f"{label_of(files[0].uri)}: no JSON object among the first lines, so no field to take the text "
                    "from. Expected one object a line; another "
                    "format is chosen with --format, an encoding with --encoding."
                )
            return options
        names = list(dict.fromkeys(name for record in sample for name in record))
        requested = [options.id_field, options.text_field, options.title_field, *options.keep_fields]
        paths = [
            name for name in requested if name and name not in names and any(_has(record, name) for record in sample)
        ]
        names += [*dict.fromkeys(paths), *(name for name in fields.folder_columns(files[0].uri) if name not in names)]
        texts = [name for name in names if any(isinstance(record.get(name), str) for record in sample)]
        ids = [name for name in names if any(isinstance(record.get(name), (str, int)) for record in sample)]
        where = f"{label_of(files[0].uri)} (first {len(sample)} records)"
        try:
            return fields.choose_fields(options, where, names, ids, texts, _nested(sample))
        except UsageError as error:
            other = next((_OTHER_FORMATS[name] for name in names if name in _OTHER_FORMATS), None)
            raise UsageError(f"{error}. It looks like {other}: say --format {other}") if other else error from None

    def nested_fields(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        sample = sampled_objects(files, options.encoding)
        requested = (options.id_field, options.text_field, options.title_field, *options.keep_fields)
        return [name for name in requested if name and "." in name and not any(name in record for record in sample)]

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.KEPT_AS_JSON if options.keep_fields else pa.schema([])


def objects(split: Split, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any] | MalformedValue]]:
    """The objects of a split with their offsets, or why one cannot be read.

    A file without lines, or in another encoding, is read whole with its first split.
    """
    file = split.files[0]
    if is_stream(file.uri) or encoding:
        if split.start == 0:
            with open_text(file, encoding) as stream:
                yield from _stream_objects(pieces_of(stream))
        return
    with open_stored(file, ahead=False) as stream:
        if not holds_values(stream.read(HEAD_BYTES)):
            yield from _line_objects(split_lines(stream, split))
        elif split.start == 0:
            stream.seek(0)
            yield from _value_objects(json_values(pieces_of(stream)))


def _stream_objects(pieces: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any] | MalformedValue]]:
    try:
        head = next(pieces, b"")
    except BrokenStreamError as error:
        yield 0, MalformedValue(error.reason)
        return
    pieces = chain([head], pieces)
    if holds_values(head):
        yield from _value_objects(json_values(pieces))
    else:
        yield from _line_objects(lines_with_offsets(pieces))


def _value_objects(values: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, dict[str, Any] | MalformedValue]]:
    for offset, value in values:
        is_fit = isinstance(value, dict | MalformedValue)
        yield offset, value if is_fit else MalformedValue("the value is JSON but not an object")


def _line_objects(lines: Iterable[tuple[int, bytes | str]]) -> Iterator[tuple[int, dict[str, Any] | MalformedValue]]:
    """One object a line; several where files without a final line feed were concatenated, or commas follow them."""
    for offset, line in lines:
        if isinstance(line, str):
            yield offset, MalformedValue(line)
            continue
        if offset == 0 and line.startswith(codecs.BOM_UTF8):
            line = b"   " + line[3:]
        if not line.strip():
            continue
        try:
            yield offset, _parse(line)
        except UnfitRecordError as reason:
            if b"\r" not in line.strip():
                yield from ((offset + place, found) for place, found in _several(line, reason))
                continue
            # a carriage return ends a line too, unless the object continues after it
            parts = line.split(b"\r")
            starts = (offset + sum(len(part) + 1 for part in parts[:number]) for number in range(len(parts)))
            yield from _line_objects(pair for pair in zip(starts, parts, strict=True))


def _several(line: bytes, reason: UnfitRecordError) -> list[tuple[int, dict[str, Any] | MalformedValue]]:
    """The objects of a line that is not one itself, with their positions, or why it does not consist of objects."""
    values = list(json_values([line])) if isinstance(reason, _MalformedJsonError) else [(0, None)]
    found: list[tuple[int, dict[str, Any] | MalformedValue]] = [
        (place, value) for place, value in values if isinstance(value, dict)
    ]
    if len(found) == len(values):
        return found
    return [(0, MalformedValue(str(reason), line[:BEGINNING].decode("utf-8", "replace")))]


def _parse(line: bytes) -> dict[str, Any]:
    """The object of a line.

    The standard parser keeps integers of any length exact, and its few microseconds are negligible beside tagging.
    """
    try:
        value = json.loads(line.decode(), parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        raise UnfitRecordError(f"not valid UTF-8 at byte {error.start} of the line") from None
    except json.JSONDecodeError as error:
        raise _MalformedJsonError(f"malformed JSON at character {error.pos} of the line") from None
    except ValueError:
        raise UnfitRecordError("malformed JSON: a number of too many digits") from None
    except RecursionError:
        raise UnfitRecordError("malformed JSON: nested too deeply") from None
    if not isinstance(value, dict):
        raise UnfitRecordError("the line is JSON but not an object")
    return value


def _object(found: dict[str, Any] | MalformedValue) -> dict[str, Any]:
    if isinstance(found, MalformedValue):
        raise UnfitRecordError(found.reason)
    return found


def _document(
    record: dict[str, Any], file: InputFile, offset: int, options: ReadOptions, partitions: dict[str, str | None]
) -> Document:
    name = fields.text_field(options)
    if options.title_field is None and not _has(record, name):
        raise UnfitRecordError("the text field is missing")
    named = [name for name in (options.id_field, options.title_field, name, *options.keep_fields) if name]
    found = {name: fields.value_at(record, name) for name in named if _has(record, name)}
    return Document(
        fields.document_id(found.get(options.id_field) if options.id_field else None, file, offset),
        fields.with_title(found.get(options.title_field) if options.title_field else None, found.get(name), options),
        fields.kept_json({**partitions, **found}, options.keep_fields),
    )


def _has(record: dict[str, Any], name: str) -> bool:
    return fields.value_at(record, name, _MISSING) is not _MISSING


_MISSING = object()


def _nested(sample: Sequence[dict[str, Any]]) -> list[str]:
    """Paths to the texts in nested objects, for a message."""
    pairs = ((name, value) for record in sample for name, value in record.items() if isinstance(value, dict))
    return list(dict.fromkeys(f"{name}.{inner}" for name, value in pairs for inner in value))[:20]


def sampled_objects(files: Sequence[InputFile], encoding: str | None = None) -> list[dict[str, Any]]:
    """The first objects of some files, as a sample of all.

    Raises:
        UsageError: a file is UTF-16, and is not read as such.
    """
    return list(islice(_objects(files, encoding), _SAMPLED_RECORDS))


def _objects(files: Iterable[InputFile], encoding: str | None) -> Iterator[dict[str, Any]]:
    """The objects at the beginning of the files, without bad records."""
    for file in files:
        if not encoding:
            first = open_input(file) if is_stream(file.uri) else open_stored(file, ahead=False)
            with first as stream, suppress(BrokenStreamError):
                refuse_utf16(stream.read(2), label_of(file.uri))
        whole = Split((file,), 0, 0 if is_stream(file.uri) else file.size)
        found = islice(objects(whole, encoding), _SAMPLED_RECORDS)
        yield from (one for _, one in found if isinstance(one, dict))

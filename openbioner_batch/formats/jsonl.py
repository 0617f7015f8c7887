"""JSON Lines: one JSON object a line, cut into byte ranges where the file is not packed."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import told
from openbioner_batch.formats.rewriting import JsonLines, Rewriting
from openbioner_batch.formats.storage import (
    LARGEST_RECORD,
    SPLIT_BYTES,
    SUFFIXES,
    compression_of,
    open_input,
    open_stored,
)
from openbioner_batch.records import Document, Parsed, Record, Rejected

_READ_BYTES = 1 << 20
_OVERHANG_BYTES = 64 << 10
_SAMPLED_RECORDS = 200


class Jsonl(Format):
    """One object a line (JSONL, NDJSON). A record's position is its line's byte offset in the unpacked stream.

    Blank lines are no records. NaN and the infinities, which JSON does not have, are read as null.
    """

    name = "jsonl"
    suffixes = SUFFIXES["jsonl"]
    rewriting: Rewriting | None = JsonLines()

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Byte ranges; a packed file is one split with `stop` 0, read as a stream."""
        cut: list[Split] = []
        for file in files:
            if compression_of(file.uri):
                cut.append(Split((file,)))
                continue
            starts = range(0, file.size, SPLIT_BYTES)
            cut.extend(Split((file,), start, min(start + SPLIT_BYTES, file.size)) for start in starts)
        return cut

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        fields.text_field(options)
        yield from documents(split, lambda found, offset: _document(found, file, offset, options))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first records; fields that are asked for must occur among them."""
        sample = sampled_objects(files)
        if not sample:
            if options.text_field is None:
                raise UsageError(
                    f"{told(files[0].uri)}: no JSON object among the first lines, so no field to take the text from. "
                    "Expected one object a line; another format is chosen with --format."
                )
            return options
        names = list(dict.fromkeys(name for record in sample for name in record))
        texts = [name for name in names if any(isinstance(record.get(name), str) for record in sample)]
        ids = [name for name in names if any(isinstance(record.get(name), (str, int)) for record in sample)]
        where = f"{told(files[0].uri)} (first {len(sample)} records)"
        return fields.choose_fields(options, where, names, ids, texts)

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return fields.KEPT_AS_JSON if options.keep_fields else pa.schema([])


def documents(split: Split, make: Callable[[dict[str, Any], int], Document]) -> Iterator[Record]:
    """The records of a split: for each line what `make` makes of its object and offset, or why there is nothing."""
    source = split.files[0].uri
    for offset, line in split_lines(split):
        if isinstance(line, str):
            yield Rejected(source, offset, line)
            continue
        if offset == 0:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            yield Parsed(source, offset, make(_parse(line), offset))
        except UnfitRecordError as reason:
            yield Rejected(source, offset, str(reason))


def _parse(line: bytes) -> dict[str, Any]:
    """The object of a line.

    The standard parser keeps integers of any length exact, and its few microseconds vanish beside the tagging.
    """
    try:
        value = json.loads(line.decode(), parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        raise UnfitRecordError(f"not valid UTF-8 at byte {error.start} of the line") from None
    except json.JSONDecodeError as error:
        raise UnfitRecordError(f"malformed JSON at character {error.pos} of the line") from None
    except ValueError:
        raise UnfitRecordError("malformed JSON: a number of too many digits") from None
    except RecursionError:
        raise UnfitRecordError("malformed JSON: nested too deeply") from None
    if not isinstance(value, dict):
        raise UnfitRecordError("the line holds JSON but no object")
    return value


def _document(record: dict[str, Any], file: InputFile, offset: int, options: ReadOptions) -> Document:
    name = fields.text_field(options)
    if name not in record:
        raise UnfitRecordError("the text field is missing")
    return Document(
        fields.document_id(record.get(options.id_field) if options.id_field else None, file, offset),
        fields.document_text(record[name]),
        fields.kept_json(record, options.keep_fields),
    )


def sampled_objects(files: Sequence[InputFile]) -> list[dict[str, Any]]:
    """The first objects of some files, for what can be told of all."""
    return list(islice(_objects(files), _SAMPLED_RECORDS))


def _objects(files: Iterable[InputFile]) -> Iterator[dict[str, Any]]:
    """The objects at the beginning of the files, bad records left out."""
    for file in files:
        whole = Split((file,), 0, 0 if compression_of(file.uri) else file.size)
        lines = islice(split_lines(whole), _SAMPLED_RECORDS)
        for offset, line in lines:
            if isinstance(line, bytes):
                line = line.removeprefix(codecs.BOM_UTF8) if offset == 0 else line
                try:
                    yield _parse(line)
                except UnfitRecordError:
                    continue


def split_lines(split: Split) -> Iterator[tuple[int, bytes | str]]:
    """The lines whose first byte lies in the split, each with its offset; a string is why there is none."""
    file = split.files[0]
    if compression_of(file.uri):
        with open_input(file) as stream:
            yield from _lines(iter(lambda: stream.read(_READ_BYTES), b""), 0)
        return
    with open_stored(file, ahead=False) as stream:
        start = _line_start(stream, split) if split.start else 0
        if start >= split.stop:
            return
        stream.seek(start)
        for offset, line in _lines(_range(stream, start, split.stop), start):
            if offset >= split.stop:
                return
            yield offset, line
            if isinstance(line, bytes) and offset + len(line) + 1 >= split.stop:
                return


def _line_start(stream: BinaryIO, split: Split) -> int:
    """The first offset of the split at which a line begins, or its end where none does."""
    position = split.start - 1
    stream.seek(position)
    while block := stream.read(min(_OVERHANG_BYTES, split.stop - position)):
        place = block.find(b"\n")
        if place >= 0:
            return position + place + 1
        position += len(block)
    return split.stop


def _range(stream: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` on in large reads up to `stop`, then in small ones, for the last line's end."""
    while block := stream.read(min(stop - start, SPLIT_BYTES) if start < stop else _OVERHANG_BYTES):
        start += len(block)
        yield block


def _lines(chunks: Iterable[bytes], offset: int, limit: int = LARGEST_RECORD) -> Iterator[tuple[int, bytes | str]]:
    """Lines without their ends, each with the offset of its first byte; never more than `limit` bytes are held."""
    held: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                size += len(end)
                yield offset, b"".join([*held, end]) if size <= limit else _too_long(limit)
                offset, size = offset + size + 1, 0
                held.clear()
            size += len(rest)
            if size <= limit:
                held.append(rest)
            else:
                held.clear()
    except BrokenStreamError as error:
        yield offset, str(error)
        return
    if size:
        yield offset, b"".join(held) if size <= limit else _too_long(limit)


def _too_long(limit: int) -> str:
    return f"a line of more than {limit} bytes"

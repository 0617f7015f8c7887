"""Parquet: cut into runs of row groups; kept columns keep their Arrow types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import told
from openbioner_batch.formats.rewriting import ParquetRows
from openbioner_batch.formats.storage import (
    LARGEST_RECORD,
    SPLIT_BYTES,
    SUFFIXES,
    compression_of,
    for_each,
    open_stored,
)
from openbioner_batch.records import Document, Parsed, Record, Rejected

_BATCH_ROWS = 256
_READ_BYTES = 4 << 20
_NOT_UTF8 = object()
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)  # the last of the names of columns


class Parquet(Format):
    """Rows with an id and a text column. A record's position is its row's number in the file, from 0.

    A text may be a string column of any kind, dictionaries included, or a binary one that holds UTF-8.
    """

    name = "parquet"
    suffixes = SUFFIXES["parquet"]
    rewriting = ParquetRows()

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Runs of row groups, [`start`, `stop`): small ones together up to 8 MiB, a larger one alone."""
        cut: list[Split] = []
        for file, footer in zip(files, for_each(files, _footer), strict=True):
            if footer is None:
                # Its one rejected record comes when it is read.
                cut.append(Split((file,)))
                continue
            start, size = 0, 0
            for group, group_size in enumerate(footer.sizes):
                if group > start and size + group_size > SPLIT_BYTES:
                    cut.append(Split((file,), start, group))
                    start, size = group, 0
                size += group_size
            if footer.sizes:
                cut.append(Split((file,), start, len(footer.sizes)))
        return cut

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        named = (options.id_field, fields.text_field(options), *options.keep_fields)
        columns = list(dict.fromkeys(name for name in named if name))
        with open_stored(file, ahead=False) as stream:
            source = _Watched(stream)
            reader = _reader(source, file, columns)
            if reader is None:
                yield Rejected(file.uri, 0, "damaged Parquet: the file cannot be read")
                return
            groups = [reader.metadata.row_group(group) for group in range(split.stop)]
            lengths = [group.num_rows for group in groups]
            for group in range(split.start, split.stop):
                row = sum(lengths[:group])
                size = LARGEST_RECORD * lengths[group] // max(1, groups[group].total_byte_size)
                rows = max(1, min(_BATCH_ROWS, size))
                try:
                    batches = reader.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)
                    for batch in batches:
                        yield from _records(batch, file, row, options)
                        row += batch.num_rows
                except _DAMAGE:
                    source.reraise()
                    yield Rejected(file.uri, row, "damaged Parquet: this row and the rest of its row group are unread")

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first file's columns; every file must have the fields, of a fitting type."""
        packed = next((file for file in files if compression_of(file.uri)), None)
        if packed is not None:
            raise UsageError(f"{told(packed.uri)}: Parquet has its own compression; unpack the file first")
        fields.refuse_collisions(options.keep_fields)
        chosen = None
        for file, footer in zip(files, for_each(files, _footer), strict=True):
            if footer is None:
                continue  # its one rejected record comes when it is read
            schema = footer.schema
            if chosen is None:
                ids = [column.name for column in schema if _is_id(column.type)]
                texts = [column.name for column in schema if _is_text(column.type)]
                chosen = fields.choose_fields(options, told(file.uri), schema.names, ids, texts)
            fields.require(chosen, told(file.uri), schema.names)
            _require_types(chosen, file, schema)
        if chosen is None:
            raise UsageError(
                f"{told(files[0].uri)}: not a Parquet file, or its footer is damaged; its columns are unknown"
                + (", as are those of all other inputs" if len(files) > 1 else "")
            )
        return chosen

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """The kept columns with their types, which must be the same in every file."""
        if not options.keep_fields:
            return pa.schema([])
        first: tuple[InputFile, pa.Schema] | None = None
        for file, footer in zip(files, for_each(files, _footer), strict=True):
            if footer is None:
                continue
            kept = pa.schema([pa.field(name, footer.schema.field(name).type) for name in options.keep_fields])
            first = first or (file, kept)
            for ours, theirs in zip(kept, first[1], strict=True):
                if ours.type != theirs.type:
                    raise UsageError(
                        f"{told(file.uri)}: column {ours.name!r} is {ours.type}, but {theirs.type} in "
                        f"{told(first[0].uri)}. A kept column needs one type: convert one of the files, or leave it "
                        "out of --keep-fields."
                    )
        return first[1] if first else pa.schema([])


@dataclass(frozen=True, slots=True)
class _Footer:
    """What planning needs of a file's footer."""

    schema: pa.Schema
    sizes: tuple[int, ...]
    """Bytes of each row group, not compressed."""


class _Watched:
    """A stream that remembers its own failure, so that a store's error is not taken for a damaged file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: Exception | None = None
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except Exception as error:
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def reraise(self) -> None:
        """Raises the stream's own failure, if there was one."""
        if self.failure is not None:
            raise self.failure from None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


# Planning asks for splits, fields and types in turn; the listing's etag makes the answer safe to keep.
@lru_cache(maxsize=1 << 16)
def _footer(file: InputFile) -> _Footer | None:
    import pyarrow.parquet as pq

    with open_stored(file, ahead=False) as stream:
        source = _Watched(stream)
        try:
            reader = pq.ParquetFile(source)
            groups = range(reader.metadata.num_row_groups)
            sizes = tuple(reader.metadata.row_group(group).total_byte_size for group in groups)
            return _Footer(reader.schema_arrow.remove_metadata(), sizes)
        except _DAMAGE:
            source.reraise()
            return None


def _reader(source: _Watched, file: InputFile, columns: Sequence[str]) -> Any:
    """The file's reader, or None where the footer is damaged."""
    import pyarrow.parquet as pq

    try:
        # A buffer makes Arrow stream each column, where it would else hold the row group's whole (as pre_buffer does).
        reader = pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False)
    except _DAMAGE:
        source.reraise()
        return None
    missing = next((name for name in columns if name not in reader.schema_arrow.names), None)
    if missing is not None:
        raise UsageError(f"{told(file.uri)}: the column {missing!r} is gone since the run was planned")
    return reader


def _records(batch: pa.RecordBatch, file: InputFile, first: int, options: ReadOptions) -> Iterator[Record]:
    columns = {name: _values(batch.column(name)) for name in batch.schema.names}
    texts = columns[fields.text_field(options)]
    ids = columns[options.id_field] if options.id_field else [None] * batch.num_rows
    for place, text in enumerate(texts):
        row = first + place
        kept = {name: columns[name][place] for name in options.keep_fields}
        try:
            if text is _NOT_UTF8 or ids[place] is _NOT_UTF8 or _NOT_UTF8 in map(_marker, kept.values()):
                raise UnfitRecordError("not valid UTF-8")
            if text is not None and len(text) > LARGEST_RECORD:
                raise UnfitRecordError(f"a text of more than {LARGEST_RECORD} characters")
            content = fields.document_text(text.decode() if isinstance(text, bytes) else text)
            yield Parsed(file.uri, row, Document(fields.document_id(ids[place], file, row), content, kept))
        except UnicodeDecodeError as error:
            yield Rejected(file.uri, row, f"the text is not valid UTF-8 at byte {error.start}")
        except UnfitRecordError as reason:
            yield Rejected(file.uri, row, str(reason))


def _marker(value: Any) -> Any:
    """`value` if it is the mark of invalid UTF-8; kept values may be of types whose comparison is no truth value."""
    return value if value is _NOT_UTF8 else None


def _values(column: pa.Array) -> list[Any]:
    """The values as Python objects that Arrow takes back losslessly for the same type."""
    if pa.types.is_temporal(column.type) and getattr(column.type, "unit", None) == "ns":
        # Python's own times end at microseconds.
        column = column.cast(pa.int64())
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_value(scalar) for scalar in column]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _NOT_UTF8


def _require_types(options: ReadOptions, file: InputFile, schema: pa.Schema) -> None:
    """Raises UsageError where the text or the id column of a file has a type that cannot be one."""
    text = schema.field(fields.text_field(options))
    if not _is_text(text.type):
        raise UsageError(f"{told(file.uri)}: the text column {text.name!r} is {text.type}, expected strings")
    if options.id_field and not _is_id(schema.field(options.id_field).type):
        found = schema.field(options.id_field)
        raise UsageError(
            f"{told(file.uri)}: the id column {found.name!r} is {found.type}, expected strings or integers"
        )


def _is_id(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _is_string(plain) or bool(pa.types.is_integer(plain))


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _is_string(plain) or plain in (pa.binary(), pa.large_binary())


def _is_string(kind: pa.DataType) -> bool:
    return any(fits(kind) for fits in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))

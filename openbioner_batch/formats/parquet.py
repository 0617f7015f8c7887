"""Parquet: cut into runs of row groups; kept columns keep their Arrow types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import fields
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.parquet_opening import DAMAGE, WatchedStream, open_reader, read_footer
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.rewriting import ParquetRows
from openbioner_batch.formats.storage import (
    LARGEST_RECORD,
    SPLIT_BYTES,
    compression_of,
    for_each,
    open_stored,
)
from openbioner_batch.records import UNREAD, Document, Parsed, Record, Rejected

_BATCH_ROWS = 256
_MOST_LOST = 10_000_000
"""The most rows that are set aside one by one where a row group is damaged, since its length may be damaged too."""
_NOT_UTF8, _NO_DATE = object(), object()


class Parquet(Format):
    """Rows with an id and a text column. A record's position is its row's number in the file, from 0.

    A text may be a string column of any kind, dictionaries included, or a binary one that holds UTF-8.
    """

    name = "parquet"
    suffixes = FORMATS["parquet"].folder_suffixes
    rewriting = ParquetRows()
    takes = ("id_field", "text_field", "title_field")

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Runs of row groups, [`start`, `stop`): small ones together up to 8 MiB, a larger one alone."""
        cut: list[Split] = []
        for file, footer in zip(files, for_each(files, read_footer), strict=True):
            if footer is None:
                # reading it gives one rejected record
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
        named = (options.id_field, options.title_field, fields.text_field(options), *options.keep_fields)
        folders = fields.folder_columns(file.uri)
        with open_stored(file, ahead=False) as stream:
            source = WatchedStream(stream)
            reader = open_reader(source)
            if reader is None:
                yield Rejected(file.uri, 0, f"damaged Parquet: {UNREAD}")
                return
            schema = reader.schema_arrow
            wanted = (name for name in named if name and (name not in folders or name in schema.names))
            columns = list(dict.fromkeys(wanted))
            if missing := [name for name in columns if _column_type(schema, name) is None]:
                raise UsageError(
                    f"{label_of(file.uri)}: the column {missing[0]!r} is missing since the run was planned"
                )
            groups = [reader.metadata.row_group(group) for group in range(split.stop)]
            lengths = [group.num_rows for group in groups]
            for group in range(split.start, split.stop):
                row = sum(lengths[:group])
                size = LARGEST_RECORD * lengths[group] // max(1, groups[group].total_byte_size)
                rows = max(1, min(_BATCH_ROWS, size))
                try:
                    batches = reader.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)
                    for batch in batches:
                        yield from _records(batch, columns, file, row, options)
                        row += batch.num_rows
                except DAMAGE:
                    source.reraise()
                    yield from _lost(file, row, sum(lengths[: group + 1]))

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Guesses from the first file's columns; every file must have the fields, of a fitting type."""
        options = fields.canonical_options(options, self)
        packed = next((file for file in files if compression_of(file.uri)), None)
        if packed is not None:
            raise UsageError(f"{label_of(packed.uri)}: Parquet has its own compression; unpack the file first")
        fields.refuse_collisions(options.keep_fields)
        chosen = None
        for file, footer in zip(files, for_each(files, read_footer), strict=True):
            if footer is None:
                continue  # reading it gives one rejected record
            schema = footer.schema
            if chosen is None:
                ids = [column.name for column in schema if _is_id(column.type)]
                texts = [column.name for column in schema if _is_text(column.type)]
                names = _names(schema, file, options)
                chosen = fields.choose_fields(options, label_of(file.uri), names, ids, texts, _nested(schema))
            fields.require(chosen, label_of(file.uri), _names(schema, file, chosen), _nested(schema))
            _require_types(chosen, file, schema)
        if chosen is None:
            raise UsageError(
                f"{label_of(files[0].uri)}: not a Parquet file, or its footer is damaged; its columns are unknown"
                + (", as are those of all other inputs" if len(files) > 1 else "")
            )
        return chosen

    def nested_fields(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        schema = next((footer.schema for footer in map(read_footer, files) if footer is not None), None)
        requested = (options.id_field, options.text_field, *options.keep_fields)
        own = schema.names if schema is not None else ()
        return [name for name in requested if name and "." in name and name not in own]

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """The kept columns with their types, which must be the same in every file."""
        if not options.keep_fields:
            return pa.schema([])
        first: tuple[InputFile, pa.Schema] | None = None
        for file, footer in zip(files, for_each(files, read_footer), strict=True):
            if footer is None:
                continue
            # a column from the names of folders is a text
            types = [(name, _column_type(footer.schema, name) or pa.string()) for name in options.keep_fields]
            kept = pa.schema(types)
            first = first or (file, kept)
            for ours, theirs in zip(kept, first[1], strict=True):
                if ours.type != theirs.type:
                    raise UsageError(
                        f"{label_of(file.uri)}: column {ours.name!r} is {ours.type}, but {theirs.type} in "
                        f"{label_of(first[0].uri)}. A kept column needs one type: convert one of the files, or leave "
                        "it out of --keep-fields."
                    )
        return first[1] if first else pa.schema([])


def _lost(file: InputFile, first: int, end: int) -> Iterator[Rejected]:
    """The rows from one on to the end of its row group, which cannot be read, one by one unless they are too many."""
    if end - first > _MOST_LOST:
        yield Rejected(file.uri, first, f"damaged Parquet: {UNREAD}")
        return
    for row in range(first, max(end, first + 1)):
        yield Rejected(file.uri, row, "damaged Parquet: the row cannot be read")


def _column_type(schema: pa.Schema, name: str) -> pa.DataType | None:
    """The type of a column, or of the field of a struct at a path; None without one."""
    if name in schema.names:
        return schema.field(name).type
    first, dot, rest = name.partition(".")
    if not dot or first not in schema.names or not pa.types.is_struct(schema.field(first).type):
        return None
    return _column_type(pa.schema(list(schema.field(first).type)), rest)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name in batch.schema.names:
        return batch.column(name)
    first, _, rest = name.partition(".")
    array = batch.column(first)
    inner = pa.RecordBatch.from_arrays(array.flatten(), names=[field.name for field in array.type])
    return _column(inner, rest)


def _names(schema: pa.Schema, file: InputFile, options: ReadOptions) -> list[str]:
    """The fields that exist: columns, requested paths, columns from folders."""
    requested = (options.id_field, options.text_field, options.title_field, *options.keep_fields)
    paths = [name for name in requested if name and name not in schema.names and _column_type(schema, name) is not None]
    folders = [name for name in fields.folder_columns(file.uri) if name not in schema.names]
    return [*schema.names, *dict.fromkeys(paths), *folders]


def _nested(schema: pa.Schema) -> list[str]:
    structs = [column for column in schema if pa.types.is_struct(column.type)]
    return [f"{column.name}.{field.name}" for column in structs for field in column.type][:20]


def _records(
    batch: pa.RecordBatch, names: Sequence[str], file: InputFile, first: int, options: ReadOptions
) -> Iterator[Record]:
    columns = {name: _values(_column(batch, name)) for name in names}
    folders = {name: [value] * batch.num_rows for name, value in fields.folder_columns(file.uri).items()}
    columns = {**folders, **columns}
    texts = columns[fields.text_field(options)]
    titles = columns[options.title_field] if options.title_field else [None] * batch.num_rows
    ids = columns[options.id_field] if options.id_field else [None] * batch.num_rows
    for place, text in enumerate(texts):
        row = first + place
        kept = {name: columns[name][place] for name in options.keep_fields}
        try:
            marks = [_marker(value) for value in (text, titles[place], ids[place], *kept.values())]
            if _NOT_UTF8 in marks:
                raise UnfitRecordError("not valid UTF-8")
            if _NO_DATE in marks:
                raise UnfitRecordError("a date or time outside of the calendar's years")
            if text is not None and len(text) > LARGEST_RECORD:
                raise UnfitRecordError(f"a text of more than {LARGEST_RECORD} characters")
            content = fields.with_title(titles[place], text.decode() if isinstance(text, bytes) else text, options)
            yield Parsed(file.uri, row, Document(fields.document_id(ids[place], file, row), content, kept))
        except UnicodeDecodeError as error:
            yield Rejected(file.uri, row, f"the text is not valid UTF-8 at byte {error.start}")
        except UnfitRecordError as reason:
            yield Rejected(file.uri, row, str(reason))


def _marker(value: Any) -> Any:
    """`value` if it is a mark of what cannot be read; comparing kept values of some types does not give a bool."""
    return value if value is _NOT_UTF8 or value is _NO_DATE else None


def _values(column: pa.Array) -> list[Any]:
    """The values as Python objects that Arrow converts back to the same type without loss."""
    if pa.types.is_temporal(column.type) and getattr(column.type, "unit", None) == "ns":
        # Python's times lack nanoseconds
        column = column.cast(pa.int64())
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):  # invalid UTF-8, or a date that Python does not have
        return [_value(scalar) for scalar in column]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _NOT_UTF8
    except (ValueError, OverflowError):
        return _NO_DATE


def _require_types(options: ReadOptions, file: InputFile, schema: pa.Schema) -> None:
    """Raises UsageError where the text or the id column of a file has an unsuitable type."""
    for what, name in (("text", options.text_field), ("title", options.title_field)):
        kind = _column_type(schema, name) if name else None
        if kind is not None and not _is_text(kind):
            raise UsageError(f"{label_of(file.uri)}: the {what} column {name!r} is {kind}, expected strings")
    kind = _column_type(schema, options.id_field) if options.id_field else None
    if kind is not None and not _is_id(kind):
        raise UsageError(
            f"{label_of(file.uri)}: the id column {options.id_field!r} is {kind}, expected strings or numbers"
        )


def _is_id(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    number = any(fits(plain) for fits in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))
    return _is_string(plain) or number


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _is_string(plain) or plain in (pa.binary(), pa.large_binary())


def _is_string(kind: pa.DataType) -> bool:
    return any(fits(kind) for fits in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))

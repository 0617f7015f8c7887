"""The fields of id and text, and the checks on their values in all formats with fields."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import READING, Format, InputFile, ReadOptions
from openbioner_batch.formats.encoding import canonical
from openbioner_batch.schemas import OWN_COLUMNS

ID_NAMES = ("id", "document_id", "doc_id", "pmid", "note_id", "row_id", "record_id", "uid", "uuid", "guid")
TEXT_NAMES = (
    *("text", "note_text", "document_text", "abstract", "body", "content", "contents", "note", "notes"),
    *("transcription", "report", "passage", "sentence"),
)

_LONGEST_NAME = 60
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"

KEPT_AS_JSON = pa.schema([pa.field("kept", pa.string())])
"""The kept fields of untyped formats: one JSON object a row, so that the schema does not depend on the values."""


class UnfitRecordError(ValueError):
    """A record that cannot become a document; its message is the reason, without a quotation."""


def position_id(file: InputFile, record: int) -> str:
    """The id of a document without one: its file's whole URI and its position, which is unique and stable."""
    return f"{file.uri}:{record}"


def document_id(value: Any, file: InputFile, record: int) -> str:
    """The id of a document from the value of its id field; a missing or empty one is replaced by the position's."""
    if value is None or value == "":
        return position_id(file, record)
    if isinstance(value, float) and math.isnan(value):
        return position_id(file, record)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise UnfitRecordError(f"the id is a {_kind(value)}, expected a string or a number")
    return encodable(value, "the id")


def document_text(value: Any) -> str:
    """The text of a document from the value of its text field, unchanged."""
    if value is None:
        raise UnfitRecordError("the text is null")
    if not isinstance(value, str):
        raise UnfitRecordError(f"the text is a {_kind(value)}, expected a string")
    return encodable(value, "the text")


def with_title(title: Any, text: Any, options: ReadOptions) -> str:
    """The text of a document, under its title where options name a field for that; neither adds a line when empty."""
    if options.title_field is None:
        return document_text(text)
    parts = [_part(title, "title"), _part(text, "text")]
    if all(part is None for part in parts):
        raise UnfitRecordError("the title and the text are null")
    return encodable("\n".join(part for part in parts if part), "the text")


def _part(value: Any, what: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UnfitRecordError(f"the {what} is a {_kind(value)}, expected a string")
    return value


def value_at(record: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """The value of a field; if no field has that name, the value at the path, such as `doc.text`."""
    if name in record:
        return record[name]
    first, dot, rest = name.partition(".")
    while dot:
        if isinstance(inner := record.get(first), Mapping):
            return value_at(inner, rest, default)
        more, dot, rest = rest.partition(".")
        first = f"{first}.{more}"
    return default


@lru_cache(maxsize=1 << 10)
def folder_columns(uri: str) -> dict[str, str | None]:
    """The columns in the names of a file's folders, by Hive's layout: `year=2024/part.jsonl`."""
    folders = [part.partition("=") for part in uri.partition("::")[0].split("/")[:-1]]
    return {
        unquote(name): None if value == _HIVE_NULL else unquote(value) for name, mark, value in folders if name and mark
    }


def encodable(value: str, what: str) -> str:
    """`value` if UTF-8 can hold it; a lone surrogate is half a character, which Arrow cannot store."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitRecordError(f"{what} holds a lone surrogate") from None
    return value


def schema_of(keep_fields: Sequence[str], columns: pa.Schema) -> pa.Schema:
    """The kept columns of a format with columns of its own; others come from the files' folders, as texts."""
    own = columns.names
    return pa.schema([columns.field(name) if name in own else pa.field(name, pa.string()) for name in keep_fields])


def kept_json(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The metadata of a document of an untyped format: its kept fields, as one JSON object."""
    if not names:
        return {}
    kept = {name: record[name] for name in names if name in record}
    try:
        value = json.dumps(kept, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise UnfitRecordError("a kept field holds a number beyond the range of a double") from None
    return {"kept": encodable(value, "a kept field")}


def text_field(options: ReadOptions) -> str:
    """The name of the text field of options that `Format.resolve` has filled in."""
    if options.text_field is None:
        raise ValueError("the text field is not known yet: read with the options that Format.resolve returns")
    return options.text_field


def choose_fields(
    options: ReadOptions,
    where: str,
    names: Sequence[str],
    ids: Collection[str] | None = None,
    texts: Collection[str] | None = None,
    nested: Sequence[str] = (),
) -> ReadOptions:
    """The options with guesses for an id and a text field that were not named.

    Args:
        options: what the user requested.
        where: the file or sample, for messages.
        names: the existing fields.
        ids: those that can hold an id; None for all.
        texts: those that can hold a text; None for all.
        nested: paths into nested values that may be named too, for messages.

    Raises:
        UsageError: a requested field does not exist, or no field looks like the text.
    """
    require(options, where, names, nested)
    chosen_id = options.id_field or _guess(ID_NAMES, names if ids is None else ids)
    chosen_text = options.text_field or _guess(TEXT_NAMES, names if texts is None else texts)
    if chosen_text is None:
        raise UsageError(
            f"{where}: cannot determine which field holds the text. Name it with --text-field; "
            f"there are: {_listed([*names, *nested])}"
        )
    return replace(options, id_field=chosen_id, text_field=chosen_text)


def require(options: ReadOptions, where: str, names: Sequence[str], nested: Sequence[str] = ()) -> None:
    """Raises UsageError where a field that `options` names is not among `names`, or is kept twice."""
    requested = [(f"--{name.replace('_', '-')}", getattr(options, name)) for name in READING if name.endswith("field")]
    requested += [("--keep-fields", name) for name in options.keep_fields]
    for flag, name in requested:
        if name is not None and name not in names:
            raise UsageError(f"{flag}: {where} has no field {name!r}; there are: {_listed([*names, *nested])}")
        if name is not None and names.count(name) > 1:
            raise UsageError(f"{flag}: {where} has more than one field {name!r}; rename all but one")
    twice = next((name for name in options.keep_fields if options.keep_fields.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--keep-fields names {twice!r} more than once")


def refuse_collisions(keep_fields: Sequence[str]) -> None:
    """Raises UsageError where a kept column has the name of one of the output's columns."""
    for name in keep_fields:
        if name in OWN_COLUMNS:
            raise UsageError(
                f"--keep-fields: {name!r} is the name of an output column ({', '.join(OWN_COLUMNS)}); "
                "rename the column in the input, or do not keep it"
            )


def canonical_options(options: ReadOptions, reader: Format) -> ReadOptions:
    """The options under canonical names; refuses those that a format does not have.

    Raises:
        UsageError: the format lacks an option; names it and the remedy.
    """
    for name in READING:
        value, flag = getattr(options, name), f"--{name.replace('_', '-')}"
        if value is not None and name not in reader.takes:
            what = "fields to choose from" if name.endswith("field") else f"choice of {name}"
            raise UsageError(f"{flag} {value}: the format {reader.name} has no {what}; leave it out")
    return replace(options, encoding=canonical(options.encoding) if options.encoding else None)


def _listed(names: Sequence[str]) -> str:
    """Names for a message, unless they look like values: a table without a header line has its first record there.

    Names do not contain what `repr` would escape, and a message is one line.
    """
    if any(len(name) > _LONGEST_NAME or not name.isprintable() for name in names):
        return "some that look like values (is the first line a header?)"
    return ", ".join(names)


def _guess(candidates: Sequence[str], names: Collection[str]) -> str | None:
    by_lower = {name.lower(): name for name in reversed(list(names))}
    return next((by_lower[name] for name in candidates if name in by_lower), None)


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "list", bool: "boolean", int: "number", float: "number", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)

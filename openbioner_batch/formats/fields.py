"""Which field holds what, and the checks that every field-based format makes on a value."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile, ReadOptions

ID_NAMES = ("id", "document_id", "doc_id", "pmid", "note_id", "row_id", "record_id", "uid", "uuid", "guid")
TEXT_NAMES = (
    *("text", "note_text", "document_text", "abstract", "body", "content", "contents", "note", "notes"),
    *("transcription", "report", "passage", "sentence"),
)
OWN_COLUMNS = ("document_id", "source", "record", "spans", "windows", "text")

_LONGEST_NAME = 60

KEPT_AS_JSON = pa.schema([pa.field("kept", pa.string())])
"""What untyped formats keep: one JSON object a row, so that the schema does not hang on the values met."""


class UnfitRecordError(ValueError):
    """A record that cannot become a document; its message is the reason and quotes nothing of it."""


def position_id(file: InputFile, record: int) -> str:
    """The id of a document that brings none: its file's whole URI and its position, so unique and stable."""
    return f"{file.uri}:{record}"


def document_id(value: Any, file: InputFile, record: int) -> str:
    """The id of a document from the value of its id field; a missing or empty one becomes that of the position."""
    if value is None or value == "":
        return position_id(file, record)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise UnfitRecordError(f"the id is a {_kind(value)}, expected a string or an integer")
    return encodable(value, "the id")


def document_text(value: Any) -> str:
    """The text of a document from the value of its text field, as it stands."""
    if value is None:
        raise UnfitRecordError("the text is null")
    if not isinstance(value, str):
        raise UnfitRecordError(f"the text is a {_kind(value)}, expected a string")
    return encodable(value, "the text")


def encodable(value: str, what: str) -> str:
    """`value` if UTF-8 can hold it; a lone surrogate is half a character, and Arrow cannot store it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitRecordError(f"{what} holds a lone surrogate") from None
    return value


def kept_json(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The metadata of a document of an untyped format: those of the kept fields that it has, as one JSON object."""
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
) -> ReadOptions:
    """The options with the id and the text field guessed where none was asked for.

    Args:
        options: what the user asked for.
        where: the file or sample, for messages.
        names: the fields that are there.
        ids: those fit to hold an id; None for all.
        texts: those fit to hold a text; None for all.

    Raises:
        UsageError: an asked field is not there, or no field looks like the text.
    """
    require(options, where, names)
    chosen_id = options.id_field or _guess(ID_NAMES, names if ids is None else ids)
    chosen_text = options.text_field or _guess(TEXT_NAMES, names if texts is None else texts)
    if chosen_text is None:
        raise UsageError(
            f"{where}: cannot tell which field holds the text. Name it with --text-field; there are: {_listed(names)}"
        )
    return replace(options, id_field=chosen_id, text_field=chosen_text)


def require(options: ReadOptions, where: str, names: Sequence[str]) -> None:
    """Raises UsageError where a field that `options` names is not among `names`, or is kept twice."""
    asked = [("--id-field", options.id_field), ("--text-field", options.text_field)]
    asked += [("--keep-fields", name) for name in options.keep_fields]
    for flag, name in asked:
        if name is not None and name not in names:
            raise UsageError(f"{flag}: {where} has no field {name!r}; there are: {_listed(names)}")
        if name is not None and names.count(name) > 1:
            raise UsageError(f"{flag}: {where} has more than one field {name!r}; rename all but one")
    twice = next((name for name in options.keep_fields if options.keep_fields.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--keep-fields names {twice!r} more than once")


def refuse_collisions(keep_fields: Sequence[str]) -> None:
    """Raises UsageError where a column that is kept by its own name has the name of one of the output's columns."""
    for name in keep_fields:
        if name in OWN_COLUMNS:
            raise UsageError(
                f"--keep-fields: {name!r} is the name of an output column ({', '.join(OWN_COLUMNS)}); "
                "rename the column in the input, or do not keep it"
            )


def refuse_fields(options: ReadOptions, format_name: str) -> None:
    """Raises UsageError where an id or a text field is asked of a format that has no choice of them."""
    for flag, name in (("--id-field", options.id_field), ("--text-field", options.text_field)):
        if name is not None:
            raise UsageError(f"{flag} {name}: the format {format_name} has no fields to choose from; leave it out")


def _listed(names: Sequence[str]) -> str:
    """Names for a message, unless they are values: a table without a header line has those of its first record there.

    What `repr` would escape is no part of a name, and a message is one line.
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

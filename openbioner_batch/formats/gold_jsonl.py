"""JSON with gold spans: `{"id": ..., "text": ..., "spans": [[start, end, type], ...]}` a line, or in an array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.byte_lines import pieces_of
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.fields import encodable
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.formats.json_values import HEAD_BYTES, MalformedValue, holds_values, json_values
from openbioner_batch.formats.storage import open_input
from openbioner_batch.records import Span


def read_gold_jsonl(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a file in order, plain or packed: an object a line, an array of them, or over several lines.

    A span is `[start, end, type]` or an object with `start`, `end` and `type` (or `label`); offsets are half-open
    code points. An object without an `id` gets the number of its line or value.

    Raises:
        UsageError: the file cannot be read, or a line is malformed (the message names file and line, never the text).
    """
    path = Path(path)
    unit = "value" if _holds_values(path) else "line"
    for number, found in gold_values(path):
        try:
            yield gold_document(found, number)
        except ValueError as error:
            raise UsageError(f"{path}, {unit} {number}: {error}") from None


def gold_values(path: Path) -> Iterator[tuple[int, Any]]:
    """The objects of such a file with the numbers of their lines or values; `MalformedValue` for what is not JSON.

    Raises:
        UsageError: the file cannot be read.
    """
    yield from _values(path) if _holds_values(path) else _lines(path)


def _holds_values(path: Path) -> bool:
    try:
        with open_input(InputFile(str(path), 0, "")) as stream:
            return holds_values(stream.read(HEAD_BYTES))
    except (OSError, BrokenStreamError):
        return False  # reading its lines reports what is wrong


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    with open_input(InputFile(str(path), 0, "")) as stream:
        yield from enumerate((value for _, value in json_values(pieces_of(stream))), start=1)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in numbered_lines(path):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, MalformedValue("not JSON")


def gold_document(raw: Any, number: int) -> GoldDocument:
    """The document of one object of such a file.

    Raises:
        ValueError: it is malformed.
    """
    if isinstance(raw, MalformedValue):
        raise ValueError(raw.reason)
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str) or not isinstance(raw.get("spans"), list):
        raise ValueError('expected an object with "text" and a list of "spans"')
    text = encodable(raw["text"], "the text")
    return GoldDocument(str(raw.get("id", number)), text, tuple(_span(text, item) for item in raw["spans"]))


def _span(text: str, item: Any) -> Span:
    if isinstance(item, dict):
        item = [item.get("start"), item.get("end"), item.get("type", item.get("label"))]
    if not isinstance(item, list) or len(item) < 3:
        raise ValueError("a span is neither [start, end, type] nor an object of these")
    start, end, kind = item[:3]
    numbers = all(isinstance(place, int) and not isinstance(place, bool) for place in (start, end))
    if not (numbers and isinstance(kind, str) and kind):
        raise ValueError("a span's offsets are not whole numbers, or its type is not text")
    return gold_span(text, start, end, kind)

"""JSONL with gold spans: `{"id": ..., "text": ..., "spans": [[start, end, type], ...]}` a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.records import Span


def read_gold_jsonl(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a file in order, plain or `.gz`.

    A span is `[start, end, type]` or an object with `start`, `end` and `type` (or `label`); offsets are half-open
    code points. A line without an `id` is called by its number.

    Raises:
        UsageError: the file cannot be read, or a line is malformed (the message names file and line, never the text).
    """
    for number, line in numbered_lines(Path(path)):
        if not line.strip():
            continue
        try:
            yield _document(line, number)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}") from None


def _document(line: str, number: int) -> GoldDocument:
    try:
        raw = json.loads(line)
    except ValueError:
        raise ValueError("not JSON") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str) or not isinstance(raw.get("spans"), list):
        raise ValueError('expected an object with "text" and a list of "spans"')
    return GoldDocument(
        str(raw.get("id", number)), raw["text"], tuple(_span(raw["text"], item) for item in raw["spans"])
    )


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

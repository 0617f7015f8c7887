"""brat's standoff format: a text in `NAME.txt`, its mentions in `NAME.ann` beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.records import Span

_PLACE = re.compile(r"(?P<type>\S+) (?P<parts>\d+ \d+(?:;\d+ \d+)*)")


def read_brat(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a folder and its subfolders in the order of their names, or that of one `.ann` file.

    Lines that are no text-bound annotation (`T...`) are passed over. A mention of several parts is one span where only
    white space stands between them (brat cuts at line breaks); else it is discontinuous: counted, left out.

    Raises:
        UsageError: nothing is there, a text is missing, or a line is malformed (the message names file and line, never
            the text).
    """
    path = Path(path)
    files = sorted(path.rglob("*.ann")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no .ann files; expected brat's pairs of NAME.txt and NAME.ann")
    for file in files:
        name = str(file.relative_to(path).with_suffix("")) if path.is_dir() else file.stem
        yield _read_document(file, name)


def _read_document(file: Path, name: str) -> GoldDocument:
    text = _read_text(file.with_suffix(".txt"))
    spans: list[Span] = []
    discontinuous = 0
    for number, line in numbered_lines(file):
        if not line.startswith("T"):
            continue
        try:
            span = _span(text, line)
        except ValueError as error:
            raise UsageError(f"{file}, line {number}: {error}") from None
        if span:
            spans.append(span)
        else:
            discontinuous += 1
    return GoldDocument(name, text, tuple(spans), discontinuous)


def _span(text: str, line: str) -> Span | None:
    """The span of a line; None for a discontinuous one."""
    columns = line.split("\t")
    place = _PLACE.fullmatch(columns[1]) if len(columns) >= 2 else None
    if not place:
        raise ValueError("expected ID<TAB>type start end<TAB>mention")
    parts = [tuple(map(int, part.split())) for part in place["parts"].split(";")]
    for start, end in parts:
        gold_span(text, start, end, place["type"])
    if any(low > high or text[low:high].strip() for (_, low), (high, _) in pairwise(parts)):
        return None
    # Where brat cut at a line break, the mention is the parts joined by spaces, however wide the gap.
    mention = columns[2] if len(columns) > 2 and len(parts) == 1 else None
    return gold_span(text, parts[0][0], parts[-1][1], place["type"], mention)


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error.reason}); convert it first") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.__class__.__name__}; brat wants it beside its .ann") from None

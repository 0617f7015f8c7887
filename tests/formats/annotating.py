"""Annotated documents for the tests of writers, as rows of a run: `from formats.annotating import rows_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from openbioner_batch.formats.pubmed import COLUMNS
from openbioner_batch.formats.writing import Origin
from openbioner_batch.records import Span
from openbioner_batch.schemas import annotations_schema

ORIGIN = Origin("openbioner_batch 0, model m", date(2026, 1, 31), 10)
TYPES = ("drug", "cell type", "gene/protein", "病気")
PIECES = (
    "aspirin",
    "p53",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    ". The",
    "α-actin",
    "😀",
    "\x85",
    "\u2028",
    "\x0b",
    "|t|",
    "-",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=20).map("".join)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    """A text and spans in it, which may nest and overlap; none begins or ends with white space."""
    text = draw(TEXTS)
    found = {}
    for _ in range(draw(st.integers(0, 6)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        kind = draw(st.sampled_from(TYPES))
        if start < end:
            score = float(str(pa.scalar(draw(st.floats(0.5, 1)), pa.float32())))
            found[start, end, kind] = Span(start, end, kind, score, text[start:end])
    return text, tuple(found[key] for key in sorted(found))


def rows_of(
    documents: Sequence[tuple[str, Sequence[Span]]],
    ids: Sequence[str] = (),
    kept: pa.Schema | None = None,
    metadata: Sequence[dict[str, Any]] = (),
    include_text: bool = True,
    extras: Sequence[str] = (),
) -> pa.Table:
    """Rows as `annotate` writes them, their spans with these fields of `EXTRAS`."""
    rows = []
    for number, (text, spans) in enumerate(documents):
        row: dict[str, Any] = {"document_id": ids[number] if ids else f"doc-{number}", "source": "in.xml"}
        row |= {"record": number, "spans": [asdict(span) for span in spans], "windows": 1, "text": text}
        rows.append(row | (metadata[number] if metadata else {}))
    return pa.Table.from_pylist(rows, annotations_schema(kept or pa.schema([]), include_text, extras))


def titled(text: str) -> tuple[pa.Schema, dict[str, Any]]:
    """The kept column `sections` of a text whose first line is its title."""
    end = text.find("\n") if "\n" in text else len(text)
    sections = [{"label": "TITLE", "start": 0, "end": end}, {"label": "ABSTRACT", "start": end + 1, "end": len(text)}]
    return pa.schema([COLUMNS.field("sections")]), {
        "sections": [part for part in sections if part["start"] < part["end"]]
    }

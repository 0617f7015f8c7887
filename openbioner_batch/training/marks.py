"""Texts with hand-written marks: `[words](label)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARK = re.compile(r"\[([^\[\]]+)\]\(([^()]*)\)")

Marked = tuple[int, int, str]
"""Start and end of a mark's words, half-open code points of the text without marks, and its label."""


def marked_pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """The pieces of a text, one after another: words with their label, and None for the text between marks."""
    at = 0
    for mark in _MARK.finditer(text):
        yield text[at : mark.start()], None
        yield mark[1], mark[2]
        at = mark.end()
    yield text[at:], None


def read_marks(text: str) -> tuple[str, list[Marked]]:
    """A text without its marks, and the marks, in order."""
    plain, marks = "", []
    for piece, label in marked_pieces(text):
        if label is not None:
            marks.append((len(plain), len(plain) + len(piece), label))
        plain += piece
    return plain, marks

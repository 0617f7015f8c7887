"""Documents with gold spans, and the common parts of their readers: numbered lines, and checked spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.encoding import UTF16_HINT
from openbioner_batch.formats.lines import UnreadableLine, decoded_lines
from openbioner_batch.records import Span

_WHITE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A raw text with its gold spans (score 1), which may overlap or nest."""

    id: str
    text: str
    spans: tuple[Span, ...]
    discontinuous: int = 0
    """How many mentions have several separate parts; they are not in `spans`, which are contiguous."""


def gold_span(text: str, start: int, end: int, kind: str, mention: str | None = None) -> Span:
    """A gold span at half-open code-point offsets.

    Args:
        text: the document.
        start: first code point.
        end: code point after the last.
        kind: the corpus's own label.
        mention: the mention's text in the corpus, if given; all runs of white space are equal.

    Raises:
        ValueError: the offsets are outside the text, or the text there differs; quotes neither.
    """
    if not 0 <= start < end <= len(text):
        raise ValueError(f"[{start}, {end}) does not lie in a text of {len(text)} characters")
    if mention is not None and _WHITE.sub(" ", text[start:end]) != _WHITE.sub(" ", mention):
        raise ValueError(f"[{start}, {end}) of the text is not the mention that the line gives")
    return Span(start, end, kind, 1.0, text[start:end])


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, plain or packed, from 1, without their ends (see `decoded_lines`).

    Raises:
        UsageError: the file cannot be read or is not UTF-8.
    """
    try:
        for number, line in decoded_lines(InputFile(str(path), path.stat().st_size, "")):
            if isinstance(line, UnreadableLine):
                reason = line.reason.replace(UTF16_HINT, ": it is UTF-16, convert it to UTF-8 first")
                raise UsageError(f"cannot read {path}: {reason}")
            yield number, line
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.__class__.__name__}; expected a file, plain or packed") from None

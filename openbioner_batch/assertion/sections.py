"""The sections of a document: by the headers in its text, or by labels that its source gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.assertion.headers import Headers, normalise

_LONGEST_HEADER = 80
# What may stand between a header within a line and the text before it.
_SEGMENT = re.compile(r"[.!?;:,|\n]|\s{2}|\*\*")
_DASH = re.compile(r"[ \t]*([^\W\d_][^\n:]{0,40}?)[ \t]+[-–—][ \t]")
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")
_CAPITALS = re.compile(r"[ \t#*]*[A-Z][A-Z /&'()-]{3,60}:?[ \t*]*\r?\Z")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document below a header."""

    kind: str | None
    """None below a header that is not known."""
    start: int
    """Where its header begins, or the part itself where a label names it."""
    end: int
    reach: int
    """Where it ends at the latest to set flags of mentions: a header with text on its line speaks for its paragraph."""


class SectionFinder:
    """Finds sections of notes and abstracts."""

    def __init__(self, headers: Headers) -> None:
        self._kinds = dict(headers.kinds)

    def find(self, text: str) -> list[Section]:
        """The sections that the headers in a text begin, in order; what stands before the first is in none."""
        starts: dict[int, tuple[str | None, int]] = {}
        line_start, after_empty = 0, True
        for line in text.splitlines(keepends=True):
            for offset, kind, after in self._headers_of(line, after_empty):
                starts.setdefault(line_start + offset, (kind, line_start + after))
            after_empty = not line.strip()
            line_start += len(line)
        ordered = sorted(starts.items())
        ends = [*(start for start, _ in ordered), len(text)][1:]
        return [
            Section(kind, start, end, _reach(text, after, end))
            for (start, (kind, after)), end in zip(ordered, ends, strict=True)
        ]

    def labelled(self, labels: Sequence[Mapping[str, Any]]) -> list[Section]:
        """The sections that a source gives with the text, such as PubMed's.

        Args:
            labels: `label`, `start` and `end` of each, in order. A label that is no known header is its own kind.
        """
        found = []
        for part in labels:
            header = normalise(part["label"] or "")
            kind = self._kinds.get(header, header.replace(" ", "_")) or None
            found.append(Section(kind, part["start"], part["end"], part["end"]))
        return found

    def _headers_of(self, line: str, after_empty: bool) -> list[tuple[int, str | None, int]]:
        """Offset, kind and end of each header in a line."""
        found: list[tuple[int, str | None, int]] = []
        body = line.strip()
        indent = len(line) - len(line.lstrip())
        if not body:
            return found
        is_alone = ":" not in body and len(body) <= _LONGEST_HEADER and _begins_like_header(body)
        if is_alone and (kind := self._kinds.get(normalise(body))) is not None:
            return [(indent, kind, len(line))]
        if (dash := _DASH.match(line)) and (kind := self._kinds.get(normalise(dash[1]))) is not None:
            found.append((indent, kind, dash.end()))
        colon = line.find(":")
        while colon >= 0:
            if (header := self._before_colon(line, colon)) is not None:
                found.append((*header, colon + 1))
            colon = line.find(":", colon + 1)
        if not found and after_empty and _CAPITALS.match(line):
            found.append((indent, None, len(line)))
        return found

    def _before_colon(self, line: str, colon: int) -> tuple[int, str] | None:
        """Where the header before a colon begins, and its kind: all of the line, or what follows the last mark."""
        if colon <= _LONGEST_HEADER and (kind := self._kinds.get(normalise(line[:colon]))) is not None:
            return len(line) - len(line.lstrip()), kind
        low = max(0, colon - _LONGEST_HEADER)
        window = line[low:colon].rstrip(" \t*")
        start = max((match.end() for match in _SEGMENT.finditer(window)), default=0)
        header = window[start:]
        if low + start == 0 or len(header.strip()) < 2 or not _begins_like_header(header.strip()):
            return None
        kind = self._kinds.get(normalise(header))
        return None if kind is None else (low + start + len(header) - len(header.lstrip()), kind)


def _begins_like_header(text: str) -> bool:
    first = next((character for character in text if character.isalpha()), "")
    return first.isupper()


def _reach(text: str, after: int, end: int) -> int:
    """Where a section no longer sets flags: at the first empty line if text stands on the line of its header."""
    line_end = text.find("\n", after)
    rest = text[after : end if line_end < 0 else line_end]
    if not rest.strip(" \t\r,;*-"):
        return end
    empty = _EMPTY_LINE.search(text, after, end)
    return empty.start() if empty else end

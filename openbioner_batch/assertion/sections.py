"""The sections of a document: by the headers in its text, or by labels that its source gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.assertion.headers import Headers, kind_of_header, normalise_header
from openbioner_batch.assertion.lists import bullet, is_item

_LONGEST_HEADER = 80
_SHORT = 2
_BEFORE_HEADERS = "#*-•–—([_=>"
_MEASURED = re.compile(r"\s*\d+(?:[./]\d+)?\s*(?:\Z|[,;|%/]|bpm|[A-Za-z]{1,4}[0-9]?:)")
"""A number that is a vital sign: "P: 80, R: 12"."""
_PRESENT = re.compile(
    r"\s*(?:the |this )?(?:patient|pt\.?|he|she|(?:mr|mrs|ms|miss)\.? \w+) (?:also |now |currently |today )*"
    r"(?:has|is|presents|denies|reports|complains|states|appears|feels|continues|remains|endorses|notes|describes)\b",
    re.IGNORECASE,
)
# What may stand between a header within a line and the text before it.
_SEGMENT = re.compile(r"[.!?;:,|\n]|\s{2}|\*\*")
_DASH = re.compile(r"[ \t]*([^\W\d_][^\n:]{0,40}?)[ \t]+[-–—][ \t]")
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")
_CAPITALS = re.compile(r"[ \t#*]*[A-Z][A-Z /&'()-]{3,60}:?[ \t*]*\r?\Z")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document below a header."""

    kind: str | None
    """None below an unknown header."""
    start: int
    """Where its header begins, or the part itself where a label names it."""
    end: int
    reach: int
    """Where it ends at the latest to set flags of mentions: a header with text on its line applies to its paragraph."""


class SectionFinder:
    """Finds sections of notes and abstracts."""

    def __init__(self, headers: Headers) -> None:
        self._kinds = dict(headers.kinds)

    def find(self, text: str) -> list[Section]:
        """The sections that the headers in a text begin, in order; text before the first is in no section."""
        starts: dict[int, tuple[str | None, int]] = {}
        line_start, after_empty = 0, True
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            for offset, kind, after in self._headers_of(lines, number, after_empty):
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
            labels: `label`, `start` and `end` of each, in order. The kind of an unknown label is the label itself.
        """
        found = []
        for part in labels:
            header = normalise_header(part["label"] or "")
            kind = self._kinds.get(header, header.replace(" ", "_")) or None
            found.append(Section(kind, part["start"], part["end"], part["end"]))
        return found

    def _headers_of(self, lines: Sequence[str], number: int, after_empty: bool) -> list[tuple[int, str | None, int]]:
        """Offset, kind and end of each header in a line."""
        found: list[tuple[int, str | None, int]] = []
        line = lines[number]
        body = line.strip()
        indent = len(line) - len(line.lstrip())
        if not body:
            return found
        is_alone = ":" not in body and len(body) <= _LONGEST_HEADER and _begins_like_header(body)
        if is_alone and (kind := self._kind(body)) is not None and _is_header(lines, number, after_empty):
            return [(indent, kind, len(line))]
        dash = _DASH.match(line)
        if dash and (kind := self._kind(dash[1])) is not None and (after_empty or not _is_short(dash[1])):
            found.append((indent, kind, dash.end()))
        colon = line.find(":")
        while colon >= 0:
            if (header := self._before_colon(lines, number, colon)) is not None:
                found.append((*header, colon + 1))
            colon = line.find(":", colon + 1)
        if not found and after_empty and _CAPITALS.match(line):
            found.append((indent, None, len(line)))
        return found

    def _before_colon(self, lines: Sequence[str], number: int, colon: int) -> tuple[int, str] | None:
        """Where the header before a colon begins, and its kind: all of the line, or what follows the last mark."""
        line = lines[number]
        if colon <= _LONGEST_HEADER and (kind := self._kind(line[:colon])) is not None:
            if _is_short(line[:colon]) and (_MEASURED.match(line, colon + 1) or self._is_listed(lines, number)):
                return None
            return len(line) - len(line.lstrip()), kind
        low = max(0, colon - _LONGEST_HEADER)
        window = line[low:colon].rstrip(" \t*")
        start = max((match.end() for match in _SEGMENT.finditer(window)), default=0)
        header = window[start:]
        if low + start == 0 or len(header.strip()) < 2 or not _begins_like_header(header.strip()):
            return None
        kind = self._kind(header)
        return None if kind is None else (low + start + len(header) - len(header.lstrip()), kind)

    def _kind(self, header: str) -> str | None:
        return kind_of_header(normalise_header(header), self._kinds)

    def _is_listed(self, lines: Sequence[str], number: int) -> bool:
        """Whether a line is an item of a list and no item beside it is a header: "2. PE: on heparin"."""
        items = _items_beside(lines, number)
        return bullet(lines[number]) is not None and not any(self._kind(item.partition(":")[0]) for item in items)


def _is_header(lines: Sequence[str], number: int, after_empty: bool) -> bool:
    """Whether a known header on a line of its own, without a colon, is one, and not a finding of the same name."""
    body = lines[number].strip()
    if bullet(lines[number]) is not None:
        return not _is_short(body) and not _items_beside(lines, number)
    if not _is_short(body):
        return True
    following = next((line for line in lines[number + 1 :] if line.strip()), None)
    if following is None:
        return False
    # "Pneumonia\nPE\nHypertension": a short line between short lines.
    below = lines[number + 1]
    return after_empty or bullet(below) is not None or (bool(below.strip()) and not is_item(below.strip()))


def _is_short(header: str) -> bool:
    """Whether a header is an abbreviation that may be a finding's too, such as PE or P."""
    words = normalise_header(header)
    return words.isalpha() and len(words) <= _SHORT


def _items_beside(lines: Sequence[str], number: int) -> list[str]:
    """The lines before and after one, empty ones aside, that are items of the same list."""
    mark = bullet(lines[number])
    before = next((line for line in reversed(lines[:number]) if line.strip()), "")
    after = next((line for line in lines[number + 1 :] if line.strip()), "")
    return [line for line in (before, after) if mark is not None and bullet(line) == mark]


def _begins_like_header(text: str) -> bool:
    first = next((character for character in text if character.isalpha()), "")
    return first.isupper() and (text[0].isalnum() or text[0] in _BEFORE_HEADERS)


def _reach(text: str, after: int, end: int) -> int:
    """Where a section no longer sets flags.

    At the first empty line if text stands on the line of its header; if a list stands below it, before the paragraph
    that goes on about the patient in the present.
    """
    line_end = text.find("\n", after)
    rest = text[after : end if line_end < 0 else line_end]
    if rest.strip(" \t\r,;*-"):
        empty = _EMPTY_LINE.search(text, after, end)
        return empty.start() if empty else end
    begin = len(text) - len(text[after:].lstrip())
    for number, empty in enumerate(_EMPTY_LINE.finditer(text, begin, end)):
        if number == 0 and not _is_list(text[begin : empty.start()]):
            return end
        if _PRESENT.match(text, empty.end(), end):
            return empty.start()
    return end


def _is_list(text: str) -> bool:
    return all(bullet(line) is not None or is_item(line.strip()) for line in text.splitlines())

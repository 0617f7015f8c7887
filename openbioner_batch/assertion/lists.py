"""Finds sentences of a document, and lists below a line that ends with a colon."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from openbioner_batch.model.sentences import sentence_starts

_HEADS_LIST = re.compile(r":[ \t]*\r?\n")
_BULLET = re.compile(r"\s*(?P<mark>[-*•‣◦·+☐☒☑✓✔□■]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|\[[ xX]?\])\s")
_MARKED_LINE = re.compile(r"\n[ \t]*(?=(?:[•‣◦·+☐☒☑✓✔□■]|\(\d{1,3}\)|\(?[a-z]\)|\[[ xX]?\])\s)")
"""Lines that begin items, beside those that `sentence_starts` knows."""
_ABBREVIATION = re.compile(r"\b(?:[Pp][Tt]s?|etc)\.\s+(?=[A-Z])")
_ABBREVIATED = ("pt. ", "pts. ", "Pt. ", "PT. ", "etc. ")
_BEFORE_PATIENTS = frozenset("per by from with to of in for this the".split())
"""Before "pt." that ends a sentence; else a name may follow."""
_LONGEST = 2000
"""The most characters of a sentence; longer ones, such as tables, are cut, so that time is linear."""
_WORDS_OF_AN_ITEM = 8
"""A line without a bullet is an item of a list if it has no more words, and does not end like a sentence."""


class Sentences:
    """The sentences of a text by number; headers of sections begin new sentences."""

    def __init__(self, text: str, section_starts: Iterable[int] = ()) -> None:
        self._text = text
        sections = set(section_starts)
        self._starts = list(_shortened(text, sorted({*_starts(text), *sections})))
        self._headers = self._lists(sections) if _HEADS_LIST.search(text) else {}

    def of(self, place: int) -> int:
        """The number of the sentence that contains a code point."""
        return bisect_right(self._starts, place) - 1

    def bounds(self, number: int) -> tuple[int, int]:
        """Start and end of a sentence, with the white space after it."""
        following = number + 1
        return self._starts[number], self._starts[following] if following < len(self._starts) else len(self._text)

    def list_header(self, number: int) -> int | None:
        """The number of the sentence with the colon before a list in which this sentence is an item; else None."""
        return self._headers.get(number)

    def _lists(self, sections: set[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for number in range(1, len(self._starts)):
            start, end = self.bounds(number)
            if start in sections:
                continue
            before = self._text[slice(*self.bounds(number - 1))]
            after_blank_line = before.count("\n", len(before.rstrip())) > 1
            line = self._text[start:end].rstrip()
            has_bullet = bullet(line) is not None
            if after_blank_line and not has_bullet:
                continue
            if before.rstrip().endswith(":") and "\n" in before[len(before.rstrip()) :]:
                header: int | None = number - 1
            else:
                header = found.get(number - 1)
            if header is not None and (has_bullet or is_item(line)):
                found[number] = header
        return found


def _shortened(text: str, starts: list[int]) -> Iterator[int]:
    """The starts of sentences, and of the pieces of those that are too long, cut at spaces where there are some."""
    for start, end in pairwise([*starts, len(text)]):
        yield start
        while end - start > _LONGEST:
            start = text.rfind(" ", start, start + _LONGEST) + 1 or start + _LONGEST
            yield start


def _starts(text: str) -> Iterator[int]:
    """Where sentences begin: as windows have it, and what these do not need to tell apart."""
    for start in sentence_starts(text):
        # "? Pulmonary embolism": a mark with a space before it ends no question.
        if start < 2 or text[start - 2] != "?" or (start > 2 and not text[start - 3].isspace()):
            yield start
    for match in _MARKED_LINE.finditer(text):
        yield match.end()
    if any(word in text for word in _ABBREVIATED):
        for match in _ABBREVIATION.finditer(text):
            before = text[max(0, match.start() - 8) : match.start()].split()
            if match[0].startswith("etc") or (before and before[-1].lower() in _BEFORE_PATIENTS):
                yield match.end()


def bullet(line: str) -> str | None:
    """The bullet of a line: its mark, with 0 for a number and a for a letter; None where it has none."""
    if (match := _BULLET.match(line + " ")) is None:
        return None
    mark = match["mark"]
    return re.sub(r"\d+", "0", mark) if any(map(str.isdigit, mark)) else re.sub(r"[A-Za-z]", "a", mark)


def is_item(line: str) -> bool:
    """Whether a line without a bullet is short enough for an item, and does not end like a sentence."""
    return not line.endswith((".", ":")) and line.count(" ") < _WORDS_OF_AN_ITEM

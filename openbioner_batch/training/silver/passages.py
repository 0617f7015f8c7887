"""Cuts documents of any format into passages of whole sentences, up to a number of words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import pyarrow as pa

from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.records import Document, Parsed, Record, Rejected

START = pa.field("start", pa.int64(), nullable=False)
"""The column with a passage's start in its document, in code points."""
NO_WORDS = "the text has no words"
_WORD = re.compile(r"\S+")
_LETTER = re.compile(r"[^\W\d_]")


class PassageFormat(Format):
    """A format that gives passages as documents, each with its document's id and its `start` as metadata.

    Args:
        inner: the format of the files.
        words: the most words of a passage.
    """

    def __init__(self, inner: Format, words: int) -> None:
        self._inner = inner
        self._words = words
        self.name = inner.name
        self.suffixes = inner.suffixes

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        """The passages of each record; a record without words is rejected."""
        for record in self._inner.read(split, options):
            if not isinstance(record, Parsed):
                yield record
                continue
            document, empty = record.document, True
            for start, end in passage_bounds(document.text, self._words):
                empty = False
                passage = Document(document.id, document.text[start:end], {START.name: start})
                yield Parsed(record.source, record.record, passage)
            if empty:
                yield Rejected(record.source, record.record, NO_WORDS)

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """The splits of the inner format."""
        return self._inner.splits(files)

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """The options as the inner format resolves them."""
        return self._inner.resolve(files, options)

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        """Only the passage's start."""
        return pa.schema([START])


def passage_bounds(text: str, words: int) -> Iterator[tuple[int, int]]:
    """The ranges of a text's passages: half-open, in order, without white space at their ends.

    A passage holds as many whole sentences as have at most `words` words together; a longer sentence is cut at words.
    Passages without letters are left out.
    """
    pieces = [piece for bounds in _sentences(text) for piece in _cut_long(text, bounds, words)]
    run: list[tuple[int, int]] = []
    taken = 0
    for start, end, size in pieces:
        if run and taken + size > words:
            yield from _trimmed(text, run[0][0], run[-1][1])
            run, taken = [], 0
        run.append((start, end))
        taken += size
    if run:
        yield from _trimmed(text, run[0][0], run[-1][1])


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    return itertools.pairwise([*sentence_starts(text), len(text)])


def _cut_long(text: str, bounds: tuple[int, int], words: int) -> Iterator[tuple[int, int, int]]:
    """A sentence as parts of at most `words` words: start, end, number of words."""
    starts = [match.start() for match in _WORD.finditer(text, *bounds)]
    if len(starts) <= words:
        yield (*bounds, len(starts))
        return
    firsts = [bounds[0], *starts[words::words]]
    for number, (start, end) in enumerate(itertools.pairwise([*firsts, bounds[1]])):
        yield start, end, min(words, len(starts) - number * words)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    passage = text[start:end]
    if _LETTER.search(passage):
        yield start + len(passage) - len(passage.lstrip()), end - len(passage) + len(passage.rstrip())

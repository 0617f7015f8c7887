"""PubTator: `PMID|t|title`, `PMID|a|abstract`, then a tab-separated line for each mention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.records import Span

_PART = re.compile(r"(?P<id>[^|\t]+)\|(?P<part>[ta])\|(?P<text>.*)", re.DOTALL)
_NUMBER = re.compile(r"\d+")
_NUMBERS = re.compile(r"\d+([,;]\d+)+")


@dataclass(slots=True)
class _Draft:
    id: str
    parts: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    discontinuous: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.parts)

    def add(self, columns: list[str]) -> None:
        """Take a line of `id, start, end, mention, type, ...`; one without offsets is a relation and is passed over."""
        if columns[0] != self.id:
            raise ValueError("the line belongs to another document; expected a blank line between documents")
        if len(columns) > 4 and _NUMBERS.fullmatch(columns[1]):
            self.discontinuous += 1
        elif len(columns) > 4 and _NUMBER.fullmatch(columns[1]) and _NUMBER.fullmatch(columns[2]):
            if not columns[4]:
                raise ValueError("the fifth column is empty; expected a type")
            self.spans.append(gold_span(self.text, int(columns[1]), int(columns[2]), columns[4], columns[3]))
        elif len(columns) < 3 or _NUMBER.fullmatch(columns[1]):
            raise ValueError("expected ID<TAB>start<TAB>end<TAB>mention<TAB>type")

    def document(self) -> GoldDocument:
        return GoldDocument(self.id, self.text, tuple(self.spans), self.discontinuous)


def read_pubtator(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a PubTator file in order, plain or `.gz`.

    The text is the title, a line feed and the abstract, which is where the format's offsets count. Lines of
    relations are passed over. A mention whose offsets are lists (`10,25`) is discontinuous: counted, left out.

    Raises:
        UsageError: the file cannot be read, or a line is malformed (the message names file and line, never the text).
    """
    draft: _Draft | None = None
    for number, line in numbered_lines(Path(path)):
        try:
            if not line.strip():
                if draft:
                    yield draft.document()
                draft = None
            elif match := _PART.fullmatch(line):
                if draft and (draft.id != match["id"] or match["part"] == "t"):
                    yield draft.document()
                    draft = None
                draft = draft or _Draft(match["id"])
                draft.parts.append(match["text"])
            elif draft is None:
                raise ValueError("expected ID|t|title")
            else:
                draft.add(line.split("\t"))
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}") from None
    if draft:
        yield draft.document()

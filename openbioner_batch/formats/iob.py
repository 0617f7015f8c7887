"""Corpora of tokens with IOB tags: one `token<TAB>tag` a line, a blank line after each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.gold import numbered_lines
from openbioner_batch.records import Span

_DOCUMENT_START = "-DOCSTART-"
_PREFIXES = ("B", "I", "E", "S")
_EXPECTED = "B-<type>, I-<type>, E-<type> or S-<type>"


@dataclass(frozen=True, slots=True)
class Sentence:
    """The tokens of a sentence, the text they form joined by single spaces, and its gold spans (score 1)."""

    tokens: tuple[str, ...]
    text: str
    spans: tuple[Span, ...]
    document: int = 0
    """How many `-DOCSTART-` lines stand before it; 0 throughout where the file marks no documents."""


def chunks(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The entities of one sentence's tags, as (first token, token after the last, type).

    IOB1, IOB2 and BIOES are all read, as seqeval's default mode and CoNLL-2000's conlleval.pl do: `B-` and `S-` always
    start an entity, `I-` and `E-` start one unless they continue a `B-` or `I-` of their type.

    Args:
        tags: `O` or `B-<type>`, `I-<type>`, `E-<type>`, `S-<type>`, one a token.

    Raises:
        ValueError: a tag of another shape; the message holds the tag.
    """
    found: list[tuple[int, int, str]] = []
    open_type = ""
    for index, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if not (tag == "O" or (prefix in _PREFIXES and kind)):
            raise ValueError(f"tag {tag!r} is neither O nor {_EXPECTED}")
        if kind and kind == open_type and prefix in ("I", "E"):
            found[-1] = (found[-1][0], index + 1, kind)
        elif kind:
            found.append((index, index + 1, kind))
        open_type = kind if prefix in ("B", "I") else ""
    return found


def make_sentence(tokens: Sequence[str], tags: Sequence[str], document: int = 0) -> Sentence:
    """A sentence of tokens and their tags, with spans at code-point offsets into the joined text.

    Raises:
        ValueError: a malformed tag, or not one tag a token.
    """
    if len(tokens) != len(tags):
        raise ValueError(f"{len(tokens)} tokens but {len(tags)} tags")
    text = " ".join(tokens)
    starts = list(accumulate((len(token) + 1 for token in tokens), initial=0))
    spans = []
    for first, after, kind in chunks(tags):
        start, end = starts[first], starts[after] - 1
        spans.append(Span(start, end, kind, 1.0, text[start:end]))
    return Sentence(tuple(tokens), text, tuple(spans), document)


def read_iob(path: str | Path) -> Iterator[Sentence]:
    """The sentences of a file in order, plain or `.gz`, in UTF-8.

    A line's first column is the token and its last the tag, so CoNLL files with columns between them are read too;
    columns are parted by tabs, or by blanks in a line without a tab. `-DOCSTART-` lines begin a document.

    Raises:
        UsageError: there is no such file, or a line is malformed (the message names file and line, never the text).
    """
    tokens: list[str] = []
    tags: list[str] = []
    document = 0
    for number, line in numbered_lines(Path(path)):
        columns = line.split("\t") if "\t" in line else line.split()
        starts_document = bool(columns) and columns[0] == _DOCUMENT_START
        if not line.strip() or starts_document:
            if tokens:
                yield make_sentence(tokens, tags, document)
                tokens, tags = [], []
            document += starts_document
            continue
        if len(columns) < 2 or not columns[0]:
            raise UsageError(f"{path}, line {number}: expected token<TAB>tag, or a blank line between sentences")
        try:
            chunks(columns[-1:])
        except ValueError:
            raise UsageError(f"{path}, line {number}: the last column is neither O nor {_EXPECTED}") from None
        tokens.append(columns[0])
        tags.append(columns[-1])
    if tokens:
        yield make_sentence(tokens, tags, document)

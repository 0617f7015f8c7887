"""Corpora of tokens with IOB tags: one `token<TAB>tag` a line, a blank line after each sentence."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.records import Span

_DOCUMENT_START = "-DOCSTART-"


@dataclass(frozen=True, slots=True)
class Sentence:
    """The tokens of a sentence, the text they form joined by single spaces, and its gold spans (score 1)."""

    tokens: tuple[str, ...]
    text: str
    spans: tuple[Span, ...]


def chunks(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The entities of one sentence's tags, as (first token, token after the last, type).

    IOB1 and IOB2 are both read, as seqeval's default mode and CoNLL-2000's conlleval.pl do: `B-` always starts an
    entity, `I-` starts one after `O` or another type and else continues.

    Args:
        tags: `O`, `B-<type>` or `I-<type>`, one a token.

    Raises:
        ValueError: a tag of another shape; the message holds the tag.
    """
    found: list[tuple[int, int, str]] = []
    start, inside = 0, ""
    for index, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if not (tag == "O" or (prefix in ("B", "I") and kind)):
            raise ValueError(f"tag {tag!r} is neither O nor B-<type> nor I-<type>")
        if inside and (prefix != "I" or kind != inside):
            found.append((start, index, inside))
            inside = ""
        if kind and not inside:
            start, inside = index, kind
    if inside:
        found.append((start, len(tags), inside))
    return found


def make_sentence(tokens: Sequence[str], tags: Sequence[str]) -> Sentence:
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
    return Sentence(tuple(tokens), text, tuple(spans))


def read_iob(path: str | Path) -> Iterator[Sentence]:
    """The sentences of a file in order, plain or `.gz`, in UTF-8.

    A line's first column is the token and its last the tag, so CoNLL files with columns between them are read too;
    `-DOCSTART-` lines are passed over.

    Raises:
        UsageError: there is no such file, or a line is malformed (the message names file and line, never the text).
    """
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in _lines(Path(path)):
        columns = line.split("\t")
        if not line.strip() or columns[0] == _DOCUMENT_START:
            if tokens:
                yield make_sentence(tokens, tags)
                tokens, tags = [], []
            continue
        if len(columns) < 2 or not columns[0]:
            raise UsageError(f"{path}, line {number}: expected token<TAB>tag, or a blank line between sentences")
        try:
            chunks(columns[-1:])
        except ValueError:
            raise UsageError(f"{path}, line {number}: the last column is neither O nor B-<type> nor I-<type>") from None
        tokens.append(columns[0])
        tags.append(columns[-1])
    if tokens:
        yield make_sentence(tokens, tags)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends. Only LF and CRLF end a line: a token may hold U+0085 or U+2028."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error.reason}); convert it first") from None
    except (OSError, EOFError) as error:
        raise UsageError(f"cannot read {path}: {error.__class__.__name__}; expected a .tsv or .tsv.gz file") from None

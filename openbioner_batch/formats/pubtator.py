"""Reads and writes PubTator: `PMID|t|title`, `PMID|a|abstract`, then a tab-separated line for each mention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.annotated import ANNOTATIONS, AnnotatedFormat, document
from openbioner_batch.formats.base import ReadOptions, Split
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.formats.lines import MalformedLineError, NumberedLine, blocks, decoded_lines
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, one_line
from openbioner_batch.records import Parsed, Record, Rejected, Span

_PART = re.compile(r"(?P<id>[^|\t]+)\|(?P<part>[ta])\|(?P<text>.*)", re.DOTALL)
_ROW = re.compile(r"[^\t|]+\t(?:[0-9]+(?:[,;][0-9]+)*\t[0-9]|[^\t]*\t[^\t]*\t)")
"""The beginning of a line of an annotation or a relation, of any document."""
_NUMBER = re.compile(r"[0-9]{1,18}")
_NO_WORD = re.compile(r"[-+]?[0-9][0-9.,;]*")
"""An offset, valid or not; a relation has a word there."""
_NUMBERS = re.compile(r"[0-9]+([,;][0-9]+)+")


class PubTator(AnnotatedFormat):
    """Documents of a title, a line feed and the abstract, in which offsets count, and lines of annotations.

    A document ends where the next begins. Both texts may cover several lines, blank ones too.

    A record's position is its document's number in the file, from 0.
    """

    name = "pubtator"
    suffixes = FORMATS["pubtator"].folder_suffixes
    has_sections = True

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        for number, block in enumerate(blocks(decoded_lines(file, options.encoding), _begins, blank_ends=False)):
            try:
                gold, title = _document(block.read(), ANNOTATIONS in options.keep_fields)
                parts = [("TITLE", 0, title), ("ABSTRACT", title + 1, len(gold.text))]
                sections = [part for part in parts if part[1] < part[2]]
                yield Parsed(file.uri, number, document(gold, file, number, options, sections))
            except ValueError as error:
                yield Rejected(file.uri, number, str(error))


class PubTatorWriter(DocumentWriter):
    """The first line of a text is the title, the rest the abstract, so that offsets are those of the run.

    The format has a line for each: line breaks and tabs in a text become spaces, one for one. Scores are left out.
    """

    name = "pubtator"
    suffix = ".pubtator"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        return "".join(map(_render, documents)).encode()


def read_pubtator(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a PubTator file in order, plain or `.gz`.

    The text is the title, a line feed and the abstract, in which the format's offsets count. Lines of relations
    give no spans. A mention whose offsets are lists (`10,25`) is discontinuous: counted, but left out.

    Raises:
        UsageError: the file cannot be read, or a line is malformed (the message names file and line, never the text).
    """
    for block in blocks(numbered_lines(Path(path)), _begins, blank_ends=False):
        try:
            yield _document(block.read(), with_spans=True)[0]
        except ValueError as error:
            raise UsageError(f"{path}, {error}") from None


def _begins(before: list[NumberedLine], line: str) -> bool:
    """Whether a line is the first of a document, given those of the document before it."""
    if not before:
        return False
    match = _PART.fullmatch(line)
    if not match:
        # after its annotations and a blank line a document has ended, whatever follows
        return bool(line.strip()) and not before[-1][1].strip() and not _ROW.match(line) and _has_rows(before)
    first = _PART.fullmatch(before[0][1])
    if not first or first["id"] != match["id"]:
        return True
    # the abstract may precede the title
    return match["part"] == "t" and (first["part"] == "t" or _has_rows(before))


def _has_rows(lines: list[NumberedLine]) -> bool:
    last = next((line for _, line in reversed(lines) if line.strip()), "")
    return _ROW.match(last) is not None


def _document(lines: list[NumberedLine], with_spans: bool) -> tuple[GoldDocument, int]:
    """The document of a block of lines, and the length of its title."""
    name = ""
    parts: list[list[str]] = []
    kinds: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for number, line in lines:
        if match := _PART.fullmatch(line):
            name = match["id"]
            parts.append([match["text"]])
            kinds.append(match["part"])
        elif not parts:
            raise MalformedLineError(number, "expected ID|t|title")
        elif _ROW.match(line) or line.startswith(f"{name}\t"):
            rows.append((number, line.split("\t")))
        elif not rows:
            parts[-1].append(line)
        elif line.strip():
            raise MalformedLineError(number, "it follows annotations but is not one: expected ID<TAB>start<TAB>end")
    # an empty abstract adds no line to the text, nor do blank lines at its end
    texts = ["\n".join(part) for part in parts]
    texts[-1] = texts[-1].rstrip("\n") if len(parts[-1]) > 1 else texts[-1]
    if kinds == ["a", "t"]:
        texts.reverse()
    text = "\n".join(texts).removesuffix("\n" if len(texts) > 1 and not texts[-1] else "")
    spans: list[Span] = []
    discontinuous = 0
    for number, columns in rows if with_spans else ():
        try:
            span, in_parts = _mention(columns, name, text)
        except ValueError as error:
            raise MalformedLineError(number, str(error)) from None
        discontinuous += in_parts
        if span:
            spans.append(span)
    return GoldDocument(name, text, tuple(spans), discontinuous), len(texts[0])


def _mention(columns: list[str], name: str, text: str) -> tuple[Span | None, bool]:
    """The span of a line of `id, start, end, mention, type, ...`, and whether it has several parts.

    A line without offsets is a relation and is skipped.
    """
    if columns[0] != name:
        raise ValueError("the line belongs to another document; expected a blank line between documents")
    if len(columns) > 4 and _NUMBERS.fullmatch(columns[1]):
        return None, True
    if len(columns) > 4 and _NUMBER.fullmatch(columns[1]) and _NUMBER.fullmatch(columns[2]):
        if not columns[4]:
            raise ValueError("the fifth column is empty; expected a type")
        return gold_span(text, int(columns[1]), int(columns[2]), columns[4], columns[3]), False
    if len(columns) < 3 or _NO_WORD.fullmatch(columns[1]):
        raise ValueError("expected ID<TAB>start<TAB>end<TAB>mention<TAB>type")
    return None, False


def _render(found: OutputDocument) -> str:
    name = re.sub(r"[|\s]", "_", found.id)
    title, _, abstract = found.known_text.partition("\n")
    rows = [(name, str(s.start), str(s.end), one_line(s.text), one_line(s.type), _identifier(s)) for s in found.spans]
    lines = [f"{name}|t|{one_line(title)}", f"{name}|a|{one_line(abstract)}", *("\t".join(row) for row in rows)]
    return "\n".join(lines) + "\n\n"


def _identifier(span: Span) -> str:
    """The best concept's id for the last column; a dash without one."""
    return one_line(span.concept.id) if span.concept else "-"

"""Corpora of tokens with IOB tags: one `token<TAB>tag` a line, a blank line after each sentence."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.annotated import ANNOTATIONS, AnnotatedFormat, document
from openbioner_batch.formats.base import ReadOptions, Split
from openbioner_batch.formats.gold import GoldDocument, numbered_lines
from openbioner_batch.formats.lines import (
    MOST_LINES,
    LineGroup,
    MalformedLineError,
    NumberedLine,
    blocks,
    decoded_lines,
)
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.storage import LARGEST_RECORD
from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, flat_spans, one_word
from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.records import Parsed, Record, Rejected, Span

_DOCUMENT_START = "-DOCSTART-"
_NO_ID = ("", "-X-", "X", "O", "-")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_TAG = re.compile(r"(?P<prefix>[A-Za-z])(?:-(?P<type>.+))?", re.DOTALL)
_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I", "W": "S"}
"""Other schemes' letters as those of BIOES: BILUO has L and U, BMES and BMEWO have M and W."""
UNTYPED = "entity"
"""The type of spans with bare tags, `B`, `I` and `O`."""
_EXPECTED = "B, I, E, S, L, U, M or W, alone or with -<type>"


@dataclass(frozen=True, slots=True)
class Sentence:
    """The tokens of a sentence, its text (tokens joined by single spaces), and its gold spans (score 1)."""

    tokens: tuple[str, ...]
    text: str
    spans: tuple[Span, ...]
    document: int = 0
    """How many `-DOCSTART-` lines precede it; always 0 where the file does not mark documents."""


def chunks(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The entities of one sentence's tags, as (first token, token after the last, type).

    It reads IOB1, IOB2 and BIOES like seqeval's default mode and CoNLL-2000's conlleval.pl: `B-` and `S-` always
    start an entity, `I-` and `E-` start one unless they continue a `B-` or `I-` of their type. BILUO and BMES are
    BIOES with other letters. Letters may be small; bare tags have the type `entity`.

    Args:
        tags: `O` or `B-<type>`, `I-<type>`, `E-<type>`, `S-<type>`, one a token.

    Raises:
        ValueError: a tag of another form; the message quotes it.
    """
    found: list[tuple[int, int, str]] = []
    open_type = ""
    for index, tag in enumerate(tags):
        prefix, kind = _parse_tag(tag)
        if kind and kind == open_type and prefix in ("I", "E"):
            found[-1] = (found[-1][0], index + 1, kind)
        elif kind:
            found.append((index, index + 1, kind))
        open_type = kind if prefix in ("B", "I") else ""
    return found


def _parse_tag(tag: str) -> tuple[str, str]:
    """One of the letters O, B, I, E, S, and the type, which is empty for O.

    Raises:
        ValueError: the text is not a tag; the message quotes it.
    """
    match = _TAG.fullmatch(tag)
    letter = match["prefix"].upper() if match else ""
    if match and letter == "O" and not match["type"]:
        return letter, ""
    if not match or letter not in _PREFIXES:
        raise ValueError(f"tag {tag!r} is neither O nor {_EXPECTED}")
    return _PREFIXES[letter], match["type"] or UNTYPED


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


class Iob(AnnotatedFormat):
    """Sentences of tokens. A document is the sentences between two `-DOCSTART-` lines, or else one sentence.

    Its text is its tokens joined by spaces, a sentence a line: such files do not contain the original text.
    `-DOCSTART-<TAB>ID` names a document. A record's position is its document's number in the file, from 0.
    """

    name = "iob"
    suffixes = FORMATS["iob"].folder_suffixes

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        file = split.files[0]
        with_spans = ANNOTATIONS in options.keep_fields
        for number, group in enumerate(_documents(blocks(decoded_lines(file, options.encoding), _begins))):
            try:
                gold = _gold([block.read() for block in group], with_spans)
                yield Parsed(file.uri, number, document(gold, file, number, options))
            except ValueError as error:
                yield Rejected(file.uri, number, str(error))


class IobWriter(DocumentWriter):
    """`token<TAB>start<TAB>end<TAB>tag` in IOB2, a blank line after a sentence, `-DOCSTART-<TAB>ID` before a document.

    Tokens are words and punctuation marks, cut at the edges of spans too; start and end are the run's offsets. The
    tags are flat: of spans that overlap, the longest is kept, then the best scored, then the earliest. A sentence does
    not end inside of a span. Scores are left out; white space in a type becomes an underscore.
    """

    name = "iob"
    suffix = ".iob"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        return "".join(map(_render, documents)).encode()


def read_iob(path: str | Path) -> Iterator[Sentence]:
    """The sentences of a file in order, plain or `.gz`, in UTF-8.

    A line's first column is the token and its last the tag, so CoNLL files with columns between them are read too;
    columns are separated by tabs, or by blanks in a line without a tab. `-DOCSTART-` lines begin a document.

    Raises:
        UsageError: the file does not exist, or a line is malformed (the message names both, never the text).
    """
    number = 0
    for block in blocks(numbered_lines(Path(path)), _begins):
        try:
            number += _starts_document(block)
            if sentence := _sentence(block.read(), number):
                yield sentence
        except ValueError as error:
            raise UsageError(f"{path}, {error}") from None


def _columns(line: str) -> list[str]:
    """The columns of a line, without blanks or tabs at its end; a token may contain white space other than blanks."""
    line = line.rstrip(" ")
    columns = line.split("\t") if "\t" in line else [word for word in line.split(" ") if word]
    while len(columns) > 2 and not columns[-1].strip(" "):
        columns.pop()
    return [*columns[:-1], columns[-1].strip(" ")]


def _begins(before: list[NumberedLine], line: str) -> bool:
    return line.startswith(_DOCUMENT_START) and _columns(line)[0] == _DOCUMENT_START


def _starts_document(block: LineGroup) -> bool:
    return bool(block.lines) and _begins([], block.lines[0][1])


def _sentence(lines: list[NumberedLine], document: int = 0, with_spans: bool = True) -> Sentence | None:
    """The sentence of a block of lines; None where they only begin a document."""
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in lines:
        columns = _columns(line)
        if columns[0] == _DOCUMENT_START or (not tokens and _is_comment(line, lines[-1][1])):
            continue
        if len(columns) < 2 or not columns[0]:
            raise MalformedLineError(number, "expected token<TAB>tag, or a blank line between sentences")
        # a line without tabs and without a tag at its end may be a sentence, of which only one word would be read
        if (with_spans or "\t" not in line) and not _is_tag(columns[-1]):
            raise MalformedLineError(number, f"the last column is neither O nor {_EXPECTED}")
        tokens.append(columns[0])
        tags.append(columns[-1] if with_spans else "O")
    return make_sentence(tokens, tags, document) if tokens else None


def _is_comment(line: str, last: str) -> bool:
    """Whether a line above a sentence is a comment, such as `# id 5`, and not one of its tokens.

    Args:
        line: the line.
        last: the last line of the sentence, where a tab says that this one would have had one too.
    """
    columns = _columns(line)
    could_be_token = len(columns) > 1 and _is_tag(columns[-1]) and "\t" not in last
    return line.startswith("#") and "\t" not in line and not could_be_token


def _is_tag(word: str) -> bool:
    try:
        _parse_tag(word)
    except ValueError:
        return False
    return True


def _documents(found: Iterable[LineGroup]) -> Iterator[list[LineGroup]]:
    """Blocks, document by document."""
    group: list[LineGroup] = []
    marked = False
    size = lines = 0
    for block in found:
        starts = _starts_document(block)
        marked = marked or starts
        if group and (starts or not marked):
            yield group
            group, size, lines = [], 0, 0
        size += sum(len(line) for _, line in block.lines)
        lines += len(block.lines)
        if size <= LARGEST_RECORD and lines <= MOST_LINES:
            group.append(block)
        elif group[-1].problem is None:
            group.append(
                LineGroup(problem=f"a document of more than {LARGEST_RECORD} characters or {MOST_LINES} lines")
            )
    if group:
        yield group


def _gold(found: Sequence[list[NumberedLine]], with_spans: bool) -> GoldDocument:
    """A document of several sentences, a line each."""
    first = _columns(found[0][0][1]) if found[0] else []
    name = first[1] if first[:1] == [_DOCUMENT_START] and len(first) > 1 and first[1] not in _NO_ID else ""
    sentences = [sentence for lines in found if (sentence := _sentence(lines, with_spans=with_spans))]
    starts = accumulate((len(sentence.text) + 1 for sentence in sentences), initial=0)
    spans = [
        replace(span, start=span.start + start, end=span.end + start)
        for start, sentence in zip(starts, sentences, strict=False)
        for span in sentence.spans
    ]
    return GoldDocument(name, "\n".join(sentence.text for sentence in sentences), tuple(spans))


def _render(found: OutputDocument) -> str:
    text = found.known_text
    lines = [f"{_DOCUMENT_START}\t{one_word(found.id)}\t-X-\tO\n\n"]
    sentences = deque(sentence_starts(text)[1:])
    for low, high, kind in _pieces(text, flat_spans(found.spans)):
        prefix = "B"
        for match in _TOKEN.finditer(text, low, high):
            ends = bool(sentences) and sentences[0] <= match.start()
            while sentences and sentences[0] <= match.start():
                sentences.popleft()
            if ends and not (kind and prefix == "I"):
                lines.append("\n")
            tag = f"{prefix}-{one_word(kind)}" if kind else "O"
            lines.append(f"{match[0]}\t{match.start()}\t{match.end()}\t{tag}\n")
            prefix = "I"
    return "".join(lines) + "\n"


def _pieces(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int, str]]:
    """The text cut at the edges of spans in order that do not overlap: start, end and type, empty between spans."""
    place = 0
    for span in spans:
        yield place, span.start, ""
        yield span.start, span.end, span.type
        place = span.end
    yield place, len(text), ""

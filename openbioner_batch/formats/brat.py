"""brat's standoff format: a text in `NAME.txt`, its mentions in `NAME.ann` beside it."""

from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.annotated import ANNOTATIONS, AnnotatedFormat, document
from openbioner_batch.formats.base import InputFile, ReadOptions, Split
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.gold import GoldDocument, gold_span, numbered_lines
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.lines import MalformedLineError, NumberedLine
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.storage import (
    LARGEST_RECORD,
    SPLIT_BYTES,
    compression_of,
    open_input,
    read_stored,
    suffix_of,
)
from openbioner_batch.formats.text import MOST_FILES_IN_A_SPLIT, decode_file
from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, one_line, one_word
from openbioner_batch.records import Parsed, Record, Rejected, Span

_PLACE = re.compile(r"(?P<type>\S+) (?P<parts>[0-9]{1,18} [0-9]{1,18}(?:;[0-9]{1,18} [0-9]{1,18})*)")
_LONGEST_NAME = 180
_ALONE = "annotations without a text: give NAME.txt too, or the folder that holds it and NAME.ann"


class Brat(AnnotatedFormat):
    """Pairs of NAME.txt and NAME.ann, packed or not; a text without annotations is a document too.

    A document's source is its text file and its id that file's name (less `.txt`); its position is 0.
    """

    name = "brat"
    suffixes = FORMATS["brat"].folder_suffixes

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        """Groups of whole pairs, of at most 1,000 files and 8 MiB, or one larger pair."""
        pairs: dict[str, list[InputFile]] = {}
        for file in files:
            pairs.setdefault(_stem(file), []).append(file)
        groups: list[list[InputFile]] = []
        size = 0
        for pair in pairs.values():
            size += sum(file.size for file in pair)
            if not groups or len(groups[-1]) >= MOST_FILES_IN_A_SPLIT - 1 or size > SPLIT_BYTES:
                groups.append([])
                size = sum(file.size for file in pair)
            groups[-1] += pair
        return [Split(tuple(group)) for group in groups]

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        with_spans = ANNOTATIONS in options.keep_fields
        wanted = [file for file in split.files if with_spans or suffix_of(file.uri) == ".txt"]
        texts = {_stem(file) for file in split.files if suffix_of(file.uri) == ".txt"}
        readable = [file for file in wanted if file.size <= LARGEST_RECORD]
        stored = dict(zip(readable, read_stored(readable), strict=True))
        annotations = {_stem(file): file for file in wanted if suffix_of(file.uri) == ".ann"}
        for file in split.files:
            if suffix_of(file.uri) == ".txt":
                try:
                    gold = _pair(file, annotations.get(_stem(file)), stored, options.encoding)
                    yield Parsed(file.uri, 0, document(gold, file, 0, options))
                except ValueError as error:
                    yield Rejected(file.uri, 0, str(error))
            elif _stem(file) not in texts:
                yield Rejected(file.uri, 0, _ALONE)

    def remarks(self, files: Sequence[InputFile], options: ReadOptions) -> list[str]:
        annotated = {_stem(file) for file in files if suffix_of(file.uri) == ".ann"}
        alone = [file.uri for file in files if suffix_of(file.uri) == ".txt" and _stem(file) not in annotated]
        return (
            [f"note: {len(alone):,} texts have no .ann beside them, the first is {label_of(alone[0])}"] if alone else []
        )


class BratWriter(DocumentWriter):
    """A ZIP archive of NAME.txt and NAME.ann for each document, as two files for each of millions would fill a disk.

    Names are ids, percent-encoded, with `~2` and so on where an id comes again. A mention over a line break is cut
    there, as brat does. Scores are left out; white space in a type becomes an underscore. Flags of an assertion that
    are set are binary attributes (`A1 negated T1`), the section an attribute with a value.
    """

    name = "brat"
    suffix = ".zip"

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, found in zip(_names(documents), documents, strict=True):
                for suffix, content in ((".txt", found.known_text), (".ann", _render(found))):
                    # ZipInfo's own date, 1980, keeps the bytes the same.
                    member = zipfile.ZipInfo(name + suffix)
                    member.external_attr = 0o644 << 16
                    archive.writestr(member, content.encode(), zipfile.ZIP_DEFLATED)
        return stream.getvalue()


def read_brat(path: str | Path) -> Iterator[GoldDocument]:
    """The documents of a folder and its subfolders in the order of their names, or the document of one `.ann` file.

    Lines other than text-bound annotations (`T...`) are skipped. A mention of several parts is one span where only
    white space is between them (brat cuts at line breaks); else it is discontinuous: counted, but left out.

    Raises:
        UsageError: there is nothing, a text is missing, or a line is malformed (the message names file and line, never
            the text).
    """
    path = Path(path)
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in found if suffix_of(file.name) == ".ann"] if path.is_dir() else found
    if not files:
        raise UsageError(f"{path} holds no .ann files; expected brat's pairs of NAME.txt and NAME.ann")
    beside = found if path.is_dir() else path.parent.glob("*")
    texts = {_bare(file): file for file in beside if suffix_of(file.name) == ".txt"}
    for file in files:
        text = _read_text(texts.get(_bare(file), file.with_suffix(".txt")))
        name = os.path.relpath(_bare(file), path if path.is_dir() else path.parent)
        try:
            yield _document(name, text, numbered_lines(file))
        except MalformedLineError as error:
            raise UsageError(f"{file}, {error}") from None


def _bare(path: Path) -> str:
    """A path without its suffix and that of a compression, which the two files of a document share."""
    return _stem(InputFile(str(path), 0, ""))


def _document(name: str, text: str, lines: Iterable[NumberedLine]) -> GoldDocument:
    spans: list[Span] = []
    discontinuous = 0
    for number, line in lines:
        if not line.startswith("T"):
            continue
        try:
            span = _span(text, line)
        except ValueError as error:
            raise MalformedLineError(number, str(error)) from None
        if span:
            spans.append(span)
        else:
            discontinuous += 1
    return GoldDocument(name, text, tuple(spans), discontinuous)


def _span(text: str, line: str) -> Span | None:
    """The span of a line; None for a discontinuous one."""
    columns = line.split("\t")
    place = _PLACE.fullmatch(columns[1]) if len(columns) >= 2 else None
    if not place:
        raise ValueError("expected ID<TAB>type start end<TAB>mention")
    parts = [tuple(map(int, part.split())) for part in place["parts"].split(";")]
    for start, end in parts:
        gold_span(text, start, end, place["type"])
    if any(low > high or text[low:high].strip() for (_, low), (high, _) in pairwise(parts)):
        return None
    # Where brat cut at a line break, the mention is the parts joined by spaces, however wide the gap.
    mention = columns[2] if len(columns) > 2 and len(parts) == 1 else None
    return gold_span(text, parts[0][0], parts[-1][1], place["type"], mention)


def _read_text(path: Path) -> str:
    try:
        with open_input(InputFile(str(path), 0, "")) as stream:
            return stream.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text ({error.reason}); convert it first") from None
    except BrokenStreamError as error:
        raise UsageError(f"cannot read {path}: {error.reason}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.__class__.__name__}; brat needs it beside its .ann") from None


def _stem(file: InputFile) -> str:
    """The address that the two files of a document share, without suffixes, which a chained URL has in its middle."""
    first, chain, rest = file.uri.partition("::")
    return os.path.splitext(first[: len(first) - len(compression_of(file.uri))])[0] + chain + rest


def _pair(
    file: InputFile, annotations: InputFile | None, stored: dict[InputFile, bytes], encoding: str | None
) -> GoldDocument:
    """The document of a text file and the file of its annotations, if there is one.

    Raises:
        ValueError: a file is too large, is not UTF-8, or does not fit the other.
    """
    for part in (file, annotations):
        if part is not None and part not in stored:
            raise ValueError(f"a file of more than {LARGEST_RECORD} bytes")
    name = unquote(os.path.basename(_stem(file).partition("::")[0]))
    text = decode_file(file, stored[file], encoding, keep_mark=True)  # brat's offsets count it
    content = decode_file(annotations, stored[annotations], encoding) if annotations else ""
    return _document(name, text, enumerate(re.split(r"\r\n|\n|\r", content), start=1))


def _names(documents: Sequence[OutputDocument]) -> Iterator[str]:
    """A file name for each document, all different even on file systems without letter case."""
    seen: Counter[str] = Counter()
    for found in documents:
        name = quote(found.id, safe="").replace("~", "%7E")
        if len(name) > _LONGEST_NAME:
            name = f"{name[-_LONGEST_NAME:]}-{blake2b(found.id.encode(), digest_size=8).hexdigest()}"
        if name.startswith((".", "_")):  # listings hide such names
            name = f"%{ord(name[0]):02X}{name[1:]}"
        seen[name.lower()] += 1
        yield name if seen[name.lower()] == 1 else f"{name}~{seen[name.lower()]}"


def _render(found: OutputDocument) -> str:
    lines = []
    attributes = 0
    for number, span in enumerate(found.spans, start=1):
        parts = ";".join(f"{start} {end}" for start, end in _parts(span))
        lines.append(f"T{number}\t{one_word(span.type)} {parts}\t{one_line(span.text)}\n")
        for attribute, *value in _attributes(span):
            attributes += 1
            lines.append(f"A{attributes}\t{' '.join([attribute, f'T{number}', *value])}\n")
    linked = ((number, span) for number, span in enumerate(found.spans, start=1) if span.concept)
    for order, (number, span) in enumerate(linked, start=1):
        assert span.concept is not None
        lines.append(
            f"N{order}\tReference T{number} {_reference(span, span.concept.id)}\t{one_line(span.concept.name)}\n"
        )
    return "".join(lines)


def _reference(span: Span, id: str) -> str:
    """An identifier as brat's DATABASE:ENTRY; the type stands for a database that the identifier does not name."""
    database, _, entry = id.rpartition(":")
    return f"{one_word(database or span.type)}:{one_word(entry)}"


def _attributes(span: Span) -> Iterator[tuple[str, ...]]:
    """Names of a span's attributes, each with its value if it has one."""
    yield from ((word,) for word in (span.assertion.words if span.assertion else ()))
    if span.section:
        yield "section", one_word(span.section)


def _parts(span: Span) -> list[tuple[int, int]]:
    """The span cut at its line breaks."""
    found = [match.span() for match in re.finditer(r"[^\n]+", span.text) if match[0].strip()]
    if len(found) < 2:
        return [(span.start, span.end)]
    starts = [0, *(start for start, _ in found[1:])]
    ends = [*(end for _, end in found[:-1]), len(span.text)]
    return [(span.start + start, span.start + end) for start, end in zip(starts, ends, strict=True)]

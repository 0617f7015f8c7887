"""Reads untrusted XML, record by record."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.encoding import transcoded
from openbioner_batch.formats.storage import open_input
from openbioner_batch.formats.xml_scanning import FilePiece, Gap, OversizedRecord, Scanner, UnendedRecord, XmlRecord

PARSER: dict[str, Any] = {
    "load_dtd": False,
    "no_network": True,
    "resolve_entities": False,
    "huge_tree": True,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options of `etree.XMLParser`: no DTD, no entities, no network; size is bounded by `LARGEST_ELEMENT` instead of by
libxml2's limit on texts, 10 MB."""

LARGEST_ELEMENT = 16 << 20
"""Bytes of XML above which a record is set aside: a tree of small elements takes some 25 times as much memory."""

_UTF16 = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
"""The first two bytes of XML in UTF-16."""
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
_DECLARED = re.compile(rb"\bencoding\s*=\s*[\"']([\w.:-]+)[\"']")
_MISC = re.compile(rb"\xef\xbb\xbf|<\?.*?\?>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_OTHERS = ((b"<collection", "bioc-xml"), (b"<PubmedArticle", "pubmed"))
"""Tags that indicate another format."""
_UNDECLARED_ENTITY = 26
"""libxml2's XML_ERR_UNDECLARED_ENTITY."""


@dataclass(frozen=True, slots=True)
class BrokenXml:
    """Takes the place of a record that cannot be read; the reason does not quote it."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordTags:
    """The structure of a format's files."""

    kind: str
    """The format, for messages."""
    roots: tuple[str, ...]
    """Elements around the records."""
    records: tuple[str, ...]
    """Elements that are records; a file may also consist only of them."""
    around: tuple[str, ...] = ()
    """Elements without children that may occur beside records."""


def elements(file: InputFile, layout: RecordTags, limit: int = LARGEST_ELEMENT) -> Iterator[Any | BrokenXml]:
    """The records of a file in order, each as the root of a separate tree.

    A file may hold several documents one after another, each with its own declaration and root, or records without a
    root. A damaged record, or text outside of records, does not affect other records.

    Args:
        file: plain or packed.
        layout: the format's.
        limit: the most bytes of a record.
    """
    with open_input(file) as stream:
        reader = _Reader(layout, limit)
        scanner = None
        try:
            scanner = _scanner(stream, layout, limit)
            for piece in scanner.pieces():
                if not (isinstance(piece, UnendedRecord) and scanner.broken):  # then the stream is reported
                    yield from reader.read(piece)
        except BrokenStreamError as error:
            yield BrokenXml(error.reason)
        else:
            yield from reader.finish(scanner.broken)


def _scanner(stream: BinaryIO, layout: RecordTags, limit: int) -> Scanner:
    """A scanner of the stream, in UTF-8 if it was in UTF-16."""
    head = b""
    while len(head) < 2 and (piece := stream.read(2 - len(head))):
        head += piece
    if head not in _UTF16:
        return Scanner(stream, layout.records, limit, head)
    return Scanner(transcoded(stream, _UTF16[head], head), layout.records, limit)


class _Reader:
    """Parses the records of a file, and checks the text between them."""

    def __init__(self, layout: RecordTags, limit: int) -> None:
        self._layout = layout
        self._limit = limit
        self._root = _tag_pattern(layout.roots)
        self._around = _around_pattern(layout.around)
        self._record_end = re.compile(rb"</(?:" + "|".join(layout.records).encode() + rb")\s*>")
        self._encoding = "utf-8"
        self._open = 0
        """Root elements that are open."""
        self._is_known = False
        """Whether any element of the format has been seen."""
        self._is_told = False
        """Whether the last yielded item reports a fault."""

    def read(self, piece: FilePiece) -> Iterator[Any | BrokenXml]:
        """The items from a piece."""
        if isinstance(piece, Gap):
            yield from self._problems(piece)
            return
        self._is_known = True
        found = self._record(piece)
        self._is_told = isinstance(found, BrokenXml)
        yield found

    def finish(self, broken: BrokenStreamError | None) -> Iterator[BrokenXml]:
        """The items from the end of the file."""
        if broken is not None:
            yield BrokenXml(broken.reason)
        elif not self._is_known:
            yield BrokenXml(f"not {self._layout.kind}: the file is empty")
        elif self._open > 0 and not self._is_told:
            yield BrokenXml("malformed XML: the file ends before its root element does")

    def _record(self, piece: FilePiece) -> Any | BrokenXml:
        from lxml import etree

        if isinstance(piece, OversizedRecord):
            return BrokenXml(f"a record of more than {self._limit} bytes")
        if not isinstance(piece, XmlRecord):
            return BrokenXml(f"malformed XML at line {piece.line}: the record that begins there does not end")
        try:
            content = piece.content
            if self._encoding != "utf-8":
                content = content.decode(self._encoding).encode()
            return etree.fromstring(content, etree.XMLParser(encoding="utf-8", **PARSER))
        except etree.XMLSyntaxError as error:
            # libxml2's message may quote the content; the line does not
            if error.code == _UNDECLARED_ENTITY:
                return BrokenXml("the XML declares entities, which are not expanded: expected none")
            return BrokenXml(f"malformed XML at line {piece.line + max(1, error.lineno or 1) - 1}")
        except UnicodeDecodeError as error:
            return BrokenXml(f"not valid {self._encoding} at byte {error.start} of the record")
        except LookupError:
            return BrokenXml("the XML is in an unknown encoding")

    def _problems(self, gap: Gap) -> Iterator[BrokenXml]:
        """Faults between two records, once for each record that may be lost there."""
        content = gap.content
        if declarations := _DECLARATION.findall(content):
            declared = _DECLARED.search(declarations[-1])  # without one a document is in UTF-8, whatever came before
            encoding = declared[1].decode().lower() if declared else "utf-8"
            # UTF-16 has been converted by now
            self._encoding = "utf-8" if encoding.startswith(("utf-8", "utf8", "utf-16", "us-ascii")) else encoding
        content = _MISC.sub(b"", content)
        for tag in self._root.finditer(content):
            self._is_known = True
            self._open += -1 if tag[0].startswith(b"</") else 0 if tag[0].endswith(b"/>") else 1
        rest = self._around.sub(b"", self._root.sub(b"", content)).strip(b" \t\r\n\0")
        lost = len(self._record_end.findall(rest))
        if not rest:
            return
        if not self._is_known and not lost:
            self._is_known = self._is_told = True
            known = (*self._layout.roots, *self._layout.records)
            other = next((f"; say --format {name}" for mark, name in _OTHERS if mark in rest), "")
            yield BrokenXml(f"not {self._layout.kind}: expected one of {', '.join(known)} as the root element{other}")
            return
        for _ in range(max(1, lost)):
            self._is_told = True
            yield BrokenXml(f"malformed XML after line {gap.line}: the text there belongs to no record")


def _tag_pattern(names: Sequence[str]) -> re.Pattern[bytes]:
    return re.compile(rb"</?(?:" + "|".join(map(re.escape, names)).encode() + rb")(?:\s[^<>]*)?/?>")


def _around_pattern(names: Sequence[str]) -> re.Pattern[bytes]:
    if not names:
        return re.compile(rb"(?!)")
    name = "|".join(map(re.escape, names)).encode()
    return re.compile(rb"<(" + name + rb")(?:\s[^<>]*)?(?:/>|>[^<]*</\1\s*>)")

"""Reading XML that nobody vouches for, element by element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.storage import open_input

PARSER: dict[str, Any] = {
    "load_dtd": False,
    "no_network": True,
    "resolve_entities": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options of `etree.iterparse`: no DTD, no entities, no network; libxml2's limits on depth and text size hold."""

LARGEST_ELEMENT = 16 << 20
"""Bytes of XML above which a record is set aside: a tree of small elements takes some 25 times as much memory."""


class BrokenXmlError(Exception):
    """The rest of a file that cannot be read; the message says why and quotes nothing of it."""


def elements(
    file: InputFile, kind: str, roots: Sequence[str], tags: Sequence[str], limit: int = LARGEST_ELEMENT
) -> Iterator[Any]:
    """The elements of some names, in order of their ends, each given back to the memory before the next.

    Args:
        file: plain or packed.
        kind: what is expected, for messages.
        roots: the names that the root element may have: a foreign file must be told before its whole tree is held.
        tags: what to read.
        limit: the most bytes from one such element to the next.

    Raises:
        BrokenXmlError: the rest is no XML, is too large or declares entities, or the root is none of `roots`.
    """
    from lxml import etree

    try:
        _check_root(file, kind, roots)
        with open_input(file) as stream:
            bounded = _Bounded(stream, limit)
            for _, element in etree.iterparse(bounded, tag=tuple(tags), **PARSER):
                bounded.size = 0
                yield element
                _release(element)
    except BrokenStreamError as error:
        raise BrokenXmlError(str(error)) from None
    except etree.XMLSyntaxError as error:
        # libxml2's message may quote the content; the place does not.
        raise BrokenXmlError(f"malformed XML at line {error.lineno}: the rest of the file is unread") from None


def _check_root(file: InputFile, kind: str, roots: Sequence[str]) -> None:
    from lxml import etree

    with open_input(file) as stream:
        _, root = next(etree.iterparse(_Bounded(stream, LARGEST_ELEMENT), events=("start",), **PARSER))
        declared = root.getroottree().docinfo.internalDTD
        if declared is not None and any(declared.iterentities()):
            raise BrokenXmlError("the XML declares entities, which are not expanded: expected none")
        if root.tag not in roots:
            raise BrokenXmlError(f"not {kind}: expected one of {', '.join(roots)} as the root element")


class _Bounded:
    """A stream that breaks where more than `limit` bytes pass before somebody sets `size` back."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.size = 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self.size += len(piece)
        if self.size > self._limit:
            raise BrokenStreamError(f"a record of more than {self._limit} bytes: the rest of the file is unread")
        return piece


def _release(element: Any) -> None:
    """Gives back the memory of an element that has been read and of those before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]

"""Cuts untrusted XML into its records, also where a file concatenates several documents, broken or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from openbioner_batch.formats.compression import BrokenStreamError

_PIECE = 1 << 20
_LONGEST_TAG = 4 << 10
LONGEST_GAP = 1 << 20
"""The most bytes between records, without white space and comments, that are kept for checks."""
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}


@dataclass(frozen=True, slots=True)
class FilePiece:
    """Consecutive bytes of a file."""

    content: bytes
    line: int
    """The line of its first byte in the unpacked file, from 1."""


class XmlRecord(FilePiece):
    """From a record's start tag to its end tag."""


class UnendedRecord(FilePiece):
    """From a record's start tag to that of the next, or to the end of the file. The content is not kept."""


class OversizedRecord(FilePiece):
    """A record with more bytes than the limit. The content is not kept."""


class Gap(FilePiece):
    """The text between two records, without comments."""


class Scanner:
    """Finds records by their tags alone, so that a damaged one costs no other; tags in comments and CDATA are ignored.

    Args:
        stream: in UTF-8 or another encoding that contains ASCII.
        tags: names of the elements that are records; they do not nest.
        limit: the most bytes of a record.
        head: bytes that have been read from the stream already.
    """

    def __init__(self, stream: BinaryIO, tags: Sequence[str], limit: int, head: bytes = b"") -> None:
        self.broken: BrokenStreamError | None = None
        """Why the stream ended before its end, if it did; known after the last piece."""
        self._stream = stream
        self._limit = limit
        names = "|".join(map(re.escape, tags)).encode()
        self._token = re.compile(rb"<!--|<!\[CDATA\[|<(/?)(" + names + rb")(?:\s[^<>]*)?/?>")
        self._buffer = bytearray(head)
        self._line = 1
        self._gone = 0
        """How many bytes of the stream are before the buffer."""
        self._without: dict[bytes, int] = {}
        """For each of `_ENDS`, up to which byte of the stream the last search found none."""

    def pieces(self) -> Iterator[FilePiece]:
        """Records and gaps in turn; a gap is last."""
        inside = b""
        is_large = False
        place = 0
        gap = bytearray()
        line = 1  # on which the record or gap begins
        while True:
            found = self._token.search(self._buffer, place)
            if found is None:
                cut = self._buffer.rfind(b"<", max(place, len(self._buffer) - _LONGEST_TAG))
                place = cut if cut >= 0 else len(self._buffer)
                if not inside:
                    _extend(gap, self._take(place))
                    place = 0
                elif place > self._limit:
                    is_large = True
                    self._take(place)
                    place = 0
                if not self._read_on():
                    break
                continue
            start, end = found.span()
            token, is_end, name = found[0], found[1] == b"/", found[2]
            if token in _ENDS:
                after = self._after(token, end)
                place = after or end
                if after and not inside and token == b"<!--":
                    _extend(gap, self._take(start))
                    self._take(after - start)
                    place = 0
            elif inside and is_end and name == inside:
                content = self._take(end)
                yield OversizedRecord(b"", line) if is_large or len(content) > self._limit else XmlRecord(content, line)
                inside, is_large, place, line = b"", False, 0, self._line
            elif is_end:
                place = end
            else:
                if inside:
                    yield OversizedRecord(b"", line) if is_large else UnendedRecord(b"", line)
                    self._take(start)
                else:
                    _extend(gap, self._take(start))
                    yield Gap(bytes(gap), line)
                    gap.clear()
                inside, is_large, place, line = name, False, end - start, self._line
                if token.endswith(b"/>"):
                    yield XmlRecord(self._take(place), line)
                    inside, place, line = b"", 0, self._line
        if inside:
            yield OversizedRecord(b"", line) if is_large else UnendedRecord(b"", line)
        else:
            _extend(gap, self._buffer)
        yield Gap(bytes(gap), line)

    def _take(self, size: int) -> bytes:
        """Removes and returns the first bytes of the buffer."""
        content = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._line += content.count(b"\n")
        self._gone += size
        return content

    def _read_on(self) -> bool:
        """Read into the buffer; returns whether there was more."""
        try:
            piece = self._stream.read(_PIECE)
        except BrokenStreamError as error:
            self.broken = error
            return False
        self._buffer += piece
        return bool(piece)

    def _after(self, token: bytes, start: int) -> int:
        """The position after the end of a comment or of CDATA; 0 if there is no end within the limit."""
        mark = _ENDS[token]
        place = max(start, self._without.get(mark, 0) - self._gone)
        while (found := self._buffer.find(mark, place)) < 0:
            place = max(start, len(self._buffer) - len(mark) + 1)
            self._without[mark] = self._gone + place
            if len(self._buffer) - start > self._limit or not self._read_on():
                return 0
        return found + len(mark)


def _extend(gap: bytearray, content: bytes | bytearray) -> None:
    """Add to a gap; in a long one runs of white space become one blank, and its end is cut."""
    gap += content
    if len(gap) > LONGEST_GAP:
        gap[:] = re.sub(rb"\s+", b" ", gap)
        del gap[LONGEST_GAP + 1 :]

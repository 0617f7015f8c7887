"""Rows of delimited text, in which a malformed one costs its own first line and no more."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.fields import UnfitRecordError
from openbioner_batch.formats.storage import LARGEST_RECORD

_FOR_EXCEL = re.compile(r"sep=[^\w]", re.IGNORECASE)
OPEN_QUOTE = "unexpected end of data"
"""How the csv module calls a field whose quote does not close."""


class BrokenRowError(UnfitRecordError):
    """Takes the place of the rest where the file breaks off."""


class Rows:
    """The rows of a file after its header; in place of a bad row why it is bad. The file ends where it breaks.

    Args:
        stream: UTF-8; closed with the rows.
        delimiter: between fields.
        quoted: whether fields may be quoted as RFC 4180 has it.
    """

    def __init__(self, stream: BinaryIO, delimiter: str, quoted: bool) -> None:
        csv.field_size_limit(LARGEST_RECORD)
        self._stream = stream
        self._lines = _Lines(_text(stream), LARGEST_RECORD)
        if quoted:
            self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        else:
            self._reader = csv.reader(self._lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
        self._delimiter = delimiter
        self._width = 0

    def close(self) -> None:
        """Close the stream that the rows are read from."""
        self._stream.close()

    def header(self) -> list[str] | UnfitRecordError:
        """The names of the columns without blanks around them; none of an empty file.

        A line such as "sep=;" before them is for Excel.
        """
        header = next(self, [])
        if not isinstance(header, UnfitRecordError) and _FOR_EXCEL.fullmatch(self._delimiter.join(header)):
            header = next(self, [])
        if isinstance(header, UnfitRecordError):
            return header
        self._width = len(header)
        return [name.strip() for name in header]

    def __iter__(self) -> Iterator[list[str] | UnfitRecordError]:
        return self

    def __next__(self) -> list[str] | UnfitRecordError:
        while True:
            self._lines.begin()
            try:
                row = next(self._reader)
            except StopIteration:
                if (broken := self._lines.broken) is None:
                    raise
                self._lines.broken = None
                return BrokenRowError(broken.reason)
            except csv.Error as error:
                self._lines.go_back()
                return UnfitRecordError(f"malformed row: {error}")
            if self._width and len(row) != self._width and self._lines.count > 1:
                self._lines.go_back()
                return UnfitRecordError(f"the row has {len(row)} fields over several lines, the header {self._width}")
            if row:
                return row


def lines_of(stream: BinaryIO, limit: int) -> Iterator[str]:
    """The lines of a stream, their ends kept, in pieces of at most `limit` characters; up to where it breaks."""
    text = _text(stream)
    try:
        while line := text.readline(limit):
            yield line
    except BrokenStreamError:
        return


def _text(stream: BinaryIO) -> io.TextIOWrapper:
    # Bytes that are not UTF-8 become lone surrogates, so that a bad row is seen without losing the next.
    return io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")


class _Lines:
    """The lines of a text, ends kept, in records of at most `limit` characters.

    A line that is too long is skipped and raises, as does one that makes its record so; the next call continues. The
    lines of a record are held, so that all but its first can be read again.
    """

    def __init__(self, text: io.TextIOWrapper, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._size = 0
        self._taken: list[str | None] = []
        """Lines since the record began; None is one that was too long."""
        self._again: deque[str | None] = deque()
        self._ended = False
        self.broken: BrokenStreamError | None = None
        """Why the file ended before its end, if it did."""

    @property
    def count(self) -> int:
        """The number of lines since the record began."""
        return len(self._taken)

    def begin(self) -> None:
        """Note that a record begins here."""
        self._size = 0
        self._taken.clear()

    def go_back(self) -> None:
        """Go back to the second line of the record."""
        self._again.extendleft(reversed(self._taken[1:]))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if line == "":
            raise StopIteration
        self._taken.append(line)
        self._size += len(line or "")
        if line is None or self._size > self._limit:
            raise csv.Error(f"a record of {self._limit} characters or more")
        return line

    def _read(self) -> str | None:
        """The next line; empty at the end, None where it is too long to be held."""
        if self._ended:
            return ""
        try:
            line = self._text.readline(self._limit)
            is_whole = len(line) < self._limit or line.endswith(("\n", "\r"))
            if is_whole:
                return line
            while not is_whole and line:
                line = self._text.readline(self._limit)
                is_whole = line.endswith(("\n", "\r"))
        except BrokenStreamError as error:
            self.broken, self._ended = error, True
            return ""
        return None

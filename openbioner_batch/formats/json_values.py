"""Reads a stream of JSON values: those of an array, or values over several lines each."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.encoding import UTF16_HINT, is_utf16
from openbioner_batch.formats.storage import LARGEST_RECORD
from openbioner_batch.records import UNREAD

BEGINNING = 1000
"""How many characters of a malformed value are kept."""
HEAD_BYTES = 64 << 10
"""How many bytes of a file `holds_values` needs."""

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_NEXT = re.compile(r"\n([ \t]*)(?:\}\s*,\s*|,\s*)?(?=\{)")
_LITERAL = re.compile(r"[\w.+-]*\s*")
"""Incomplete tokens at the end of a cut text."""
_TRIMMED = 4 << 20
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


def holds_values(head: bytes) -> bool:
    """Whether a file with this beginning is an array of objects, or objects over several lines, and not JSON Lines."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff").lstrip()
    line, _, rest = text.replace("\r\n", "\n").replace("\r", "\n").partition("\n")
    if text.startswith("["):
        return re.match(r"\[\s*(?:[{\]]|$)", text) is not None
    if line.strip() == "{":
        return True
    if not text.startswith("{") or not rest or _is_json(line):
        return False
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return end > len(line)


def json_values(pieces: Iterable[bytes], limit: int = LARGEST_RECORD) -> Iterator[tuple[int, Any | MalformedValue]]:
    """The values of a file, each with the offset of its first byte; those of a top-level array one by one.

    A malformed value ends before the next line that begins an object and is indented no further. If the start of the
    next one cannot be found, its reason says that the rest is unread.

    Args:
        pieces: the file's bytes in order.
        limit: the most characters of a value.
    """
    yield from _Values(pieces, limit).read()


@dataclass(frozen=True, slots=True)
class MalformedValue:
    """Takes the place of a malformed value."""

    reason: str
    """Why; without a quotation."""
    begins: str = field(default="", repr=False)
    """The beginning of the value's text, to recognise what it would have been; no message contains it."""

    def holding(self, *names: str) -> MalformedValue:
        """The same, with a note that the rest is unread if the value would have contained several records.

        Args:
            names: as they occur in the text of such a value.
        """
        is_one = self.reason.endswith(UNREAD) or not any(f'"{name}"' in self.begins for name in names)
        return self if is_one else MalformedValue(f"{self.reason}: {UNREAD}", self.begins)


class _Values:
    def __init__(self, pieces: Iterable[bytes], limit: int) -> None:
        self._pieces = iter(pieces)
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._place = 0
        self._counted = 0
        """A position in the text whose offset in the file is known."""
        self._offset = 0
        self._column = 0
        """The indentation of the line on which the value begins."""
        self._starts_line = False
        """Whether it is the first value of that line."""
        self._ended = False
        self._broken: BrokenStreamError | None = None

    def read(self) -> Iterator[tuple[int, Any | MalformedValue]]:
        while self._to_next():
            offset = self._offset
            yield offset, self._value()
        if self._broken is not None:
            self._count(len(self._text))
            yield self._offset, MalformedValue(self._broken.reason)

    def _to_next(self) -> bool:
        """Go to the first character of the next value; False at the end."""
        while True:
            match = _BETWEEN.match(self._text, self._place)
            assert match is not None
            self._place = match.end()
            if self._place < len(self._text):
                break
            if not self._read_on(1):
                return False
        self._count(self._place)
        newline = self._text.rfind("\n", 0, self._place)
        before = self._text[newline + 1 : self._place]
        self._starts_line = (newline >= 0 or self._offset == self._place) and not before.strip(" \t[},\ufeff")
        self._column = len(before) if "[" in before else len(before) - len(before.lstrip(" \t"))
        if self._place > _TRIMMED:
            self._drop(self._place)
        return True

    def _value(self) -> Any | MalformedValue:
        """The value at the current position, or why there is none; then the position is after it."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                size = len(self._text) - self._place
                is_cut = error.msg.startswith("Unterminated string") or _LITERAL.fullmatch(self._text, error.pos)
                if is_cut and size <= self._limit:
                    if self._read_on(size):
                        continue
                    return self._skip("malformed JSON: the value does not end")
                if size > self._limit:
                    return self._skip(f"a value of more than {self._limit} characters")
                head = self._text[self._place : self._place + 2].encode("utf-8", "surrogateescape")
                hint = UTF16_HINT if self._offset == 0 and is_utf16(head) else ""
                return self._skip(f"malformed JSON at character {error.pos - self._place} of the value{hint}")
            except ValueError:
                return self._skip("malformed JSON: a number of too many digits")
            except RecursionError:
                return self._skip("malformed JSON: nested too deeply")
            if end == len(self._text) and not isinstance(value, dict | list | str) and self._read_on(1):
                continue  # a number may continue
            if end - self._place > self._limit:
                value = MalformedValue(f"a value of more than {self._limit} characters", self._beginning())
            self._place = end
            return value

    def _skip(self, reason: str) -> MalformedValue:
        """Go to the start of the next value, by the indentation of lines."""
        begins = self._beginning()
        place = self._place + 1
        while True:
            for match in _NEXT.finditer(self._text, place):
                if len(match[1]) <= self._column:
                    self._place = match.end()
                    return MalformedValue(reason, begins)
            self._drop(max(place, self._text.rfind("\n", place)))
            place = 0
            if not self._read_on(1):
                break
        self._place = len(self._text)
        if self._broken is not None:
            reason, self._broken = self._broken.reason, None
        elif not self._starts_line and not reason.endswith("not end"):
            reason = f"{reason}: {UNREAD}"
        return MalformedValue(reason, begins)

    def _beginning(self) -> str:
        return self._text[self._place : self._place + BEGINNING]

    def _count(self, place: int) -> None:
        """Store the offset of a position in the file."""
        self._offset += len(self._text[self._counted : place].encode("utf-8", "surrogateescape"))
        self._counted = place

    def _drop(self, place: int) -> None:
        """Drop the text before a position."""
        self._count(max(place, self._counted))
        self._counted -= place
        self._text = self._text[place:]
        self._place = max(0, self._place - place)

    def _read_on(self, size: int) -> bool:
        """Read up to `size` more characters; returns whether there were any."""
        parts = []
        grown = 0
        while grown < size and not self._ended:
            try:
                piece = next(self._pieces, None)
            except BrokenStreamError as error:
                self._broken, piece = error, None
            self._ended = piece is None
            parts.append(self._decoder.decode(piece or b"", final=self._ended))
            grown += len(parts[-1])
        self._text += "".join(parts)
        return grown > 0


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True

"""Reads text in other encodings as a stream of UTF-8."""

from __future__ import annotations

import codecs
import io
from typing import Any, BinaryIO, cast

from openbioner_batch.errors import UsageError

_PIECE = 256 << 10
_MARK = "openbioner-mark"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UTF16_HINT = ": it is UTF-16, read with --encoding utf-16"


def canonical(name: str) -> str | None:
    """An encoding's canonical name; None for UTF-8, which needs no conversion.

    Raises:
        UsageError: the encoding is unknown.
    """
    try:
        "".encode(name)
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        raise UsageError(f"--encoding {name}: no such encoding; give utf-8, utf-16, latin-1 or cp1252, say") from None
    return None if found in ("utf-8", "utf-8-sig", "ascii") else found


def transcoded(stream: BinaryIO, encoding: str, head: bytes = b"") -> BinaryIO:
    """The text of a stream in UTF-8, without a byte order mark; bytes that cannot be decoded become FF.

    FF is not valid UTF-8, so readers set aside its record and no other.

    Args:
        stream: bytes in `encoding`.
        encoding: any that Python knows.
        head: bytes that have been read from the stream already.
    """
    return cast(BinaryIO, _Transcoded(stream, encoding, head))


def decoded(content: bytes, encoding: str | None) -> str:
    """Decodes a whole text.

    Raises:
        ValueError: the text is not in the encoding; says where, without quoting it.
    """
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(not_decoded(error, content, encoding)) from None


def not_decoded(error: UnicodeDecodeError, content: bytes, encoding: str | None = None) -> str:
    """Why bytes at the beginning of a file are not text, and the remedy where the bytes show it."""
    if encoding:
        return f"not valid {encoding} at byte {error.start}"
    return f"not valid UTF-8 at byte {error.start}{UTF16_HINT if is_utf16(content) else ''}"


def is_utf16(head: bytes) -> bool:
    """Whether a file with this beginning is UTF-16."""
    return head.startswith(_UTF16_MARKS)


def refuse_utf16(head: bytes, where: str) -> None:
    """Raises UsageError where a file to be read as UTF-8 begins like UTF-16."""
    if is_utf16(head):
        raise UsageError(f"{where} is UTF-16 text: read it with --encoding utf-16")


class _Transcoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str, head: bytes) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(_MARK)
        self._head = head
        self._output = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._output and not self._ended:
            piece = self._head or self._stream.read(_PIECE)
            self._head = b""
            self._ended = not piece
            text = self._decoder.decode(piece, final=self._ended)
            self._output = memoryview(text.encode("utf-8", _MARK))
        size = min(len(buffer), len(self._output))
        buffer[:size] = self._output[:size]
        self._output = self._output[size:]
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


def _mark(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replaces bytes that cannot be decoded by lone surrogates, which are then encoded as invalid UTF-8."""
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    assert isinstance(error, UnicodeEncodeError)
    return b"\xff" * (error.end - error.start), error.end


codecs.register_error(_MARK, _mark)

"""Counts the bytes of inputs that this process has read, which shows its progress in a file that is one stream."""

from __future__ import annotations

import io
from typing import Any

_BUFFER = 1 << 16
_read = 0


def bytes_read() -> int:
    """Stored bytes read since the process began; those read twice count twice."""
    return _read


def count_bytes(size: int) -> None:
    """Add to the bytes read."""
    global _read
    _read += size


def open_counted(path: str) -> io.BufferedReader:
    """A local file, whose bytes are counted as they are read."""
    return io.BufferedReader(_CountedFile(path), _BUFFER)


class _CountedFile(io.FileIO):
    def readinto(self, buffer: Any) -> int | None:
        size = super().readinto(buffer)
        count_bytes(size or 0)
        return size

    def readall(self) -> bytes:
        content = super().readall() or b""
        count_bytes(len(content))
        return content

"""Remote files of which every byte must come."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from openbioner_batch.formats.base import InputFile


class WholeFile(io.RawIOBase):
    """A remote file whose every byte must come: an answer that is cut short on the way is no end of the file."""

    def __init__(self, stream: BinaryIO, file: InputFile, file_system: object) -> None:
        self._stream = stream
        self._file = file
        self._kept = file_system  # an archive's closes its streams when it is dropped

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        start = self._stream.tell()
        left = max(0, self._file.size - start)
        content = self._stream.read(size)
        require_length(self._file, left if size < 0 else min(size, left), len(content))
        return content

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()


def require_length(file: InputFile, expected: int, came: int) -> None:
    """Raises OSError where fewer bytes came than the file has."""
    if came < expected:
        raise OSError(f"{file.uri} came short: {came} of {expected} bytes")

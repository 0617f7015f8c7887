"""Reads remote files completely, and notices missing bytes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.meter import count_bytes

PAUSES_S = (0.1, 0.5, 2.0)
"""Seconds before a request is sent again."""


class WholeFile(io.RawIOBase):
    """A remote file that is read completely: a response that is cut short does not count as the end of the file.

    Args:
        stream: the file as its store opens it; closed with this object.
        file: the file's listing, for its size and for messages.
        file_system: kept as long as the stream.
    """

    def __init__(self, stream: BinaryIO, file: InputFile, file_system: object) -> None:
        self._stream = stream
        self._file = file
        self._kept = file_system  # an archive's file system closes its streams when it is dropped

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """As many bytes as are asked for; fewer only at the end of the file.

        Raises:
            OSError: the store does not give them.
        """
        start = self._stream.tell()
        left = max(0, self._file.size - start)

        def fetch() -> bytes:
            self._stream.seek(start)
            return self._stream.read(size)

        content = fetch_whole(self._file, left if size < 0 else min(size, left), fetch)
        count_bytes(len(content))
        return content

    def readinto(self, buffer: Any) -> int:
        """As `read`, into a buffer of that size; the number of bytes that came."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any stream."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """As of any stream."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the store's stream too."""
        self._stream.close()
        super().close()


def fetch_whole(file: InputFile, expected: int, fetch: Callable[[], bytes]) -> bytes:
    """A store's response, requested again where it is incomplete or a checksum is wrong.

    Args:
        file: the file, for messages.
        expected: bytes.
        fetch: sends the request to the store; the store's client has already retried what raises OSError.

    Raises:
        OSError: the store does not respond, or not completely.
    """
    for pause in (*PAUSES_S, None):
        try:
            content = fetch()
            if len(content) >= expected:
                return content
            reason = f"came short: {len(content)} of {expected} bytes"
        except OSError:
            raise
        except Exception as error:  # clients of stores have their own errors, such as for a wrong checksum
            reason = f"cannot be read: {' '.join(str(error).split())}"
        if pause is not None:
            time.sleep(pause)
    raise OSError(f"{label_of(file.uri)} {reason}")

"""Opening Parquet: footers, readers, and which errors are a damaged file's and which its store's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import pyarrow as pa

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import open_stored

_READ_BYTES = 4 << 20
DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises on damaged bytes; the last of them on names of columns."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What planning needs of a file's footer."""

    schema: pa.Schema
    sizes: tuple[int, ...]
    """Bytes of each row group, not compressed."""


class WatchedStream:
    """A stream that remembers its own failure, so that a store's error is not taken for a damaged file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: Exception | None = None
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """As of any stream; an error is kept in `failure`."""
        try:
            return self._stream.read(size)
        except Exception as error:
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any stream."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """As of any stream."""
        return self._stream.tell()

    def reraise(self) -> None:
        """Raises the stream's own failure, if there was one."""
        if self.failure is not None:
            raise self.failure from None

    def readable(self) -> bool:
        """Always: Arrow requires it."""
        return True

    def close(self) -> None:
        """Mark it as closed; the stream below belongs to who opened it."""
        self.closed = True


# Planning needs splits, fields and types in turn; the listing's etag makes the answer safe to keep.
@lru_cache(maxsize=1 << 16)
def read_footer(file: InputFile) -> Footer | None:
    """What planning needs of a file, or None where its footer is damaged."""
    import pyarrow.parquet as pq

    with open_stored(file, ahead=False) as stream:
        source = WatchedStream(stream)
        try:
            reader = pq.ParquetFile(source)
            groups = range(reader.metadata.num_row_groups)
            sizes = tuple(reader.metadata.row_group(group).total_byte_size for group in groups)
            return Footer(reader.schema_arrow.remove_metadata(), sizes)
        except DAMAGE:
            source.reraise()
            return None


def open_reader(source: WatchedStream) -> Any:
    """The file's reader, or None where the footer is damaged."""
    import pyarrow.parquet as pq

    try:
        # A buffer makes Arrow stream each column, where it would else hold the row group's whole (as pre_buffer does).
        return pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False)
    except DAMAGE:
        source.reraise()
        return None

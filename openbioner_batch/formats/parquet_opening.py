"""Opens Parquet: footers, readers, and a distinction between errors of a damaged file and of its store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import pyarrow as pa

from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import open_stored

_READ_BYTES = 4 << 20
DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""Exceptions that Arrow raises on damaged bytes; the last one on names of columns."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What planning needs of a file's footer."""

    schema: pa.Schema
    sizes: tuple[int, ...]
    """Bytes of each row group, not compressed."""


class WatchedStream:
    """A stream that remembers its failure, so that a store's error is not taken for a damaged file."""

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
        """See `io.IOBase`."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._stream.tell()

    def reraise(self) -> None:
        """Raises the stream's failure, if there was one."""
        if self.failure is not None:
            raise self.failure from None

    def readable(self) -> bool:
        """True, as Arrow requires."""
        return True

    def close(self) -> None:
        """Mark it as closed; the underlying stream belongs to its opener."""
        self.closed = True


# planning needs splits, fields and types in turn; the listing's etag makes the result safe to cache
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
        # with a buffer Arrow streams each column; otherwise it would hold the whole row group (as pre_buffer does)
        return pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False)
    except DAMAGE:
        source.reraise()
        return None

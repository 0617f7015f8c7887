"""Reads lines of bytes and their offsets, from a whole file or a range of one, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from openbioner_batch.formats.base import Split
from openbioner_batch.formats.compression import BrokenStreamError
from openbioner_batch.formats.storage import LARGEST_RECORD, SPLIT_BYTES

_READ_BYTES = 1 << 20
_OVERHANG_BYTES = 64 << 10


def split_lines(stream: BinaryIO, split: Split) -> Iterator[tuple[int, bytes | str]]:
    """The lines whose first byte lies in a split of a plain file, each with its offset, or why one cannot be read.

    Args:
        stream: the file's bytes, seekable.
        split: a byte range.
    """
    start = _line_start(stream, split) if split.start else 0
    if start >= split.stop:
        return
    stream.seek(start)
    for offset, line in lines_with_offsets(_range(stream, start, split.stop), start):
        if offset >= split.stop:
            return
        yield offset, line
        if isinstance(line, bytes) and offset + len(line) + 1 >= split.stop:
            return


def pieces_of(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream from its current position, in pieces of bounded size."""
    return iter(lambda: stream.read(_READ_BYTES), b"")


def _line_start(stream: BinaryIO, split: Split) -> int:
    """The first offset of the split at which a line begins, or its end without one."""
    position = split.start - 1
    stream.seek(position)
    while block := stream.read(min(_OVERHANG_BYTES, split.stop - position)):
        place = block.find(b"\n")
        if place >= 0:
            return position + place + 1
        position += len(block)
    return split.stop


def _range(stream: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` on in large reads up to `stop`, then in small ones, for the last line's end."""
    while block := stream.read(min(stop - start, SPLIT_BYTES) if start < stop else _OVERHANG_BYTES):
        start += len(block)
        yield block


def lines_with_offsets(
    chunks: Iterable[bytes], offset: int = 0, limit: int = LARGEST_RECORD
) -> Iterator[tuple[int, bytes | str]]:
    """Lines without their ends, each with the offset of its first byte; never more than `limit` bytes are held."""
    held: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                size += len(end)
                yield offset, b"".join([*held, end]) if size <= limit else _too_long(limit)
                offset, size = offset + size + 1, 0
                held.clear()
            size += len(rest)
            if size <= limit:
                held.append(rest)
            else:
                held.clear()
    except BrokenStreamError as error:
        yield offset, error.reason
        return
    if size:
        yield offset, b"".join(held) if size <= limit else _too_long(limit)


def _too_long(limit: int) -> str:
    return f"a line of more than {limit} bytes"

"""Unpacks gzip, Zstandard, bzip2 and xz streams, and reports where one breaks."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import Any, BinaryIO, cast

from openbioner_batch.formats.registry import COMPRESSIONS as COMPRESSIONS
from openbioner_batch.records import UNREAD

_PACKED_PIECE = 16 << 10
_PIECE = 1 << 20
"""The most bytes out of a decoder at a time, since 16 KiB of bzip2 may contain 16 GiB of zeros."""
_XZ_MEMORY = 256 << 20
"""The memory limit of an xz decoder: `xz -9` needs 65 MiB, a file may require gigabytes."""
_ZSTD_PIECE = 1 << 10
"""Bytes into a Zstandard decoder at a time, which cannot limit its output: at most 32 MiB for these."""


class BrokenStreamError(Exception):
    """Compressed bytes that end early or are damaged; everything before them has been returned.

    Args:
        message: what is wrong.
        leaves_bytes: whether unreadable bytes follow.
    """

    def __init__(self, message: str, leaves_bytes: bool = False) -> None:
        super().__init__(message)
        self.reason = f"{message}: {UNREAD}" if leaves_bytes else message
        """The reason of a rejected record that represents the unread rest of a file."""


def unpacked(stream: BinaryIO, packed: str) -> BinaryIO:
    """The content of a stream packed as `packed`, a suffix of `COMPRESSIONS`; see `open_input`."""
    return cast(BinaryIO, _Unpacked(stream, packed))


class _Unpacked(io.RawIOBase):
    """The content of a packed stream of any number of members (frames), in pieces of bounded size.

    It calls the decoders directly because the standard readers lose their buffer when a stream breaks (gzip, bz2)
    or take a cut stream for a whole one (zstandard).
    """

    def __init__(self, source: BinaryIO, packed: str) -> None:
        self._source = source
        self._packed = packed
        self._decoder: Any = None
        self._begun = False
        self._input = b""
        self._holds_more = False
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._output:
            self._output = memoryview(self._unpack())
        size = min(len(buffer), len(self._output))
        buffer[:size] = self._output[:size]
        self._output = self._output[size:]
        return size

    def close(self) -> None:
        self._source.close()
        super().close()

    def _unpack(self) -> bytes:
        """The next piece of content; empty at the end."""
        while True:
            if not self._holds_more:
                self._input = self._input or self._source.read(_PACKED_PIECE)
                if not self._input:
                    if self._decoder is not None or not self._begun:
                        raise BrokenStreamError(f"the {self._packed} stream ends early")
                    return b""
            if self._decoder is None:
                # Zeros after a member are padding (tapes, block devices).
                self._input = self._input.lstrip(b"\0") if self._begun else self._input
                if not self._input:
                    continue
                self._decoder, self._begun = _decoder(self._packed), True
            try:
                output = self._decode()
            except Exception:
                # only the decoder runs here: zlib.error, OSError of bz2, ZstdError
                raise BrokenStreamError(f"the {self._packed} stream is damaged", leaves_bytes=True) from None
            if self._decoder.eof:
                self._decoder, self._holds_more = None, False
            if output:
                return output

    def _decode(self) -> bytes:
        """The decoder's output for the next input or its buffer; input that it did not use is kept."""
        decoder = self._decoder
        if self._packed == ".zst":
            taken, self._input = self._input[:_ZSTD_PIECE], self._input[_ZSTD_PIECE:]
            output = cast(bytes, decoder.decompress(taken))
            self._input = decoder.unused_data + self._input
            return output
        output = cast(bytes, decoder.decompress(self._input, _PIECE))
        self._input = decoder.unused_data if decoder.eof or self._packed != ".gz" else decoder.unconsumed_tail
        self._holds_more = len(output) == _PIECE
        return output


def _decoder(packed: str) -> Any:
    if packed == ".gz":
        return zlib.decompressobj(wbits=31)
    if packed == ".bz2":
        return bz2.BZ2Decompressor()
    if packed == ".xz":
        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()

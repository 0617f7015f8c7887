"""Unpacks gzip, Zstandard and bzip2 streams, and tells where one breaks."""

from __future__ import annotations

import bz2
import io
import zlib
from typing import Any, BinaryIO, cast

COMPRESSIONS = (".gz", ".zst", ".bz2")

_PACKED_PIECE = 16 << 10


class BrokenStreamError(Exception):
    """Compressed bytes that end early or are damaged; all that came before them has been handed out."""


def unpacked(stream: BinaryIO, packed: str) -> BinaryIO:
    """The content of a stream that is packed as its suffix `packed` says, one of `COMPRESSIONS`; see `open_input`."""
    return cast(BinaryIO, _Unpacked(stream, packed))


class _Unpacked(io.RawIOBase):
    """The content of a packed stream of any number of members (frames), in pieces of bounded size.

    The decoders are driven by hand because the ready-made readers lose what they hold when a stream breaks (gzip, bz2)
    or take a cut stream for a whole one (zstandard).
    """

    def __init__(self, source: BinaryIO, packed: str) -> None:
        self._source = source
        self._packed = packed
        self._decoder: Any = None
        self._begun = False
        self._input = b""
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
                output = cast(bytes, self._decoder.decompress(self._input))
            except Exception:
                # Only the decoder runs here: zlib.error, OSError of bz2, ZstdError.
                raise BrokenStreamError(f"the {self._packed} stream is damaged") from None
            if self._decoder.eof:
                self._input, self._decoder = self._decoder.unused_data, None
            else:
                self._input = b""
            if output:
                return output


def _decoder(packed: str) -> Any:
    if packed == ".gz":
        return zlib.decompressobj(wbits=31)
    if packed == ".bz2":
        return bz2.BZ2Decompressor()
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()

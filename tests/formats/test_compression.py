from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats.compression import COMPRESSIONS, BrokenStreamError, unpacked

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
LONG = b"".join(b"%d squared is %d\n" % (n, n * n) for n in range(40_000))
PACKED = {name: pack(LONG) for name, pack in PACKERS.items()}


def test_every_way_to_pack_is_tested() -> None:
    assert set(PACKERS) == set(COMPRESSIONS)


def drain(stored: bytes, packed: str) -> tuple[bytes, str | None]:
    """What comes out, and why it stops before the end."""
    content = b""
    with unpacked(io.BytesIO(stored), packed) as stream:
        try:
            while piece := stream.read(50_000):
                content += piece
        except BrokenStreamError as error:
            return content, str(error)
    return content, None


@pytest.mark.parametrize("packed", PACKERS)
@given(members=st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_any_number_of_members_come_out_as_one_stream(packed: str, members: list[bytes]) -> None:
    stored = b"".join(PACKERS[packed](member) for member in members)
    assert drain(stored, packed) == (b"".join(members), None)


@pytest.mark.parametrize("packed", PACKERS)
@given(data=st.data())
def test_a_cut_stream_gives_what_came_before_and_says_so(packed: str, data: st.DataObject) -> None:
    stored = PACKED[packed]
    content, why = drain(stored[: data.draw(st.integers(0, len(stored) - 1))], packed)
    assert LONG.startswith(content)
    assert why == f"the {packed} stream ends early"


def test_a_gzip_cut_in_its_middle_loses_nothing_before_the_cut() -> None:
    stored = gzip.compress(LONG)
    content, _ = drain(stored[: len(stored) // 2], ".gz")
    assert len(content) > len(LONG) // 3


@pytest.mark.parametrize("packed", PACKERS)
def test_damage_gives_what_came_well_before_it(packed: str) -> None:
    content, why = drain(PACKED[packed] + b"no such header", packed)
    assert LONG.startswith(content)
    assert why == f"the {packed} stream is damaged" or why == f"the {packed} stream ends early"


def test_a_wrong_checksum_is_damage() -> None:
    stored = bytearray(gzip.compress(LONG))
    stored[-8] ^= 1
    assert drain(bytes(stored), ".gz")[1] == "the .gz stream is damaged"


def test_zeros_after_a_member_are_padding() -> None:
    assert drain(gzip.compress(b"abc") + bytes(40_000) + gzip.compress(b"def"), ".gz") == (b"abcdef", None)


@pytest.mark.parametrize("packed", PACKERS)
def test_members_that_unpack_to_more_than_a_piece_are_followed_by_others(packed: str) -> None:
    large = bytes(3 << 20)
    stored = PACKERS[packed](large) + PACKERS[packed](b"x") + PACKERS[packed](large) + bytes(512)
    assert drain(stored, packed) == (large + b"x" + large, None)


@pytest.mark.parametrize("packed", PACKERS)
def test_a_bomb_comes_out_in_pieces(packed: str) -> None:
    stream = unpacked(io.BytesIO(PACKERS[packed](bytes(128 << 20))), packed)
    tracemalloc.start()
    try:
        assert sum(len(piece) for piece in iter(lambda: stream.read(1 << 20), b"")) == 128 << 20
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("mebibytes", "code", "fits"), [(128, 30, True), (512, 34, False)])
def test_an_xz_stream_that_requires_too_much_memory_is_refused(mebibytes: int, code: int, fits: bool) -> None:
    stored = bytearray(lzma.compress(b"fever", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    size = 4 * (stored[12] + 1)  # of the block's header, which the stream's 12 bytes precede
    assert (2 | code & 1) << (code // 2 + 11) == mebibytes << 20
    stored[16] = code  # the size of the dictionary
    stored[12 + size - 4 : 12 + size] = zlib.crc32(stored[12 : 12 + size - 4]).to_bytes(4, "little")
    assert drain(bytes(stored), ".xz") == ((b"fever", None) if fits else (b"", "the .xz stream is damaged"))

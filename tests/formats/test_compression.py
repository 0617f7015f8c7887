from __future__ import annotations

import bz2
import gzip
import io
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats.compression import BrokenStreamError, unpacked

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
LONG = b"".join(b"%d squared is %d\n" % (n, n * n) for n in range(40_000))
PACKED = {name: pack(LONG) for name, pack in PACKERS.items()}


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

"""Texts in other encodings, read in pieces: what comes out is UTF-8, and what is no text is marked."""

from __future__ import annotations

import gzip
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.formats.compression import unpacked
from openbioner_batch.formats.encoding import transcoded

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufeff"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
@given(text=TEXTS, head=st.integers(0, 5), size=st.integers(1, 9))
def test_a_text_comes_out_in_utf_8_however_it_is_read(encoding: str, text: str, head: int, size: int) -> None:
    stored = text.encode(encoding)
    stream = transcoded(io.BytesIO(stored[head:]), encoding, stored[:head])
    assert b"".join(iter(lambda: stream.read(size), b"")) == text.encode()


def test_bytes_that_are_no_text_become_one_that_is_no_utf_8() -> None:
    assert transcoded(io.BytesIO(b"a\x81b"), "cp1252").read() == b"a\xffb"
    assert transcoded(io.BytesIO("é".encode("utf-16-le")[:1]), "utf-16-le").read() == b"\xff"


class Watched(io.BytesIO):
    """Remembers how many bytes were wanted at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        self.most = max(self.most, len(self.getbuffer()) if size is None or size < 0 else size)
        return super().read(size)


def test_no_stream_is_read_whole() -> None:
    content = random.Random(1).randbytes(3 << 20)
    plain, packed = Watched(content), Watched(gzip.compress(content, 1))
    assert transcoded(plain, "latin-1").read(1)
    assert unpacked(packed, ".gz").read(1) == content[:1]
    assert max(plain.most, packed.most) <= 1 << 20

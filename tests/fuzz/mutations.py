"""Damage: bytes of valid files flipped, cut, spliced, repeated, nested, re-encoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

TOKENS = (
    *(b"\0", b"\r", b"\n", b"\r\n", b"\n\n", b"\t", b'"', b'""', b"'", b"\\", b"|t|", b"|a|", b"T1\t", b";", b"::"),
    *(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1a"),
    *(b"\\ud800", b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"-1", b"null", b"[]", b"{}", b"true", b"PAR1"),
    *(b"&#0;", b"&amp;", b"&undeclared;", b"<![CDATA[", b"]]>", b"<!--", b"<?x?>", b"</document>", b"<passage>"),
    *(b"<PMID></PMID>", b'<!DOCTYPE a [<!ENTITY e "eeee">]>', b"-DOCSTART-", b"B-", b"I-drug", b"=", b"data:,"),
)
NUMBERS = (b"0", b"-1", b"4294967296", b"9223372036854775808", b"9" * 400, b"9" * 5000, b"1e400", b"0x10", b"1.5")
NESTS = (b"[", b"{", b'{"a":', b"<a>", b'"', b"(", b"[{")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7")

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutate(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Damage of one to four kinds.

    Args:
        rng: decides everything.
        data: a file.
        others: files of which pieces may come in.
    """
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        data = rng.choice(MUTATIONS)(rng, data, others)
    return data


def _flip(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 8, 64)) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, stop = _slice(rng, data)
    return data[:start] + rng.randbytes(min(stop - start, 64)) + data[stop:]


def _truncate(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.8 else data[rng.randrange(len(data) + 1) :]


def _cut_out(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, stop = _slice(rng, data)
    return data[:start] + data[stop:]


def _repeat(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, stop = _slice(rng, data)
    return data[:start] + data[start:stop] * rng.choice((2, 3, 50)) + data[stop:]


def _splice(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    start, stop = _slice(rng, other)
    place, end = _slice(rng, data)
    return data[:place] + other[start:stop] + data[end if rng.random() < 0.5 else place :]


def _insert(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    for _ in range(rng.choice((1, 1, 3, 20))):
        place = rng.randrange(len(data) + 1)
        data = data[:place] + rng.choice(TOKENS) + data[place:]
    return data


def _number(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    found = [match.span() for match in re.finditer(rb"[0-9]+", data)]
    if not found:
        return data
    start, stop = rng.choice(found)
    return data[:start] + rng.choice(NUMBERS) + data[stop:]


def _nest(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(NESTS) * rng.choice((2, 300, 2000, 20000)) + data[place:]


def _encode(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(ENCODINGS), "replace")


def _line_ends(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    ends = rng.choice(((b"\r\n",), (b"\r",), (b"\n", b"\r\n", b"\r", b"\n\n", b"\n\r")))
    return b"".join(line + rng.choice(ends) for line in data.split(b"\n"))


def _slice(rng: Random, data: bytes) -> tuple[int, int]:
    """A piece, short more often than long."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 4, 16, 64, 256, len(data) + 1)))


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip, _overwrite, _truncate, _cut_out, _repeat, _splice, _insert, _number, _nest, _encode, _line_ends),
)

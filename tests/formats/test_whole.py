"""Answers of a store that are not the whole are requested again."""

from __future__ import annotations

import pytest

from openbioner_batch.formats import whole
from openbioner_batch.formats.base import InputFile

FILE = InputFile("s3://bucket/a", 4, "")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "PAUSES_S", (0.0, 0.0))


def fetched(*answers: bytes | Exception) -> bytes:
    """What comes of a store that answers so, one time after another."""
    left = list(answers)

    def fetch() -> bytes:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return whole.fetch_whole(FILE, 4, fetch)


def test_a_short_or_damaged_answer_is_asked_for_again() -> None:
    assert fetched(b"ab", ValueError("wrong checksum"), b"abcd") == b"abcd"


def test_what_never_comes_whole_is_named() -> None:
    with pytest.raises(OSError, match="s3://bucket/a came short: 3 of 4 bytes"):
        fetched(b"a", b"ab", b"abc")
    with pytest.raises(OSError, match="s3://bucket/a cannot be read: wrong checksum"):
        fetched(*[ValueError("wrong checksum")] * 3)


def test_what_the_stores_client_has_tried_again_is_not() -> None:
    with pytest.raises(PermissionError):
        fetched(PermissionError("no"), b"abcd")

"""Assigns templates, names and bodies to splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SPLITS = ("train", "development", "test")
_TRAIN, _DEVELOPMENT = 0.6, 0.7
"""Hashes up to the first share are for training, up to the second for development, the rest for the test."""


def split_of(text: str) -> str:
    """The split of `text`, by its hash."""
    place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    return SPLITS[0] if place < _TRAIN else SPLITS[1] if place < _DEVELOPMENT else SPLITS[2]


def in_split(texts: Iterable[str], split: str | None) -> list[str]:
    """The `texts` that belong to `split` (all of them for None), in order."""
    return [text for text in texts if split is None or split_of(text) == split]

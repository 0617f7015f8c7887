"""Which side of the split a template, a name or a body is on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SIDES = ("train", "development", "test")
_TRAIN, _DEVELOPMENT = 0.6, 0.7
"""Up to the first share all is for training, up to the second for development, the rest for the test."""


def side_of(text: str) -> str:
    """The side of whatever `text` names, by its hash."""
    place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    return SIDES[0] if place < _TRAIN else SIDES[1] if place < _DEVELOPMENT else SIDES[2]


def on_side(texts: Iterable[str], side: str | None) -> list[str]:
    """Those of `texts` that are on `side` (all of them for None), in their order."""
    return [text for text in texts if side is None or side_of(text) == side]

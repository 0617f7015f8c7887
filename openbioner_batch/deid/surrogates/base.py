"""The result of every generator of surrogates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InventedValue:
    """An invented value, and its parts that must not equal an original of the same note."""

    text: str
    invented: frozenset[str] = frozenset()
    """Its invented words and numbers, normalised as by `comparable_forms`."""

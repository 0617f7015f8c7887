"""What every generator of surrogates gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InventedValue:
    """An invented value, and what of it must not coincide with an original of the same note."""

    text: str
    invented: frozenset[str] = frozenset()
    """Its invented words and numbers, normalised as by `comparable_forms`."""

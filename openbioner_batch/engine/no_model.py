"""Implements the engine's scoring interface for a run without a model, such as one by dictionaries alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.records import Span


@dataclass(frozen=True, slots=True)
class Untagged:
    """A text without spans."""

    spans: tuple[Span, ...] = ()
    windows: int = 0
    repeated: int = 0
    tokens: int = 0


class NoModel:
    """A factory, preparer and scorer that find nothing."""

    def fingerprint(self) -> dict[str, Any]:
        """No model and no types."""
        return {"model": None, "types": "", "descriptions": {}}

    def preparer(self) -> NoModel:
        """Returns itself: there is nothing to load."""
        return self

    def scorer(self) -> NoModel:
        """Returns itself: there is nothing to load."""
        return self

    def prepare(self, texts: Sequence[str]) -> int:
        """The number of texts."""
        return len(texts)

    def score(self, prepared: int) -> list[Untagged]:
        """No spans for each text."""
        return [Untagged()] * prepared

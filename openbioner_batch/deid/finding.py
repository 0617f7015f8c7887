"""What finding passes to replacing: ranges of text that hold protected health information."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """An identifier in a text: half-open code-point offsets, its type in the PHI catalog, and who found it."""

    start: int
    end: int
    type: str
    score: float
    """Highest of the recognizers' scores, from 0 to 1."""
    recognizers: tuple[str, ...]
    """Names of all that found it, sorted: "model", "pattern:date", "known:name", ..."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"[{self.start}, {self.end}) is not a range of text")

"""Annotated passages, the training data in every storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AnnotatedMention:
    """Half-open code-point offsets into the passage, and the type's normalised name (lower case, underscores)."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class AnnotatedPassage:
    """A few sentences with the mentions in them. Mentions may overlap or nest, also under several types."""

    passage_id: str
    """Unique within its source."""
    source: str
    """The corpus, or the run that annotated it."""
    text: str
    mentions: tuple[AnnotatedMention, ...]
    unsure: tuple[tuple[int, int], ...] = ()
    """Ranges without a label, neither yes nor no."""
    annotated: tuple[str, ...] | None = None
    """Types of which every mention is marked, so that the absent ones are true negatives; None for open-type
    annotation, where any type that is not mentioned may be queried as a negative."""

    def __post_init__(self) -> None:
        for start, end in [*((m.start, m.end) for m in self.mentions), *self.unsure]:
            if not 0 <= start < end <= len(self.text):
                raise ValueError(f"passage {self.passage_id}: [{start}, {end}) is outside its {len(self.text)} letters")


def passage_from_row(row: Mapping[str, Any]) -> AnnotatedPassage:
    """The passage of a row of `PASSAGE_SCHEMA`, as `to_pylist` gives it, or of JSON.

    Raises:
        ValueError: offsets outside the text.
    """
    return AnnotatedPassage(
        row["passage_id"],
        row["source"],
        row["text"],
        tuple(AnnotatedMention(mention["start"], mention["end"], mention["type"]) for mention in row["mentions"]),
        tuple((stretch["start"], stretch["end"]) for stretch in row["unsure"]),
        None if row["annotated"] is None else tuple(row["annotated"]),
    )


def row_of(passage: AnnotatedPassage) -> dict[str, Any]:
    """The row of a passage: the inverse of `passage_from_row`."""
    return {
        "passage_id": passage.passage_id,
        "source": passage.source,
        "text": passage.text,
        "mentions": [{"start": m.start, "end": m.end, "type": m.type} for m in passage.mentions],
        "unsure": [{"start": start, "end": end} for start, end in passage.unsure],
        "annotated": None if passage.annotated is None else list(passage.annotated),
    }

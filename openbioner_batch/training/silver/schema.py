"""The one layout of training data: passages with mentions, and types with views of their description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

MENTION = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
    ]
)
STRETCH = pa.struct([pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)])

PASSAGE_SCHEMA = pa.schema(
    [
        pa.field("passage_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("mentions", pa.list_(MENTION), nullable=False),
        pa.field("unsure", pa.list_(STRETCH), nullable=False),
        pa.field("annotated", pa.list_(pa.string())),
    ]
)
DESCRIPTION_SCHEMA = pa.schema(
    [
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("view", pa.string(), nullable=False),
        pa.field("description", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Mention:
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
    mentions: tuple[Mention, ...]
    unsure: tuple[tuple[int, int], ...] = ()
    """Stretches that teach nothing, neither yes nor no."""
    annotated: tuple[str, ...] | None = None
    """Types of which every mention is marked, so that the absent ones are true negatives; None for open-type
    annotation, where any type that is not mentioned may be asked as a negative."""

    def __post_init__(self) -> None:
        for start, end in [*((m.start, m.end) for m in self.mentions), *self.unsure]:
            if not 0 <= start < end <= len(self.text):
                raise ValueError(f"passage {self.passage_id}: [{start}, {end}) is outside its {len(self.text)} letters")


def passages_table(passages: Sequence[AnnotatedPassage]) -> pa.Table:
    """Passages as rows of `PASSAGE_SCHEMA`."""
    return pa.Table.from_pylist([_row(passage) for passage in passages], schema=PASSAGE_SCHEMA)


def passage_from_row(row: Mapping[str, Any]) -> AnnotatedPassage:
    """The passage of a row of `PASSAGE_SCHEMA`, as `to_pylist` gives it.

    Raises:
        ValueError: offsets outside the text.
    """
    return AnnotatedPassage(
        row["passage_id"],
        row["source"],
        row["text"],
        tuple(Mention(mention["start"], mention["end"], mention["type"]) for mention in row["mentions"]),
        tuple((stretch["start"], stretch["end"]) for stretch in row["unsure"]),
        None if row["annotated"] is None else tuple(row["annotated"]),
    )


def _row(passage: AnnotatedPassage) -> dict[str, Any]:
    return {
        "passage_id": passage.passage_id,
        "source": passage.source,
        "text": passage.text,
        "mentions": [{"start": m.start, "end": m.end, "type": m.type} for m in passage.mentions],
        "unsure": [{"start": start, "end": end} for start, end in passage.unsure],
        "annotated": None if passage.annotated is None else list(passage.annotated),
    }

"""The records that all rooms share: documents, entity types, spans. Their Arrow schemas are in `schemas.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

MOST_TYPES_IN_A_GROUP = 25
"""Types queried together compete with one NEG; training saw 15 to 25 at once."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """A kind of mention, described to the model in plain language."""

    name: str
    description: str


TypeGroup = tuple[EntityType, ...]
"""Types that compete with each other; spans of different groups may overlap."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """The assertion of a mention; all false means that the patient has it now."""

    negated: bool = False
    """It is denied: "no fever"."""
    uncertain: bool = False
    """It is possible: "suspected pneumonia"."""
    hypothetical: bool = False
    """It is conditional or future: "return if fever develops"."""
    historical: bool = False
    """It is past: "history of stroke"."""
    family: bool = False
    """It is about somebody else: "her mother had breast cancer"."""

    @property
    def words(self) -> tuple[str, ...]:
        """The names of the flags that are set, in the order of the fields."""
        return tuple(name for name in ASSERTIONS if getattr(self, name))

    @property
    def is_absent(self) -> bool:
        """Whether the patient does not have it, as far as the text says: one of `ABSENT` is set."""
        return any(getattr(self, name) for name in ABSENT)


ASSERTIONS = ("negated", "uncertain", "hypothetical", "historical", "family")
"""The flags of an `Assertion`, in order."""
ABSENT = ("negated", "hypothetical", "family")
"""The flags of what the patient does not have."""


@dataclass(frozen=True, slots=True)
class ConceptLink:
    """A concept of a vocabulary that a mention may mean."""

    id: str
    name: str
    """Its preferred name."""
    score: float
    """How well the mention matches one of its names: 1 is exact."""


@dataclass(frozen=True, slots=True)
class Span:
    """One mention: half-open code-point offsets into its document, and `text[start:end]`.

    The other fields are None unless the run requests them.
    """

    start: int
    end: int
    type: str
    score: float
    text: str
    assertion: Assertion | None = None
    section: str | None = None
    """The kind of its section; None also outside of sections."""
    concepts: tuple[ConceptLink, ...] | None = None
    """Candidate concepts, best first; empty where none is certain."""
    found_by: str | None = None
    """Its finder: one of `FINDERS`."""

    @property
    def concept(self) -> ConceptLink | None:
        """The best of `concepts`, if there are any."""
        return self.concepts[0] if self.concepts else None


@dataclass(frozen=True, slots=True)
class Document:
    """One text to tag. `metadata` holds the columns that the user keeps."""

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record of an input that became a document. (`source`, `record`) is its identity."""

    source: str
    record: int
    document: Document


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not become a document. `reason` never quotes the record."""

    source: str
    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """A notice that an earlier document with this id is withdrawn (PubMed's DeleteCitation)."""

    source: str
    record: int
    document_id: str


Record = Parsed | Rejected | Deletion

UNREAD = "the rest of the file is unread"
"""The end of the reason of a rejected record that represents an unknown number: a run with one fails at its end."""

FINDERS = ("model", "dictionary", "both")
"""The finders of spans."""


def group_types(
    types: Sequence[EntityType] | Sequence[Sequence[EntityType]],
    most: int = MOST_TYPES_IN_A_GROUP,
) -> tuple[TypeGroup, ...]:
    """Types as groups of at most `most`: one group where they fit, else even consecutive parts.

    Args:
        types: entity types, or groups of them (each split further only where it is too large).
        most: the largest group.
    """
    groups: list[TypeGroup] = []
    flat: list[EntityType] = []
    for item in types:
        if isinstance(item, EntityType):
            flat.append(item)
        else:
            groups.extend(group_types(tuple(item), most))
    if flat:
        parts = -(-len(flat) // most)
        bounds = [len(flat) * part // parts for part in range(parts + 1)]
        groups.extend(tuple(flat[a:b]) for a, b in pairwise(bounds))
    return tuple(groups)

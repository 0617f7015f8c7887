"""What a vocabulary is, whatever file it comes from."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


class NameKind(enum.IntEnum):
    """How near a name is to what its concept means; a lower one wins a tie."""

    PREFERRED = 0
    EXACT = 1
    RELATED = 2
    """Narrower, broader or otherwise related."""


@dataclass(frozen=True, slots=True)
class Name:
    """One of a concept's names."""

    text: str
    kind: NameKind = NameKind.EXACT
    is_abbreviation: bool = False
    """Whether the vocabulary says so; capitals alone are seen by the index."""


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of a vocabulary: the first of its names is the preferred one."""

    id: str
    names: tuple[Name, ...]
    parents: tuple[str, ...] = ()
    definition: str | None = None
    """As the vocabulary words it."""
    disjoint: tuple[str, ...] = ()
    """Concepts with which the vocabulary says that it shares nothing."""
    wordings: tuple[str, ...] = ()
    """Further definitions, in other words."""


@dataclass(frozen=True, slots=True)
class OpenedVocabulary:
    """A vocabulary's file, opened."""

    version: str | None
    """As the file states it."""
    concepts: Iterator[Concept]
    """Those in use (not obsolete), read as they are taken."""
    parents_are_wholes: bool = False
    """Whether some parents are not what a concept is, but what it is part of."""
    places: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """At which place, from 0, a class lists a member, by the ids of both; empty for formats that list none."""


RowFilter = Mapping[str, frozenset[str]]
"""For columns of a source the values of which one is wanted."""


class VocabularyReader(ABC):
    """Reads one format of vocabularies. Instances hold no state."""

    name: str
    columns: tuple[str, ...] = ()
    """What `--only` may choose by."""

    @abstractmethod
    def claims(self, path: str, head: bytes) -> bool:
        """Whether a file is of this format, by its name and its first 64 KiB (unpacked)."""

    def files(self, path: str) -> list[str]:
        """The files that are read for `path`: their bytes are what the vocabulary is made of."""
        return [path]

    @abstractmethod
    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        """Open the vocabulary.

        Args:
            path: a local file.
            only: rows to take, by `columns`.

        Raises:
            UsageError: the file is damaged or of another format, also while its concepts are taken.
        """

"""A vocabulary's index, mapped into memory: processes of one machine share its pages."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from openbioner_batch.concepts import index_file


class Vocabulary:
    """An index: concepts and names are identified by their numbers in it."""

    def __init__(self, path: str) -> None:
        """Open an index.

        Raises:
            UsageError: the file is not an index.
        """
        self.path = path
        self.arrays, self.about = index_file.mapped(path)
        self._name_concept = self.arrays["name_concept"]
        self._ancestors = functools.lru_cache(maxsize=1 << 16)(self._above)

    @property
    def digest(self) -> str:
        """Digest of the index: other content has another."""
        return str(self.about["digest"])

    @property
    def format(self) -> str:
        """The format of the source, one of `readers.READERS`."""
        return str(self.about["format"])

    def fingerprint(self) -> dict[str, Any]:
        """What results depend on, and what a user knows it by."""
        return {name: self.about[name] for name in ("format", "source", "version", "digest")}

    def __len__(self) -> int:
        """The number of concepts."""
        return int(self.arrays["id_starts"].size - 1)

    @property
    def names(self) -> int:
        """The number of names."""
        return int(self._name_concept.size)

    def id(self, concept: int) -> str:
        """The id of a concept, as the vocabulary writes it."""
        return self._text("id", concept)

    def name(self, name: int) -> str:
        """The text of a name, by the name's number."""
        return self._text("name", name)

    def names_of(self, concept: int) -> range:
        """The numbers of a concept's names."""
        first = self.arrays["concept_names"]
        return range(int(first[concept]), int(first[concept + 1]))

    def preferred(self, concept: int) -> str:
        """The concept's preferred name."""
        return self.name(int(self.arrays["concept_names"][concept]))

    def concept_of(self, name: int) -> int:
        """The concept that a name is of."""
        return int(self._name_concept[name])

    def kind(self, name: int) -> int:
        """A name's `NameKind`."""
        return int(self.arrays["name_kind"][name])

    def length(self, name: int) -> int:
        """The bytes of a name."""
        starts = self.arrays["name_starts"]
        return int(starts[name + 1] - starts[name])

    def all_names(self) -> Iterator[tuple[str, bool]]:
        """Every name, and whether it is an abbreviation."""
        return ((self.name(number), self.is_short(number)) for number in range(self.names))

    def is_short(self, name: int) -> bool:
        """Whether a name is an abbreviation."""
        return bool(self.arrays["name_short"][name])

    def parents(self, concept: int) -> Sequence[int]:
        """The numbers of the concepts right above one."""
        starts = self.arrays["parent_starts"]
        found: list[int] = self.arrays["parent_items"][starts[concept] : starts[concept + 1]].tolist()
        return found

    def ancestors(self, concept: int) -> frozenset[int]:
        """All concepts above one."""
        return self._ancestors(concept)

    def lookup(self, hashes: Sequence[int]) -> Iterator[list[int]]:
        """For each key the names that have it."""
        wanted = np.array(hashes, np.uint64)
        known = self.arrays["key_hashes"]
        left, right = np.searchsorted(known, wanted, "left"), np.searchsorted(known, wanted, "right")
        names = self.arrays["key_names"]
        for start, end in zip(left.tolist(), right.tolist(), strict=True):
            yield names[start:end].tolist() if end > start else []

    def _above(self, concept: int) -> frozenset[int]:
        found: set[int] = set()
        waiting = list(self.parents(concept))
        while waiting:
            if (parent := waiting.pop()) not in found:
                found.add(parent)
                waiting += self.parents(parent)
        return frozenset(found)

    def _text(self, name: str, number: int) -> str:
        starts = self.arrays[f"{name}_starts"]
        data = self.arrays[f"{name}_bytes"][starts[number] : starts[number + 1]]
        return data.tobytes().decode("utf-8", "surrogatepass")

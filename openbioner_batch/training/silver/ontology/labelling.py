"""Labels a passage: types that it has, types that it certainly lacks, and unsure ranges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.filters import without
from openbioner_batch.training.silver.ontology.classes import Classes
from openbioner_batch.training.silver.ontology.finding import FoundName, WordCounts, doubtful_words, unsure_ranges
from openbioner_batch.training.silver.ontology.selecting import Absence, Type

FREQUENT = "a name in too many passages"
CONFLICT = "it may be of more types than are certain"
_TRIES = 4
"""How many draws are made for each absent type."""


@dataclass(frozen=True, slots=True)
class PassageNames:
    """A passage with the names in it."""

    passage_id: str
    text: str
    found: tuple[FoundName, ...]


@dataclass(frozen=True, slots=True)
class PassageTypes:
    """The names of a passage, and its certain types.

    Attributes:
        found: every name; those without a doubt have certain classes.
        present: types of some names that no other name may have.
    """

    found: tuple[FoundName, ...]
    present: tuple[int, ...]


class Labeller:
    """Labels passages with a closed list of types: present ones, and certainly absent ones.

    Args:
        classes: of the vocabularies.
        types: that were selected.
        frequent: forms of names that are in doubt because they are too common.
        heads: words that end names.
        words: how often words occur in the texts.
        rare: words in fewer passages may be names that the vocabularies lack.
        absent: the most absent types of a passage.
    """

    def __init__(
        self,
        classes: Classes,
        types: Sequence[Type],
        frequent: Collection[str],
        heads: Collection[str],
        words: WordCounts,
        rare: int,
        absent: int,
    ) -> None:
        self._types = types
        self._frequent, self._heads, self._words, self._rare, self._absent = frequent, heads, words, rare, absent
        self._absence = Absence(classes)
        self._of_class: dict[int, list[int]] = defaultdict(list)
        for index, kind in enumerate(types):
            for number in kind.holds:
                self._of_class[number].append(index)
        children: dict[int, list[int]] = defaultdict(list)
        for index, kind in enumerate(types):
            for number in kind.classes:
                for parent in classes.parents[number]:
                    children[parent].append(index)
        self._near = [
            sorted(
                {near for number in kind.classes for up in classes.parents[number] for near in children[up]} - {index}
            )
            for index, kind in enumerate(types)
        ]

    def present_types(self, passage: PassageNames) -> PassageTypes:
        """The types of a passage.

        A name that might also be of a present type that it is not surely of leaves either the type or the name in
        doubt: the name, where it leaves more types in doubt than it gives.
        """
        found = [
            replace(item, doubt=FREQUENT) if not item.doubt and item.form in self._frequent else item
            for item in passage.found
        ]
        types = [self._types_of(item) for item in found]
        present = {kind for kinds in types for kind in kinds}
        clashes = [
            [] if item.doubt else [kind for kind in present.difference(kinds) if not self._is_none(item, kind)]
            for item, kinds in zip(found, types, strict=True)
        ]
        while found:
            loss = [len(clash) - len(kinds) for clash, kinds in zip(clashes, types, strict=True)]
            worst = max(range(len(found)), key=lambda place: (loss[place], -place))
            if loss[worst] <= 0:
                break
            form = found[worst].form
            for place, item in enumerate(found):
                if item.form == form and not item.doubt:
                    found[place], types[place] = replace(item, doubt=CONFLICT), []
            # types are only removed, so later clashes are among the earlier ones
            present = {kind for kinds in types for kind in kinds}
            clashes = [
                [] if item.doubt else [kind for kind in clash if kind in present]
                for item, clash in zip(found, clashes, strict=True)
            ]
        unclear = {kind for clash in clashes for kind in clash}
        return PassageTypes(tuple(found), tuple(sorted(present - unclear)))

    def label(
        self, passage: PassageNames, judged: PassageTypes, source: str, share: Mapping[int, float]
    ) -> AnnotatedPassage | None:
        """The passage to learn from; None where no type is left.

        Args:
            passage: its text.
            judged: its types.
            source: the passage's source.
            share: for each type, the fraction of its passages in which it is queried.
        """
        present = [
            kind
            for kind in judged.present
            if _chance(passage.passage_id, self._types[kind].name) < share.get(kind, 1.0)
        ]
        if not present:
            return None
        queried = set(present)
        mentions = [
            AnnotatedMention(item.start, item.end, self._types[kind].name)
            for item in judged.found
            for kind in self._types_of(item)
            if kind in queried
        ]
        uncertain_words = doubtful_words(passage.text, judged.found, self._heads, self._words, self._rare)
        unsure = without(
            unsure_ranges(judged.found, uncertain_words), [(mention.start, mention.end) for mention in mentions]
        )
        names = [
            self._types[kind].name for kind in [*present, *self._absent_types(passage.passage_id, judged, present)]
        ]
        return AnnotatedPassage(
            passage.passage_id,
            source,
            passage.text,
            tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end, mention.type))),
            tuple(unsure),
            tuple(names),
        )

    def _types_of(self, item: FoundName) -> list[int]:
        if item.doubt:
            return []
        return sorted({kind for number in item.classes for kind in self._of_class.get(number, ())})

    def _is_none(self, item: FoundName, kind: int) -> bool:
        return all(self._absence.is_none_of(number, self._types[kind]) for number in item.classes)

    def _absent_types(self, passage_id: str, judged: PassageTypes, present: Sequence[int]) -> Iterator[int]:
        """Types that no name of the passage can have: two thirds siblings of present ones, if there are enough."""
        random = np.random.default_rng(_hash(passage_id))
        sure = [item for item in judged.found if not item.doubt]
        seen = {kind for item in sure for kind in self._types_of(item)}
        near = sorted({other for kind in present for other in self._near[kind]} - seen)
        left = self._absent
        for pool, most in ((near, 2 * self._absent // 3), (range(len(self._types)), self._absent)):
            for place in random.permutation(len(pool))[: _TRIES * self._absent].tolist():
                if left <= self._absent - most or left == 0:
                    break
                kind = pool[place]
                if kind not in seen and all(self._is_none(item, kind) for item in sure):
                    seen.add(kind)
                    left -= 1
                    yield kind


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _chance(passage_id: str, name: str) -> float:
    return _hash(f"{passage_id}/{name}") / 2**64

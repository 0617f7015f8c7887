"""Which classes become entity types, and what is surely none of a type."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from openbioner_batch.training.silver.ontology.classes import Classes
from openbioner_batch.training.silver.typenames import normalise_type

MOST_OF_ALL = 0.5
"""Share of the classes of a large vocabulary that the texts name: what holds more says little about them."""


@dataclass(slots=True)
class ClassCounts:
    """What the texts name of each class, by its number."""

    mentions: Counter[int] = field(default_factory=Counter)
    forms: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, classes: Iterable[int], form: str) -> None:
        """Take up a mention, in the words that it is looked for by."""
        for number in classes:
            self.mentions[number] += 1
            self.forms[number][form] += 1


@dataclass(frozen=True, slots=True)
class Type:
    """An entity type: one class, or classes of several vocabularies that are called alike."""

    name: str
    classes: tuple[int, ...]
    holds: frozenset[int]
    """The classes at or below it that the texts name."""
    mentions: int


def select_types(
    classes: Classes,
    counts: ClassCounts,
    min_names: int,
    min_mentions: int,
    is_wanted: Callable[[str], bool] = lambda name: True,
    most_of_all: float = MOST_OF_ALL,
) -> list[Type]:
    """The types that the texts give enough examples of, by name.

    Args:
        classes: of the vocabularies.
        counts: what was found.
        min_names: different names that the texts must use for what is at or below a class.
        min_mentions: mentions of these.
        is_wanted: says of a type's name whether it may be one.
        most_of_all: of types that hold a larger share of what is named of a vocabulary, only the broadest is kept.
    """
    holds: dict[int, set[int]] = defaultdict(set)
    for number in counts.mentions:
        for above in classes.at_or_above(number):
            if classes.concepts[above].definition:
                holds[above].add(number)
    chosen = _distinct(classes, holds, most_of_all)
    by_name: dict[str, list[int]] = defaultdict(list)
    for number in chosen:
        name = normalise_type(classes.label(number))
        if name is not None and is_wanted(name):
            by_name[name].append(number)
    found: list[Type] = []
    for name, numbers in sorted(by_name.items()):
        held = frozenset(item for number in numbers for item in holds[number])
        names = {form for item in held for form in counts.forms[item]}
        mentions = sum(counts.mentions[item] for item in held)
        if len(names) >= min_names and mentions >= min_mentions:
            found.append(Type(name, tuple(numbers), held, mentions))
    return found


def _distinct(classes: Classes, holds: Mapping[int, set[int]], most_of_all: float) -> list[int]:
    """Classes of which the texts name different things.

    Of those that hold the same it is the lowest one, and of those that hold most of a vocabulary the broadest.
    """
    depth = {number: len(classes.at_or_above(number)) for number in holds}
    named: Counter[int] = Counter(classes.part[number] for number in set().union(*holds.values()))
    by_content: dict[frozenset[int], list[int]] = defaultdict(list)
    for number, held in holds.items():
        by_content[frozenset(held)].append(number)
    lowest = [max(alike, key=lambda number: (depth[number], -number)) for alike in by_content.values()]
    broad: dict[int, list[int]] = defaultdict(list)
    kept: list[int] = []
    for number in lowest:
        part = classes.part[number]
        is_broad = len(holds[number]) > most_of_all * named[part]
        (broad[part] if is_broad else kept).append(number)
    kept += [max(alike, key=lambda number: (len(holds[number]), -depth[number])) for alike in broad.values()]
    return sorted(kept)


class Absence:
    """Says of which types a class is surely none."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._known: dict[tuple[int, int], bool] = {}

    def is_none_of(self, number: int, kind: Type) -> bool:
        """Whether what a class names is surely no mention of a type.

        For each class of the type the vocabularies must speak of different things, or the one must be excluded by a
        class at or above the other.
        """
        return number not in kind.holds and all(self._excludes(number, own) for own in kind.classes)

    def _excludes(self, number: int, other: int) -> bool:
        if not self._classes.are_related(number, other):
            return True
        if (known := self._known.get((number, other))) is None:
            above = self._classes.at_or_above(number)
            known = self._known[number, other] = any(
                self._classes.exclude_each_other(one, other) for one in sorted(above, reverse=True)
            )
        return known

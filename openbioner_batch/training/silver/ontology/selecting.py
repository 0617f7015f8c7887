"""Selects the classes that become entity types, and tells which classes a type excludes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from openbioner_batch.training.silver.ontology.classes import Classes
from openbioner_batch.training.silver.typenames import normalise_type

MOST_OF_ALL = 0.5
"""Largest share of a large vocabulary's named classes below a type: a broader type says little about them."""


@dataclass(slots=True)
class ClassCounts:
    """Names and mentions of each class in the texts, by its number."""

    mentions: Counter[int] = field(default_factory=Counter)
    forms: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, classes: Iterable[int], form: str) -> None:
        """Add a mention, in its searched form."""
        for number in classes:
            self.mentions[number] += 1
            self.forms[number][form] += 1


@dataclass(frozen=True, slots=True)
class Type:
    """An entity type: one class, or classes of several vocabularies with one name."""

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
    """The types with enough examples in the texts, by name.

    Args:
        classes: of the vocabularies.
        counts: the counts of names.
        min_names: the fewest different names in the texts at or below a class.
        min_mentions: the fewest mentions of these.
        is_wanted: whether a type of this name is wanted.
        most_of_all: of types with a larger share of a vocabulary's named classes, only the broadest is kept.
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
    """Classes with different sets of named classes.

    Of those with equal sets the lowest one is taken, and of those with most of a vocabulary the broadest.
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
    """Tells which types exclude a class."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._known: dict[tuple[int, int], bool] = {}

    def is_none_of(self, number: int, kind: Type) -> bool:
        """Whether names of a class are certainly not mentions of a type.

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

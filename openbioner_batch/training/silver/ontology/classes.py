"""The classes of some vocabularies as one graph: names, ancestors, and disjoint classes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from openbioner_batch.concepts.building import below, is_short, merged
from openbioner_batch.concepts.normalising import WORD, forms
from openbioner_batch.concepts.readers import detect_reader
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind
from openbioner_batch.errors import UsageError

SAME_NAMES, FEWEST_SAME = 0.005, 5
"""Two vocabularies that share this fraction of the smaller one's names, and this many, cover the same things: a class
of one does not exclude a class of the other."""
LONGEST_NAME, MOST_NAME_WORDS = 60, 8
"""Characters and words of a name: longer ones, such as systematic names of chemicals, are rare in texts."""
MANY = 5
"""Two branches of this many classes without a common one are taken as disjoint."""


@dataclass(frozen=True, slots=True)
class VocabularyPart:
    """One vocabulary."""

    path: str
    """Its file."""
    concepts: tuple[Concept, ...]
    parents_are_wholes: bool = False
    lists_members: bool = False
    undrawn: frozenset[tuple[str, str]] = frozenset()
    """Members that are not drawn for a class, though they are of it: pairs of the class and the member, by id."""


def read_part(path: str, roots: Sequence[str] = (), members: int = 0) -> VocabularyPart:
    """The vocabulary in a file.

    Args:
        path: of any format in `concepts.readers`.
        roots: classes that are taken with all below them; none takes everything.
        members: how many members of each class are drawn, the first ones; 0 is all.

    Raises:
        UsageError: the file cannot be read, or has no classes.
    """
    found = detect_reader(path).read(path, {})
    concepts = merged(found.concepts)
    known = {concept.id for concept in concepts}
    concepts = below(concepts, [root for root in roots if root in known])
    if not concepts:
        raise UsageError(f"{path} gives no concepts")
    undrawn = frozenset(link for link, place in found.places.items() if members and place >= members)
    return VocabularyPart(path, tuple(concepts), found.parents_are_wholes, bool(found.places), undrawn)


class Classes:
    """All classes by number, in order of the vocabularies and of their identifiers."""

    def __init__(self, parts: Sequence[VocabularyPart]) -> None:
        self.concepts: list[Concept] = []
        self.part: list[int] = []
        self.number: dict[str, int] = {}
        self._parts = parts
        for index, part in enumerate(parts):
            for concept in part.concepts:
                if concept.id not in self.number:
                    self.number[concept.id] = len(self.concepts)
                    self.concepts.append(concept)
                    self.part.append(index)
        numbers = self.number
        self.parents = [[numbers[id] for id in concept.parents if id in numbers] for concept in self.concepts]
        self._above: dict[int, frozenset[int]] = {}
        self._below: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.concepts)

    def label(self, number: int) -> str:
        """The preferred name."""
        return self.concepts[number].names[0].text

    def path(self, part: int) -> str:
        """The file of a vocabulary."""
        return self._parts[part].path

    def has_parts(self, number: int) -> bool:
        """Whether descendants of a class may be its parts."""
        return self._parts[self.part[number]].parents_are_wholes

    def at_or_above(self, number: int) -> frozenset[int]:
        """A class and all its ancestors."""
        if (known := self._above.get(number)) is None:
            found, waiting = {number}, [number]
            while waiting:
                new = [parent for parent in self.parents[waiting.pop()] if parent not in found]
                found.update(new)
                waiting += new
            known = self._above[number] = frozenset(found)
        return known

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """The numbers of each class's children, by its number."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, parents in enumerate(self.parents):
            for parent in parents:
                found[parent].append(number)
        return found

    @cached_property
    def drawn_children(self) -> dict[int, list[int]]:
        """The children without the members that are not drawn for a class.

        All children of a class whose drawn members are those of an earlier vocabulary, which a member is of alone.
        """
        undrawn = {link for part in self._parts for link in part.undrawn}
        return {
            number: [child for child in known if (self.concepts[number].id, self.concepts[child].id) not in undrawn]
            or known
            for number, known in self.children.items()
        }

    def at_or_below(self, number: int) -> int:
        """A class and all its descendants, as the bits of a number."""
        if (known := self._below.get(number)) is None:
            found, waiting = {number}, [number]
            while waiting:
                new = [child for child in self.children.get(waiting.pop(), ()) if child not in found]
                found.update(new)
                waiting += new
            flags = bytearray(len(self) // 8 + 1)
            for item in found:
                flags[item >> 3] |= 1 << (item & 7)
            known = self._below[number] = int.from_bytes(flags, "little")
        return known

    def exclude_each_other(self, one: int, other: int) -> bool:
        """Whether two classes of one vocabulary have no instance in common.

        They are declared disjoint, or they have no common descendants and are siblings or too large for that to be
        chance.
        """
        if self.are_disjoint(one, other):
            return True
        if self.part[one] != self.part[other]:
            return False
        below, others = self.at_or_below(one), self.at_or_below(other)
        if below & others:
            return False
        are_siblings = not set(self.parents[one]).isdisjoint(self.parents[other])
        return are_siblings or min(below.bit_count(), others.bit_count()) >= MANY

    def are_disjoint(self, one: int, other: int) -> bool:
        """Whether the vocabulary declares two classes, or an ancestor of each, disjoint."""
        above, others = self.at_or_above(one), self.at_or_above(other)
        return any(not others.isdisjoint(self._said_disjoint[number]) for number in above & self._said_disjoint.keys())

    @cached_property
    def _said_disjoint(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for number, concept in enumerate(self.concepts):
            for other in (self.number[id] for id in concept.disjoint if id in self.number):
                found[number].add(other)
                found[other].add(number)
        return found

    @cached_property
    def by_form(self) -> dict[str, dict[int, NameKind]]:
        """For the form of each full name the classes that it names."""
        found: dict[str, dict[int, NameKind]] = defaultdict(dict)
        for number, name in self.names():
            if not is_short(name):
                known = found[" ".join(forms(name.text))]
                known[number] = min(name.kind, known.get(number, name.kind))
        return found

    def names(self) -> Iterator[tuple[int, Name]]:
        """The names that are searched: not narrower, broader and related ones, nor overlong ones."""
        for number, concept in enumerate(self.concepts):
            for name in own_names(concept):
                if len(name.text) <= LONGEST_NAME and 0 < len(WORD.findall(name.text)) <= MOST_NAME_WORDS:
                    yield number, name

    def all_names(self) -> Iterator[tuple[str, bool]]:
        """The same names as `names`, each with whether it is an abbreviation."""
        return ((name.text, is_short(name)) for _, name in self.names())

    @cached_property
    def related(self) -> frozenset[tuple[int, int]]:
        """Pairs of vocabularies that cover the same things."""
        sizes: Counter[tuple[int, int]] = Counter()
        for known in self.by_form.values():
            of = {self.part[number] for number in known}
            sizes.update((one, other) for one in of for other in of)
        parts = range(len(self._parts))
        return frozenset(
            (one, other)
            for one in parts
            for other in parts
            if one == other
            or sizes[one, other] >= max(FEWEST_SAME, SAME_NAMES * min(sizes[one, one], sizes[other, other]))
        )

    def are_related(self, one: int, other: int) -> bool:
        """Whether two classes are of vocabularies that cover the same things."""
        return (self.part[one], self.part[other]) in self.related


def own_names(concept: Concept) -> Iterable[Name]:
    """The names of a class that are searched: narrower, broader and related ones are not its own."""
    return (name for name in concept.names if name.kind is not NameKind.RELATED)

"""What a catalog is made of: types with several views of their description, in named sets with groups."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from openbioner_batch.catalog.views import NAME_VIEW, NAMED_VIEW
from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType


def normalise(name: str) -> str:
    """The form in which names are compared: `Cell-Line`, `cell line` and `cell_line` are one name."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


@dataclass(frozen=True)
class CatalogType:
    """One entity type as a catalog file describes it."""

    name: str
    """What spans of this type are called in the output."""
    aliases: tuple[str, ...]
    """Other names by which it can be requested."""
    descriptions: Mapping[str, str]
    """A description for each view (see `views.VIEWS`)."""
    source: str | None
    """Where the facts come from, if from somewhere citable."""
    set: str
    """The set that the type belongs to; a user's own file is a set named after the file."""

    def describe(self, view: str) -> EntityType:
        """The type as it is described to the model, in one view.

        Args:
            view: one of `VIEWS`, or one that is made of these: "name", "name-definition".

        Raises:
            UsageError: the type has no such view.
        """
        words = self.name.replace("_", " ")
        if view == NAME_VIEW:
            return EntityType(self.name, words)
        if view == NAMED_VIEW:
            return EntityType(self.name, f"{words}: {self.describe('definition').description}")
        if view not in self.descriptions:
            has = ", ".join(self.descriptions)
            raise UsageError(f"entity type {self.set}.{self.name} has no description view {view!r}; it has: {has}")
        return EntityType(self.name, self.descriptions[view])


@dataclass(frozen=True)
class TypeSet:
    """Types that belong together, as one YAML file declares them."""

    name: str
    summary: str
    types: tuple[CatalogType, ...]
    groups: Mapping[str, tuple[CatalogType, ...]]
    """Which types compete with each other; a type that is in none competes with the others requested."""

    @cached_property
    def _by_name(self) -> dict[str, CatalogType]:
        return {normalise(type.name): type for type in self.types}

    @cached_property
    def _by_alias(self) -> dict[str, CatalogType]:
        return {normalise(alias): type for type in self.types for alias in type.aliases}

    def named(self, name: str) -> CatalogType | None:
        """The type whose own name is `name`, in any case."""
        return self._by_name.get(normalise(name))

    def aliased(self, name: str) -> CatalogType | None:
        """The type that has `name` as an alias, in any case."""
        return self._by_alias.get(normalise(name))

    def group_of(self, type: CatalogType) -> str | None:
        """The name of the group that declares `type`."""
        return next((name for name, members in self.groups.items() if type in members), None)

    def vocabulary(self) -> list[str]:
        """Every name, alias and group name of the set."""
        return [*self._by_name, *self._by_alias, *self.groups]


@dataclass(frozen=True)
class Catalog:
    """The sets that the package carries, in the order in which a bare name is looked up."""

    sets: tuple[TypeSet, ...]

    def set_named(self, name: str) -> TypeSet | None:
        """The set called `name`, in any case."""
        return next((one for one in self.sets if normalise(one.name) == normalise(name)), None)

    def lookup(self, name: str) -> CatalogType:
        """The type that `name` means.

        A bare name or alias: types' own names win over aliases, and within each the earlier set wins. `set.name`
        requests one set only.

        Raises:
            UsageError: there is no such name; the message lists similar ones.
        """
        prefix, dot, rest = name.partition(".")
        within = self.set_named(prefix) if dot else None
        sets, wanted = ((within,), rest) if within else (self.sets, name)
        found = next(filter(None, (one.named(wanted) for one in sets)), None)
        found = found or next(filter(None, (one.aliased(wanted) for one in sets)), None)
        if found is None:
            raise UsageError(self._unknown(name))
        return found

    def describes(self, kind: EntityType) -> bool:
        """Whether a type has the name and a description of one here, in any view; a name alone is not enough."""
        return kind in self._described

    @cached_property
    def _described(self) -> frozenset[EntityType]:
        types = [kind for one in self.sets for kind in one.types]
        return frozenset(kind.describe(view) for kind in types for view in (NAME_VIEW, NAMED_VIEW, *kind.descriptions))

    def _unknown(self, name: str) -> str:
        words = [one.name for one in self.sets]
        for one in self.sets:
            words += [*one.vocabulary(), *(f"{one.name}.{word}" for word in one.vocabulary())]
        close = difflib.get_close_matches(name.casefold(), dict.fromkeys(words), n=4, cutoff=0.75)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        return (
            f"no entity type or set is called {name!r}; {hint}`openbioner-batch types` lists all "
            f"(sets: {', '.join(one.name for one in self.sets)}); for types of your own give a file that ends in .yaml"
        )

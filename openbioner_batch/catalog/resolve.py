"""From what a user requests (`--types disease,clinical,my_types.yaml`) to groups of described types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from openbioner_batch.catalog.base import CatalogType, TypeSet, normalise
from openbioner_batch.catalog.loader import load_catalog, read_type_file
from openbioner_batch.catalog.views import VIEWS
from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType, TypeGroup, group_types

_Asked = tuple[str | None, CatalogType]
"""A type and the declared group that it comes in; None where it was requested by itself."""


def resolve_types(selection: str, view: str = "definition") -> tuple[TypeGroup, ...]:
    """The groups of types that a selection means, described in one view.

    A selection is a list, separated by commas, of: names or aliases of types (`disease`), names in one set
    (`phi.date`), sets (`biomedical`), groups of a set (`biomedical.core`), and YAML files (`my_types.yaml`).
    Case, spaces and hyphens in names do not matter. A bare name means the type of that name in the first of the sets
    biomedical, clinical, phi that has it; if none has, the first that has it as an alias. Spans carry the type's own
    name, whichever alias selected it.

    >>> [[kind.name for kind in group] for group in resolve_types("disease,drug")]
    [['disease', 'drug']]

    Types of a set keep the groups that the set declares. All others (requested by name, or from a file without groups)
    compete together, in one group of up to 25 that comes first. A type requested twice keeps its first place.

    Args:
        selection: what to tag.
        view: which description of each type to use, one of `VIEWS`.

    Raises:
        UsageError: a name, set, file or view that does not exist, or two different types of one name.
    """
    if view not in VIEWS:
        raise UsageError(f"no description view is called {view!r}; expected one of: {', '.join(VIEWS)}")
    alone: list[EntityType] = []
    grouped: dict[str, list[EntityType]] = {}
    for group, type in _asked_once(selection, view):
        (alone if group is None else grouped.setdefault(group, [])).append(type.describe(view))
    return group_types([group for group in (alone, *grouped.values()) if group])


def find_types(selection: str) -> tuple[CatalogType, ...]:
    """The types that a selection means, with all that the catalog knows of them, each once, in the order requested.

    Args:
        selection: as for `resolve_types`.

    Raises:
        UsageError: a name, set or file that does not exist.
    """
    found: list[CatalogType] = []
    for _, type in _asked(selection):
        if type not in found:
            found.append(type)
    return tuple(found)


def _asked_once(selection: str, view: str) -> Iterator[_Asked]:
    first: dict[str, CatalogType] = {}
    for group, type in _asked(selection):
        before = first.get(normalise(type.name))
        if before is None:
            first[normalise(type.name)] = type
            yield group, type
        elif before.describe(view) != type.describe(view):
            raise UsageError(
                f"two different entity types are called {type.name!r}: {before.set}.{before.name} and "
                f"{type.set}.{type.name}; leave one out or rename the one in your file"
            )


def _asked(selection: str) -> Iterator[_Asked]:
    items = [item.strip() for item in selection.split(",") if item.strip()]
    if not items:
        raise UsageError("no entity types were named; give names, sets or YAML files, such as disease,drug")
    for item in items:
        yield from _expand(item)


def _expand(item: str) -> Iterator[_Asked]:
    catalog = load_catalog()
    if PurePath(item).suffix.lower() in (".yaml", ".yml"):
        yield from _members(read_type_file(item), item)
    elif whole := catalog.set_named(item):
        yield from _members(whole, whole.name)
    elif group := _group_named(item):
        yield from group
    else:
        yield None, catalog.lookup(item)


def _members(types: TypeSet, prefix: str) -> Iterator[_Asked]:
    for group, members in types.groups.items():
        yield from ((f"{prefix}.{group}", type) for type in members)
    yield from ((None, type) for type in types.types if types.group_of(type) is None)


def _group_named(item: str) -> list[_Asked]:
    prefix, _, name = item.partition(".")
    owner = load_catalog().set_named(prefix)
    if owner is None or owner.named(name) or owner.aliased(name):
        return []
    label = f"{owner.name}.{normalise(name)}"
    members = next((m for group, m in owner.groups.items() if normalise(group) == normalise(name)), ())
    return [(label, type) for type in members]

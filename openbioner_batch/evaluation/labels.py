"""Maps each label of a corpus to an entity type: `Disease=disease,Chemical=drug`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from openbioner_batch.catalog import find_types
from openbioner_batch.catalog.base import CatalogType
from openbioner_batch.catalog.views import NAME_VIEW, NAMED_VIEW, VIEWS
from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType, Span

LEFT_OUT = "-"


@dataclass(frozen=True, slots=True)
class Labels:
    """The types queried for the labels of a corpus. Labels that share a type are scored as one."""

    types: Mapping[str, CatalogType]
    """The type of each label that is queried, in the order of the request."""
    left_out: frozenset[str] = frozenset()
    """Labels whose gold spans are skipped."""

    @property
    def unique_types(self) -> tuple[CatalogType, ...]:
        """Each type once."""
        return tuple({kind.name: kind for kind in self.types.values()}.values())

    @property
    def rows(self) -> dict[str, str]:
        """For each type's name, the title of its scores: its labels."""
        rows: dict[str, list[str]] = {}
        for label, kind in self.types.items():
            rows.setdefault(kind.name, []).append(label)
        return {name: "+".join(labels) for name, labels in rows.items()}

    def typed(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """Gold spans with their types for their labels, without those that are left out."""
        return tuple(replace(span, type=self.types[span.type].name) for span in spans if span.type in self.types)

    def row_of(self, label: str) -> str:
        """The title of the scores that include gold spans of this label."""
        return self.rows[self.types[label].name]

    def described(self, view: str) -> tuple[EntityType, ...]:
        """The types with their descriptions for a model.

        Args:
            view: "name", "name-definition", or one of the catalog's views.

        Raises:
            UsageError: the view does not exist.
        """
        return tuple(kind.describe(view) for kind in self.unique_types)


def resolve_labels(pairs: Mapping[str, str]) -> Labels:
    """The types to query.

    Args:
        pairs: for each label a name or alias of the catalog, a YAML file of one type, or `-` to leave its spans out.

    Raises:
        UsageError: a name that is unknown or stands for several types, or no type at all.
    """
    types: dict[str, CatalogType] = {}
    for label, name in pairs.items():
        if name == LEFT_OUT:
            continue
        found = find_types(name)
        if len(found) != 1:
            raise UsageError(f"--types {label}={name}: {name} stands for {len(found)} types; name one of them")
        types[label] = found[0]
    if not types:
        raise UsageError("--types leaves every label out; give one of them a type")
    return Labels(types, frozenset(pairs) - frozenset(types))


def parse_pairs(selection: str) -> dict[str, str]:
    """`Label=name` pairs separated by commas, in their order.

    Raises:
        UsageError: a pair without `=`, or a label given twice.
    """
    pairs: dict[str, str] = {}
    for pair in selection.split(","):
        label, equals, name = (part.strip() for part in pair.partition("="))
        if not (label and equals and name):
            raise UsageError(f"--types {pair.strip()!r}: expected Label=name, such as Disease=disease,Chemical=drug")
        if label in pairs:
            raise UsageError(f"--types gives label {label!r} twice")
        pairs[label] = name
    return pairs


def parse_views(view: str) -> tuple[str, ...]:
    """The views of `definition` or of an ensemble such as `definition+examples`.

    Raises:
        UsageError: a view does not exist or is given twice.
    """
    views = tuple(part.strip() for part in view.split("+"))
    for part in views:
        if part not in (NAME_VIEW, NAMED_VIEW, *VIEWS):
            expected = ", ".join((NAME_VIEW, NAMED_VIEW, *VIEWS))
            raise UsageError(f"--view {view}: expected one of {expected}, or several joined by +")
    if len(set(views)) < len(views):
        raise UsageError(f"--view {view}: a view is given twice")
    return views

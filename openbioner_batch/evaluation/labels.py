"""Which entity type stands for each label of a corpus: `Disease=disease,Chemical=drug`."""

from __future__ import annotations

from openbioner_batch.catalog import resolve_types
from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType


def resolve_labels(selection: str, view: str = "definition") -> dict[str, EntityType]:
    """The types to ask for, under the labels of the corpus, in the order given.

    Args:
        selection: `Label=name` pairs separated by commas; a name or alias of the catalog, or a YAML file of one type.
        view: which of a type's descriptions to use.

    Raises:
        UsageError: a pair without `=`, a label given twice, a name that is unknown or stands for several types.
    """
    found: dict[str, EntityType] = {}
    for pair in selection.split(","):
        label, equals, name = (part.strip() for part in pair.partition("="))
        if not (label and equals and name):
            raise UsageError(f"--types {pair.strip()!r}: expected Label=name, such as Disease=disease,Chemical=drug")
        if label in found:
            raise UsageError(f"--types gives label {label!r} twice")
        types = [kind for group in resolve_types(name, view) for kind in group]
        if len(types) != 1:
            raise UsageError(f"--types {label}={name}: {name} stands for {len(types)} types; name one of them")
        found[label] = types[0]
    return found

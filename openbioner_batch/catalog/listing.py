"""The catalog as a person or a script reads it: a table, the details of some types, and JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from openbioner_batch.catalog.base import Catalog, CatalogType
from openbioner_batch.catalog.views import VIEWS

_GAP = 2
_LEAST_TEXT = 24


def table(catalog: Catalog, width: int) -> str:
    """Every set with its types in columns: name, aliases, definition.

    Args:
        catalog: what to list.
        width: columns of the terminal; the text of a cell is wrapped to fit.
    """
    parts = []
    for one in catalog.sets:
        head = f"{one.name}: {one.summary}. {len(one.types)} types in the groups {', '.join(one.groups)}."
        rows = [(t.name, ", ".join(t.aliases), t.descriptions["definition"]) for t in one.types]
        parts.append(f"{textwrap.fill(head, width, subsequent_indent='  ')}\n\n{_columns(rows, width)}")
    return "\n\n".join(parts)


def details(types: Sequence[CatalogType], width: int) -> str:
    """All that is known of each type, a paragraph each.

    Args:
        types: what to show.
        width: columns of the terminal.
    """
    return "\n\n".join(f"{type.set}.{type.name}\n{_columns(_facts(type), width, indent=2)}" for type in types)


def as_json(types: Sequence[CatalogType]) -> str:
    """The types as a JSON list of objects: set, name, aliases, descriptions, source."""
    return json.dumps(
        [
            {
                "set": type.set,
                "name": type.name,
                "aliases": list(type.aliases),
                "descriptions": dict(type.descriptions),
                "source": type.source,
            }
            for type in types
        ],
        ensure_ascii=False,
        indent=2,
    )


def _facts(type: CatalogType) -> list[tuple[str, str]]:
    texts = set(type.descriptions.values())
    facts = [("aliases", ", ".join(type.aliases))] if type.aliases else []
    if len(texts) == 1 and len(type.descriptions) == len(VIEWS):
        facts.append(("description", texts.pop()))
    else:
        facts.extend(type.descriptions.items())
    return [*facts, ("source", type.source)] if type.source else facts


def _columns(rows: Sequence[Sequence[str]], width: int, indent: int = 0) -> str:
    """Rows as columns; the first is as wide as its widest cell, the last has two thirds of what is left."""
    first = max(len(row[0]) for row in rows)
    left = width - indent - first - _GAP
    middle = [max(_LEAST_TEXT, left // 3 - _GAP)] * (len(rows[0]) - 2)
    last = max(_LEAST_TEXT, left - sum(size + _GAP for size in middle))
    sizes = [first, *middle, last]
    lines = []
    for row in rows:
        cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, sizes, strict=True)]
        for line in range(max(map(len, cells))):
            words = (
                (cell[line] if line < len(cell) else "").ljust(size) for cell, size in zip(cells, sizes, strict=True)
            )
            lines.append((" " * indent + (" " * _GAP).join(words)).rstrip())
    return "\n".join(lines)

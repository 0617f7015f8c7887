"""The JSON of the wheel `cellxgene-ontology-guide`: one object with an entry for each term."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from openbioner_batch.concepts.readers.obo_graph import read_json
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_ENTRY = re.compile(rb'\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:ancestors|label|deprecated|description|synonyms)"')


class CellxGene(VocabularyReader):
    """Labels, synonyms and descriptions. The files state no version.

    The parents are the ancestors at distance 1, and such further ones as none of these has above it: where terms of
    other ontologies were left out, the next ones that stayed. In UBERON they are also what a structure is part of.
    """

    name = "cellxgene"

    def claims(self, path: str, head: bytes) -> bool:
        return _ENTRY.match(head) is not None

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        found = read_json(path)
        if not isinstance(found, dict):
            raise UsageError(f"{path} is no JSON of cellxgene-ontology-guide: it is no object")
        return OpenedVocabulary(None, _concepts(found, path), any(id.startswith("UBERON:") for id in found))


def _concepts(found: dict[str, Any], path: str) -> Iterator[Concept]:
    for id, entry in found.items():
        try:
            if entry.get("deprecated") or not entry.get("label"):
                continue
            names = (Name(entry["label"], NameKind.PREFERRED), *map(Name, entry.get("synonyms") or ()))
            yield Concept(id, names, tuple(_parents(found, entry)), entry.get("description") or None)
        except (TypeError, AttributeError):
            raise UsageError(f"{path}: the entry {id} is not of the form of cellxgene-ontology-guide") from None


def _parents(found: dict[str, Any], entry: dict[str, Any]) -> Iterator[str]:
    distances = entry.get("ancestors") or {}
    yield from (near := [name for name, distance in distances.items() if distance == 1])
    left = distances.keys() - near - _above(found, near)
    if left:
        left -= _above(found, left)
        yield from (name for name in distances if name in left)


def _above(found: dict[str, Any], names: Iterable[str]) -> set[str]:
    return {above for name in names for above in (found.get(name) or {}).get("ancestors") or ()}

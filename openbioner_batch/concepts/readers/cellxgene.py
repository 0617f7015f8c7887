"""The JSON of the wheel `cellxgene-ontology-guide`: one object with an entry for each term."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openbioner_batch.concepts.readers.obo_graph import read_json
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, Only, Opened, VocabularyReader
from openbioner_batch.errors import UsageError

_ENTRY = re.compile(rb'\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:ancestors|label|deprecated|description|synonyms)"')


class CellxGene(VocabularyReader):
    """Labels and synonyms; the parents are the ancestors at distance 1. The files state no version."""

    name = "cellxgene"

    def claims(self, path: str, head: bytes) -> bool:
        return _ENTRY.match(head) is not None

    def read(self, path: str, only: Only) -> Opened:
        found = read_json(path)
        if not isinstance(found, dict):
            raise UsageError(f"{path} is no JSON of cellxgene-ontology-guide: it is no object")
        return Opened(None, _concepts(found, path))


def _concepts(found: dict[str, Any], path: str) -> Iterator[Concept]:
    for id, entry in found.items():
        try:
            if entry.get("deprecated") or not entry.get("label"):
                continue
            names = (Name(entry["label"], NameKind.PREFERRED), *map(Name, entry.get("synonyms") or ()))
            ancestors = entry.get("ancestors") or {}
            yield Concept(id, names, tuple(name for name, distance in ancestors.items() if distance == 1))
        except (TypeError, AttributeError):
            raise UsageError(f"{path}: the entry {id} is not of the form of cellxgene-ontology-guide") from None

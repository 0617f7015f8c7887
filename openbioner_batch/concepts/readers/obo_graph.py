"""OBO-graph JSON, as `robot convert` and the OBO Foundry give it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from openbioner_batch.concepts.source import opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_OBO = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z]+)_(\w+)$")
_ABBREVIATION = re.compile("abbreviation|acronym", re.IGNORECASE)


class OboGraph(VocabularyReader):
    """Classes with their labels, synonyms and `is_a` edges; identifiers as `HP:0000118`."""

    name = "obo-graph"

    def claims(self, path: str, head: bytes) -> bool:
        return head.lstrip()[:1] == b"{" and b'"graphs"' in head[:4096]

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        found = read_json(path)
        graphs = found.get("graphs") if isinstance(found, dict) else None
        if not isinstance(graphs, list):
            raise UsageError(f"{path} is no OBO-graph JSON: it has no list `graphs`")
        version = next((_version(graph) for graph in graphs), None)
        return OpenedVocabulary(version, (concept for graph in graphs for concept in _concepts(graph, path)))


def read_json(path: str) -> Any:
    """The value in a JSON file.

    Raises:
        UsageError: the file is not JSON.
    """
    with opened(path) as stream:
        try:
            return json.loads(stream.read())
        except ValueError as error:
            raise UsageError(f"{path} is no valid JSON: {error}") from None


def _version(graph: dict[str, Any]) -> str | None:
    meta = graph.get("meta") or {}
    for item in meta.get("basicPropertyValues", []):
        if item.get("pred", "").endswith("versionInfo"):
            return str(item.get("val"))
    version = meta.get("version")
    return str(version) if version else None


def _concepts(graph: dict[str, Any], path: str) -> Iterator[Concept]:
    try:
        parents: dict[str, list[str]] = {}
        for edge in graph.get("edges", []):
            if edge["pred"] in ("is_a", "subClassOf"):
                parents.setdefault(edge["sub"], []).append(compact(edge["obj"]))
        disjoint: dict[str, list[str]] = defaultdict(list)
        for axiom in graph.get("disjointClassesAxioms", []):
            for one, other in permutations(axiom["classIds"], 2):
                disjoint[one].append(compact(other))
        for node in graph.get("nodes", []):
            meta = node.get("meta") or {}
            if node.get("type", "CLASS") != "CLASS" or meta.get("deprecated") or not node.get("lbl"):
                continue
            synonyms = tuple(map(_synonym, meta.get("synonyms", [])))
            names = (Name(node["lbl"], NameKind.PREFERRED), *synonyms)
            definition = (meta.get("definition") or {}).get("val") or None
            yield Concept(
                compact(node["id"]), names, tuple(parents.get(node["id"], ())), definition, tuple(disjoint[node["id"]])
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no valid OBO-graph JSON: {type(error).__name__} {error}") from None


def _synonym(found: dict[str, Any]) -> Name:
    kind = NameKind.EXACT if found.get("pred") == "hasExactSynonym" else NameKind.RELATED
    about = " ".join([str(found.get("synonymType", "")), *map(str, found.get("types", []))])
    return Name(found["val"], kind, _ABBREVIATION.search(about) is not None)


def compact(iri: str) -> str:
    """`http://purl.obolibrary.org/obo/HP_0000118` as `HP:0000118`; other identifiers as they are."""
    match = _OBO.match(iri)
    return f"{match[1]}:{match[2]}" if match else iri

"""MeSH XML of the National Library of Medicine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openbioner_batch.concepts.source import opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_RECORDS = {
    "DescriptorRecord": ("DescriptorUI", "DescriptorName"),
    "SupplementalRecord": ("SupplementalRecordUI", "SupplementalRecordName"),
}
_ABBREVIATIONS = ("ABB", "ABX", "ACR", "ACX")
"""Lexical tags of terms that are abbreviations or acronyms."""


class Mesh(VocabularyReader):
    """Descriptors or supplementary records with their terms; parents of descriptors by tree numbers.

    Terms of a record's preferred concept are exact names, those of its other concepts related ones; permuted terms are
    left out, for words in another order are found anyway.
    """

    name = "mesh"

    def claims(self, path: str, head: bytes) -> bool:
        return any(f"<{record}Set".encode() in head for record in _RECORDS)

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        found = []
        at: dict[str, str] = {}
        for record in _elements(path):
            id_tag, name_tag = _RECORDS[record.tag]
            id, name = record.findtext(id_tag), record.findtext(f"{name_tag}/String")
            if not id or not name:
                raise UsageError(f"{path}: a {record.tag} has no {id_tag} or {name_tag}")
            trees = [tree.text or "" for tree in record.iterfind("TreeNumberList/TreeNumber")]
            at |= dict.fromkeys(trees, id)
            found.append((id, (Name(name, NameKind.PREFERRED), *_terms(record)), trees))
        return OpenedVocabulary(None, (Concept(id, names, _parents(trees, at)) for id, names, trees in found))


def _elements(path: str) -> Iterator[Any]:
    from lxml import etree

    with opened(path) as stream:
        try:
            parser = etree.iterparse(
                stream, tag=tuple(_RECORDS), load_dtd=False, no_network=True, resolve_entities=False, huge_tree=True
            )
            for _, element in parser:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise UsageError(f"{path} is no valid MeSH XML: {error}") from None


def _terms(record: Any) -> Iterator[Name]:
    for concept in record.iterfind("ConceptList/Concept"):
        kind = NameKind.EXACT if concept.get("PreferredConceptYN") == "Y" else NameKind.RELATED
        for term in concept.iterfind("TermList/Term"):
            text = term.findtext("String")
            if text and term.get("IsPermutedTermYN") != "Y":
                yield Name(text, kind, term.get("LexicalTag") in _ABBREVIATIONS)


def _parents(trees: list[str], at: dict[str, str]) -> tuple[str, ...]:
    above = (at.get(tree.rpartition(".")[0]) for tree in trees)
    return tuple(dict.fromkeys(parent for parent in above if parent))

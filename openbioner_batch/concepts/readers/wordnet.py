"""WordNet's database of nouns (`data.noun`, with `index.noun` beside it)."""

from __future__ import annotations

import io
from collections.abc import Iterator

from openbioner_batch.concepts.source import bare_name, beside, opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_INDEX = "index.noun"
_PARENTS = ("@", "@i")
"""Pointers to hypernyms, of classes and of instances."""


class WordNet(VocabularyReader):
    """A concept a synset, such as `WN:02703894`; a word's rarer senses are related names of theirs, not exact ones."""

    name = "wordnet"

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path) == "data.noun"

    def files(self, path: str) -> list[str]:
        return [path, *beside(path, [_INDEX])]

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        index = beside(path, [_INDEX])
        if not index:
            raise UsageError(f"the vocabulary {path} needs the file {_INDEX} beside it")
        return OpenedVocabulary(None, _concepts(path, _first_senses(index[0])))


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without the licence, which stands in lines that begin with two spaces."""
    with opened(path) as stream, io.TextIOWrapper(io.BufferedReader(stream), "utf-8", "replace") as text:  # type: ignore[type-var]
        for number, line in enumerate(text, 1):
            if not line.startswith("  "):
                yield number, line


def _first_senses(path: str) -> dict[str, str]:
    """For each word in small letters the synset of its most frequent sense."""
    first: dict[str, str] = {}
    for number, line in _lines(path):
        fields = line.split()
        try:
            senses = int(fields[2])
            first[fields[0]] = fields[-senses]
        except (IndexError, ValueError):
            raise UsageError(f"{path} is no index of WordNet: line {number} has no list of senses") from None
    return first


def _concepts(path: str, first: dict[str, str]) -> Iterator[Concept]:
    for number, line in _lines(path):
        data, _, gloss = line.partition(" | ")
        fields = data.split()
        try:
            words = int(fields[3], 16)
            pointers = fields[5 + 2 * words : 5 + 2 * words + 4 * int(fields[4 + 2 * words])]
            names = tuple(
                _name(word, place, fields[0], first) for place, word in enumerate(fields[4 : 4 + 2 * words : 2])
            )
        except (IndexError, ValueError):
            raise UsageError(f"{path} is no WordNet database: line {number} is no synset") from None
        parents = [id for kind, id in zip(pointers[::4], pointers[1::4], strict=False) if kind in _PARENTS]
        definition = gloss.partition('; "')[0].strip()
        yield Concept(f"WN:{fields[0]}", names, tuple(f"WN:{id}" for id in parents), definition or None)


def _name(word: str, place: int, synset: str, first: dict[str, str]) -> Name:
    exact = first.get(word.lower()) == synset
    kind = NameKind.RELATED if not exact else NameKind.EXACT if place else NameKind.PREFERRED
    return Name(word.replace("_", " "), kind)

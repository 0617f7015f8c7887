"""Makes classes of what is of a class but not of one below it: "an animal other than a bird"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind
from openbioner_batch.training.silver.ontology.classes import VocabularyPart

_WORDINGS = (
    "{whole} other than {part}",
    "{whole} that is not {part}",
    "any {bare} except {part}",
    "{whole}, but not {part}",
    "{bare} with the exception of {part}",
    "{whole} (not {part})",
)
_ARTICLE = re.compile(r"^(?:an?|the|any|every) ", re.IGNORECASE)
_EXCLUDES = re.compile(r"\b(?:not|no|except|other than|but)\b", re.IGNORECASE)
_SHORT = 5
"""Descriptions of a class that are used, the shortest."""
_FEWEST = 2
"""Members that an exception must leave, and take."""


def with_exceptions(part: VocabularyPart, count: int, random: np.random.Generator) -> VocabularyPart:
    """A vocabulary with further classes, each of all members of one class without those of a class below it.

    Args:
        part: a vocabulary whose classes have members.
        count: further classes for each class that has described classes below it.
        random: draws which, and how they are described.

    Returns:
        The vocabulary; the members of a further class have it as a parent too.
    """
    concepts = {concept.id: concept for concept in part.concepts}
    below: dict[str, list[str]] = defaultdict(list)
    for concept in part.concepts:
        for parent in concept.parents:
            below[parent].append(concept.id)
    parents: dict[str, list[str]] = defaultdict(list)
    made: list[Concept] = []
    for whole in [concept for concept in part.concepts if concept.definition and concept.id in below]:
        members = set(_leaves(whole.id, below))
        kinds = [concepts[id] for id in below[whole.id] if id in below and concepts[id].definition]
        for place in random.permutation(len(kinds))[:count].tolist():
            without = members - set(_leaves(kinds[place].id, below))
            if min(len(without), len(members) - len(without)) < _FEWEST:
                continue
            new = _exception(whole, kinds[place], random)
            made.append(new)
            for member in without:
                parents[member].append(new.id)
    changed = [
        replace(concept, parents=(*concept.parents, *parents[concept.id])) if concept.id in parents else concept
        for concept in part.concepts
    ]
    return replace(part, concepts=(*changed, *made))


def _leaves(id: str, below: dict[str, list[str]]) -> Iterator[str]:
    for child in below[id]:
        if child in below:
            yield from _leaves(child, below)
        else:
            yield child


def _exception(whole: Concept, kind: Concept, random: np.random.Generator) -> Concept:
    told = [
        wording.format(whole=first, bare=_ARTICLE.sub("", first), part=second)
        for wording, first, second in zip(
            [_WORDINGS[i] for i in random.permutation(len(_WORDINGS))],
            _drawn(whole, random),
            _drawn(kind, random),
            strict=True,
        )
    ]
    return Concept(
        f"{whole.id} without {kind.id}",
        (Name(f"not {kind.names[0].text}", NameKind.PREFERRED),),
        (whole.id,),
        told[0],
        (),
        tuple(dict.fromkeys(told[1:])),
    )


def _drawn(concept: Concept, random: np.random.Generator) -> Sequence[str]:
    """A description for each wording, as part of a sentence: of the short ones that exclude nothing."""
    texts = [text for text in (concept.definition, *concept.wordings) if text and not _EXCLUDES.search(text)]
    texts = [concept.names[0].text, *sorted(texts, key=len)[:_SHORT]]
    return [_inside(texts[int(random.integers(len(texts)))]) for _ in _WORDINGS]


def _inside(description: str) -> str:
    """A description with a small letter at its beginning, unless its first word is written otherwise, and no stop."""
    first = description.split()[0]
    small = first[:1].lower() + first[1:] if first[1:] == first[1:].lower() else first
    return (small + description[len(first) :]).rstrip(" .")

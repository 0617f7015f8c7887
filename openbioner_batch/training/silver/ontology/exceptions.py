"""Makes classes of what is of a class but not of one below it: "an animal other than a bird"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind
from openbioner_batch.training.silver.ontology.classes import VocabularyPart
from openbioner_batch.training.silver.typenames import normalise_type

_WORDINGS = (
    "{whole} other than {part}",
    "{whole} that is not {part}",
    "any {bare} except {part}",
    "{whole}, but not {part}",
    "{bare} with the exception of {part}",
    "{whole} (not {part})",
)
_ARTICLE = re.compile(r"^(?:an?|the|any|every) ", re.IGNORECASE)
_EXCLUDES = re.compile(r"\b(?:not|no|except|excepted|other than|rather than|apart from|without|but)\b", re.IGNORECASE)
_MOST_DESCRIPTIONS = 5
"""Of a class, the shortest ones: a description within another must stay short."""
_FEWEST_MEMBERS = 2
"""What an exception must have (of those that are drawn), and leave out: fewer teach nothing."""


def with_exceptions(
    part: VocabularyPart, count: int, random: np.random.Generator, unwanted: Callable[[str], bool] = lambda name: False
) -> VocabularyPart:
    """A taxonomy with further classes, each of all members of one class without those of a class below it.

    A class whose members are described themselves has none, as those of ontologies are.

    Args:
        part: a vocabulary.
        count: the most further classes for each class that has described classes below it.
        random: draws which, and how they are described.
        unwanted: says of a type's name that no description may name it.

    Returns:
        The vocabulary; the members of a further class have it as a parent too.
    """
    concepts = {concept.id: concept for concept in part.concepts}
    below: dict[str, list[str]] = defaultdict(list)
    drawn: dict[str, list[str]] = defaultdict(list)
    for concept in part.concepts:
        for parent in concept.parents:
            below[parent].append(concept.id)
            if (parent, concept.id) not in part.undrawn:
                drawn[parent].append(concept.id)
    members = {id: _members(id, below, below) for id in below}
    known = set(members.values())
    undrawn = set(part.undrawn)
    parents: dict[str, list[str]] = defaultdict(list)
    made: list[Concept] = []
    for id in sorted(below):
        if id not in concepts or any(concepts[member].definition for member in members[id]):
            continue
        first = _members(id, drawn, below)
        left = {kind: members[id] - members[kind] for kind in below[id] if kind in below and concepts[kind].definition}
        kinds = [
            kind
            for kind, rest in left.items()
            if min(len(rest & first), len(members[kind])) >= _FEWEST_MEMBERS
            and rest not in known
            and normalise_type(_name(concepts[id], concepts[kind])) is not None
            and not unwanted(normalise_type(concepts[kind].names[0].text) or "")
        ]
        for place in random.permutation(len(kinds))[:count].tolist():
            new = _exception(concepts[id], concepts[kinds[place]], random)
            made.append(new)
            for member in left[kinds[place]]:
                parents[member].append(new.id)
            undrawn.update((new.id, member) for member in left[kinds[place]] - first)
    changed = [
        replace(concept, parents=(*concept.parents, *parents[concept.id])) if concept.id in parents else concept
        for concept in part.concepts
    ]
    return replace(part, concepts=(*changed, *made), undrawn=frozenset(undrawn))


def _members(id: str, links: Mapping[str, Sequence[str]], below: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """What some links lead to below a class, and what has nothing below it."""
    seen, waiting = {id}, [id]
    while waiting:
        new = [child for child in links.get(waiting.pop(), ()) if child not in seen]
        seen.update(new)
        waiting += new
    return frozenset(one for one in seen if one not in below)


def _name(whole: Concept, kind: Concept) -> str:
    return f"{whole.names[0].text} but not {kind.names[0].text}"


def _exception(whole: Concept, kind: Concept, random: np.random.Generator) -> Concept:
    told = [
        wording.format(whole=first, bare=_ARTICLE.sub("", first), part=second)
        for wording, first, second in zip(
            [_WORDINGS[place] for place in random.permutation(len(_WORDINGS))],
            _drawn(whole, random),
            _drawn(kind, random),
            strict=True,
        )
    ]
    return Concept(
        f"{whole.id} without {kind.id}",
        (Name(_name(whole, kind), NameKind.PREFERRED),),
        (whole.id,),
        told[0],
        wordings=tuple(dict.fromkeys(told[1:])),
    )


def _drawn(concept: Concept, random: np.random.Generator) -> Sequence[str]:
    """A description for each wording, as part of a sentence: a name, or a short noun phrase that excludes nothing."""
    texts = [text for text in (concept.definition, *concept.wordings) if text and _ARTICLE.match(text)]
    short = sorted((text for text in texts if not _EXCLUDES.search(text)), key=len)[:_MOST_DESCRIPTIONS]
    nouns = [concept.names[0].text, *(text[:1].lower() + text[1:].rstrip(" .") for text in short)]
    return [nouns[int(random.integers(len(nouns)))] for _ in _WORDINGS]

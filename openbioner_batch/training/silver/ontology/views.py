"""Descriptions of ontology classes as entity types, in four views."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from openbioner_batch.training.silver.ontology.classes import Classes, own_names
from openbioner_batch.training.silver.ontology.selecting import ClassCounts, Type

DEFINITION, EXAMPLES, CONTEXTUAL, ANCESTORS = "definition", "examples", "contextual", "ancestors"
LONGEST = 320
"""Characters of a definition; further sentences are left out."""
MOST_EXAMPLES = 5
MOST_ANCESTORS = 4
_SENTENCE = re.compile(r"(?<=[a-z0-9)\]][.!?])\s+(?=[A-Z])")
_REFERENCE = re.compile(r"\s*\[[^\[\]]*\]\s*$")


def views(kind: Type, classes: Classes, counts: ClassCounts, spellings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """View and text of each description of a type.

    Args:
        kind: the type; each of its classes gives its own views. The second and further texts of a view are numbered.
        classes: of the vocabularies.
        counts: the counts of names.
        spellings: the most frequent spelling of each form in the texts.
    """
    seen: Counter[str] = Counter()
    for number in kind.classes:
        for view, text in _views(number, kind, classes, counts, spellings):
            seen[view] += 1
            yield view if seen[view] == 1 else f"{view} {seen[view]}", text


def _views(
    number: int, kind: Type, classes: Classes, counts: ClassCounts, spellings: dict[str, str]
) -> Iterator[tuple[str, str]]:
    label = classes.label(number)
    below = "a kind or a part of it" if classes.has_parts(number) else "a kind of it"
    whole = f"{_capital(label)}, its kinds and its parts: " if classes.has_parts(number) else ""
    concept = classes.concepts[number]
    for wording in (concept.definition or "", *concept.wordings):
        yield DEFINITION, whole + definition(wording)
    own = {" ".join(name.text.split()).casefold() for name in own_names(concept)}
    examples = _examples(kind, counts, spellings, own)
    if examples:
        yield EXAMPLES, f"{_capital(label)} or {below}, such as {_listed(examples)}."
    others = [name.text for name in own_names(concept)][1:3]
    also = f", also called {_listed(others)}" if others else ""
    path = _path(number, classes)
    parent = f"; it is a kind of {path[0]}" if path and not classes.has_parts(number) else ""
    yield CONTEXTUAL, f"Words of the text that name {label}{also}, or {below}{parent}."
    if path:
        yield ANCESTORS, f"{_capital(' < '.join([label, *path]))}."


def definition(text: str) -> str:
    """An ontology's definition in as many whole sentences as fit `LONGEST`, at least one, cut at a word if need be."""
    sentences = _SENTENCE.split(" ".join(_REFERENCE.sub("", text).split()))
    taken = sentences[0]
    for sentence in sentences[1:]:
        if len(taken) + 1 + len(sentence) > LONGEST:
            break
        taken += f" {sentence}"
    return taken if len(taken) <= LONGEST else taken[:LONGEST].rpartition(" ")[0] + " ..."


def _examples(kind: Type, counts: ClassCounts, spellings: dict[str, str], own: set[str]) -> list[str]:
    """The most frequent names in the texts for a type, one for each class."""
    ranked = sorted(kind.holds, key=lambda number: (-counts.mentions[number], number))
    found: dict[str, None] = {}
    for number in ranked:
        form = min(counts.forms[number], key=lambda form: (-counts.forms[number][form], form))
        name = spellings.get(form, form)
        if name.casefold() not in own:
            found[name] = None
        if len(found) == MOST_EXAMPLES:
            break
    return list(found)


def _path(number: int, classes: Classes) -> list[str]:
    """Labels of the ancestors on one path up, the nearest first."""
    path: list[str] = []
    while classes.parents[number] and len(path) < MOST_ANCESTORS:
        # the path with most ancestors is the most informative
        number = max(classes.parents[number], key=lambda parent: (len(classes.at_or_above(parent)), -parent))
        path.append(classes.label(number))
    return path


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""What the head of a glossary is fitted to: which names each description is of, by taxonomies and by passages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.training.passages import AnnotatedPassage

LEFT_OUT = frozenset({"expressions"})
"""Taxonomies of amounts and times, which a text says itself."""
_SHARED = 0.01
"""Taxonomies that share this part of their names are about the same things."""
OF, NOT, FAR = 1, -1, -2


@dataclass(frozen=True, slots=True)
class TaxonomyClass:
    """A class of a taxonomy.

    Attributes:
        taxonomy: the name of its file.
        name: of the class.
        parent: the name of the class above it.
        descriptions: wordings of what it is.
        members: names of its members.
    """

    taxonomy: str
    name: str
    parent: str | None
    descriptions: tuple[str, ...]
    members: tuple[str, ...]


def read_taxonomies(folder: Path) -> list[TaxonomyClass]:
    """The classes of all YAML files in a folder but those of expressions, file by file."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        if path.stem in LEFT_OUT:
            continue
        for name, raw in yaml.safe_load(path.read_text("utf-8")).items():
            members = [part.strip() for member in raw.get("members") or () for part in str(member).split("|")]
            found.append(TaxonomyClass(path.stem, name, raw.get("parent"), tuple(raw["is"]), tuple(members)))
    return found


def class_entries(classes: Iterable[TaxonomyClass]) -> list[GlossaryEntry]:
    """The entries of classes: each of its members has its descriptions as glosses. They are in the classes' order."""
    return [GlossaryEntry(one.members, one.descriptions) for one in classes]


def class_labels(glossary: Glossary, classes: Sequence[TaxonomyClass]) -> np.ndarray:
    """Which meanings are of which class: int8 [classes, meanings].

    `OF` where one of the meaning's entries is the class or lies below it, `NOT` where others of the class's taxonomy
    are (what fits two classes is listed in both), `FAR` where they are of taxonomies about other things, else 0.

    Args:
        glossary: its first entries are those of `classes`.
        classes: of all taxonomies.
    """
    places = {(one.taxonomy, one.name): place for place, one in enumerate(classes)}
    names = sorted({one.taxonomy for one in classes})
    taxonomy = np.array([names.index(one.taxonomy) for one in classes])
    alike = _alike(classes, names)
    labels = np.zeros((len(classes), len(glossary.meanings)), np.int8)
    for column, entries in enumerate(glossary.meanings):
        own = [entry for entry in entries if entry < len(classes)]
        if not own:
            continue
        labels[~alike[taxonomy[own]].any(0)[taxonomy], column] = FAR
        labels[np.isin(taxonomy, taxonomy[own]), column] = NOT
        for place in own:
            while True:
                labels[place, column] = OF
                parent = classes[place].parent
                if parent is None or (above := places.get((classes[place].taxonomy, parent))) is None:
                    break
                place = above
    return labels


def _alike(classes: Sequence[TaxonomyClass], names: Sequence[str]) -> np.ndarray:
    members = [{m.lower() for one in classes if one.taxonomy == name for m in one.members} for name in names]
    shared = [[len(a & b) / max(1, min(len(a), len(b))) for b in members] for a in members]
    return np.array(shared) > _SHARED


@dataclass(frozen=True, slots=True)
class PassageLabels:
    """How often names stand in mentions of types, in passages that mark these types.

    Attributes:
        descriptions: of each type, as (name, description).
        types, meanings: [pairs] indices of the type and of the name's meaning.
        within: [pairs] in which part of the name's places a mention of the type begins or ends with it.
        times: [pairs] how many places there are.
    """

    descriptions: tuple[tuple[str, str], ...]
    types: np.ndarray
    meanings: np.ndarray
    within: np.ndarray
    times: np.ndarray


def passage_labels(
    glossary: Glossary, passages: Iterable[AnnotatedPassage], described: Mapping[str, str]
) -> PassageLabels:
    """The labels of passages, for the types that each of them mentions.

    Args:
        glossary: the names.
        passages: annotated ones; the mentions of a type that a passage has are all marked. Names in ranges without a
            label do not count.
        described: a description of each type that counts.
    """
    counts: dict[tuple[str, int], list[int]] = {}
    for passage in passages:
        names = [
            name
            for name in glossary.find(passage.text)
            if not any(name.start < end and start < name.end for start, end in passage.unsure)
        ]
        by_type: dict[str, list[tuple[int, int]]] = {}
        for mention in passage.mentions:
            if mention.type in described:
                by_type.setdefault(mention.type, []).append((mention.start, mention.end))
        for kind, mentions in by_type.items():
            for name in names:
                count = counts.setdefault((kind, name.meaning), [0, 0])
                count[0] += any(_is_edge(name.start, name.end, *bounds) for bounds in mentions)
                count[1] += 1
    kinds = sorted({kind for kind, _ in counts})
    numbers = {kind: number for number, kind in enumerate(kinds)}
    rows = np.array(
        sorted((numbers[kind], meaning, *count) for (kind, meaning), count in counts.items()), np.int64
    ).reshape(-1, 4)
    return PassageLabels(
        tuple((kind, described[kind]) for kind in kinds), rows[:, 0], rows[:, 1], rows[:, 2] / rows[:, 3], rows[:, 3]
    )


def _is_edge(start: int, end: int, first: int, last: int) -> bool:
    """Whether a name lies in a mention and reaches one of its ends."""
    return first <= start and end <= last and (start - first <= 1 or last - end <= 1)

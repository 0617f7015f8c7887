"""Makes a vocabulary's index."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from openbioner_batch.concepts import index_file
from openbioner_batch.concepts.keys import Match, content_key, keys
from openbioner_batch.concepts.normalising import content, looks_abbreviated
from openbioner_batch.concepts.readers import detect_reader, get_reader
from openbioner_batch.concepts.source import digest_of
from openbioner_batch.concepts.synonymy import inherited_rewordings, own_rewordings, rewordings, says_each_once
from openbioner_batch.concepts.trigrams import trigrams
from openbioner_batch.concepts.variants import head_word, shortened
from openbioner_batch.concepts.vectors import encode_names
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, RowFilter
from openbioner_batch.errors import UsageError

_TEXTS_AT_ONCE = 50_000
_MOST_LONGER = 16
"""Concepts for a mention that is a word shorter than their names: of more, none is meant."""


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """What an index holds."""

    path: str
    about: dict[str, Any]


def build_vocabulary(
    source: str,
    output: str,
    format: str | None = None,
    only: RowFilter | None = None,
    roots: Sequence[str] = (),
    encoder: str | None = None,
) -> BuiltIndex:
    r"""Make the index of a vocabulary: the same source and choices give the same bytes.

    With an encoder this holds on machines alike with the same torch: others round its vectors otherwise.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> folder = TemporaryDirectory()
    >>> source = Path(folder.name, "stones.csv")
    >>> _ = source.write_text("id,name,synonyms\nX:1,kidney stone,renal calculus|nephrolith\nX:2,gallstone,\n")
    >>> built = build_vocabulary(str(source), f"{folder.name}/stones.vocab")
    >>> built.about["concepts"], built.about["names"]
    (2, 4)

    Args:
        source: the vocabulary's file.
        output: the index's file, which appears whole or not at all.
        format: one of `readers.READERS`; None looks at the file.
        only: rows to take, for formats that have such columns.
        roots: concepts that are taken with all below them; none takes everything.
        encoder: what gives the names vectors, as `TextEncoder.from_pretrained` takes it; None gives them none.

    Raises:
        CheckpointError: no checkpoint of an encoder is there.
        UsageError: the source cannot be read, is empty, or has no such column or root.
    """
    reader = get_reader(format) if format else detect_reader(source)
    only = only or {}
    if unknown := [column for column in only if column not in reader.columns]:
        able = ", ".join(reader.columns) or "none for this format"
        raise UsageError(f"--only {unknown[0]}: {reader.name} vocabularies are chosen from by: {able}")
    if os.path.realpath(source) == os.path.realpath(output):
        raise UsageError(f"--output {output} is the vocabulary itself: give another name")
    found = reader.read(source, only)
    concepts = below(merged(found.concepts), roots)
    if not concepts:
        raise UsageError(f"{source} gives no concepts" + (": look at --only" if only else ""))
    about = {
        "format": reader.name,
        "version": found.version,
        "source": os.path.basename(source),
        "source digest": digest_of(reader.files(source)),
        "only": {column: sorted(values) for column, values in only.items()},
        "roots": sorted(roots),
        "concepts": len(concepts),
    }
    arrays = _arrays(concepts)
    about["names"] = int(arrays["name_concept"].size)
    if encoder:
        vectors, of_encoder = encode_names([name.text for concept in concepts for name in concept.names], encoder)
        arrays, about = arrays | vectors, about | of_encoder
    digest = index_file.write(output, arrays, about)
    return BuiltIndex(output, {**about, "digest": digest})


def merged(concepts: Iterable[Concept]) -> list[Concept]:
    """Concepts in order of their ids, each once, each of its names once; names of white space alone are left out."""
    by_id: dict[str, Concept] = {}
    for concept in concepts:
        if (known := by_id.get(concept.id)) is not None:
            concept = Concept(
                concept.id,
                known.names + concept.names,
                tuple(dict.fromkeys(known.parents + concept.parents)),
                known.definition or concept.definition,
                tuple(dict.fromkeys(known.disjoint + concept.disjoint)),
                tuple(dict.fromkeys(known.wordings + concept.wordings)),
            )
        by_id[concept.id] = concept
    return [replace(by_id[id], names=_distinct(by_id[id].names)) for id in sorted(by_id)]


def _distinct(names: Iterable[Name]) -> tuple[Name, ...]:
    found: dict[str, Name] = {}
    for name in names:
        text = " ".join(name.text.split())
        if text and (text not in found or name.kind < found[text].kind):
            found[text] = Name(text, name.kind, name.is_abbreviation)
    return tuple(found.values())


def below(concepts: list[Concept], roots: Sequence[str]) -> list[Concept]:
    """The concepts at and below some roots; all where no roots are given.

    Raises:
        UsageError: there is no such root.
    """
    if not roots:
        return concepts
    known = {concept.id for concept in concepts}
    if missing := [root for root in roots if root not in known]:
        raise UsageError(f"--root {missing[0]}: the vocabulary has no such concept")
    children: dict[str, list[str]] = {}
    for concept in concepts:
        for parent in concept.parents:
            children.setdefault(parent, []).append(concept.id)
    taken: set[str] = set()
    waiting = list(roots)
    while waiting:
        if (id := waiting.pop()) not in taken:
            taken.add(id)
            waiting += children.get(id, ())
    return [concept for concept in concepts if concept.id in taken]


def _arrays(concepts: list[Concept]) -> dict[str, np.ndarray]:
    place = {concept.id: number for number, concept in enumerate(concepts)}
    names = [(number, name) for number, concept in enumerate(concepts) for name in concept.names]
    parents = [[place[id] for id in concept.parents if id in place] for concept in concepts]
    first = np.zeros(len(concepts) + 1, np.int64)
    np.cumsum([len(concept.names) for concept in concepts], out=first[1:])
    return {
        **_texts("id", [concept.id for concept in concepts]),
        **_texts("name", [name.text for _, name in names]),
        "concept_names": first,
        "name_concept": np.array([number for number, _ in names], np.int32),
        "name_kind": np.array([name.kind for _, name in names], np.uint8),
        "name_short": np.array([is_short(name) for _, name in names], np.uint8),
        **_lists("parent", parents),
        **_keys(names, parents),
        **_grams([name for _, name in names]),
    }


def is_short(name: Name) -> bool:
    """Whether a name is an abbreviation."""
    return (name.is_abbreviation and " " not in name.text) or looks_abbreviated(name.text)


def _texts(name: str, texts: list[str]) -> dict[str, np.ndarray]:
    """Texts as the bytes of all and where each begins."""
    pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
    starts = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=starts[1:])
    return {f"{name}_bytes": np.frombuffer(b"".join(pieces), np.uint8), f"{name}_starts": starts}


def _lists(name: str, lists: list[list[int]]) -> dict[str, np.ndarray]:
    starts = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(items) for items in lists], out=starts[1:])
    return {
        f"{name}_items": np.array([item for items in lists for item in items], np.int32),
        f"{name}_starts": starts,
    }


def _keys(names: list[tuple[int, Name]], parents: list[list[int]]) -> dict[str, np.ndarray]:
    """Hashed keys in order, and the name that each is of; those of one key in order of the names."""
    long = [number for number, (_, name) in enumerate(names) if not is_short(name)]
    worded = [(names[number][0], content(names[number][1].text)) for number in long]
    heads = [head_word(name.text) if name.kind < NameKind.RELATED else None for _, name in map(names.__getitem__, long)]
    reworded = chain(
        rewordings(worded),
        own_rewordings(worded, heads),
        inherited_rewordings(worded, [head is not None for head in heads], parents),
    )
    found = _places(
        chain(
            ((key, number) for number, (_, name) in enumerate(names) for _, key in keys(name.text, is_short(name))),
            ((content_key(Match.LEARNT, words), long[number]) for number, words in reworded if says_each_once(words)),
        )
    )
    found = np.concatenate([found, _longer(names, long)])
    order = np.lexsort((found["name"], found["key"]))
    return {"key_hashes": found["key"][order], "key_names": found["name"][order]}


def _places(found: Iterable[tuple[int, int]]) -> np.ndarray:
    return np.fromiter(found, np.dtype([("key", np.uint64), ("name", np.int32)]))


def _longer(names: list[tuple[int, Name]], long: list[int]) -> np.ndarray:
    """Keys of names without one of their words, where few concepts share them."""
    found = _places(
        (content_key(Match.LONGER, words), number) for number in long for words in shortened(names[number][1].text)
    )
    concepts = np.array([concept for concept, _ in names], np.int32)[found["name"]]
    order = np.lexsort((concepts, found["key"]))
    keys, concepts = found["key"][order], concepts[order]
    is_new = np.ones(keys.size, bool)
    is_new[1:] = (keys[1:] != keys[:-1]) | (concepts[1:] != concepts[:-1])
    distinct, counts = np.unique(keys[is_new], return_counts=True)
    return found[np.isin(found["key"], distinct[counts <= _MOST_LONGER])]


def _grams(names: list[Name]) -> dict[str, np.ndarray]:
    """Trigrams of the distinct forms of names (not of abbreviations), and for each the forms that have it."""
    at: dict[str, int] = {}
    for number, name in enumerate(names):
        if not is_short(name) and (words := content(name.text)):
            at.setdefault(" ".join(words), number)
    texts = list(at)
    parts = [trigrams(texts[start : start + _TEXTS_AT_ONCE]) for start in range(0, len(texts), _TEXTS_AT_ONCE)]
    codes = np.concatenate([np.zeros(0, np.int64), *(codes for codes, _ in parts)])
    owners = np.concatenate(
        [np.zeros(0, np.int64), *(owners + number * _TEXTS_AT_ONCE for number, (_, owners) in enumerate(parts))]
    )
    known, which = np.unique(codes, return_inverse=True)
    counts = np.bincount(which, minlength=known.size)
    weights = (
        (np.log(len(texts) + 1) - np.log(counts + 0.0)).astype(np.float32) if known.size else np.zeros(0, np.float32)
    )
    norms = np.sqrt(np.bincount(owners, weights=weights[which].astype(np.float64) ** 2, minlength=len(texts)))
    order = np.lexsort((owners, which))
    starts = np.zeros(known.size + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    text_starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.bincount(owners, minlength=len(texts)), out=text_starts[1:])
    return {
        "gram_codes": known.astype(np.int64),
        "gram_weights": weights,
        "gram_starts": starts,
        "gram_forms": owners[order].astype(np.int32),
        "form_starts": text_starts,
        "form_grams": which.astype(np.int32),
        "form_norms": norms.astype(np.float32),
        "form_names": np.array(list(at.values()), np.int32),
    }

"""Taxonomies in YAML: classes in plain language, each with descriptions and the names of its members."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from openbioner_batch.catalog.loader import load_yaml
from openbioner_batch.concepts.source import bare_name, opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_KEYS = ("names", "parent", "is", "members")
_BEGINS = re.compile(rb"(?:^|\n)[^\s#][^\n]*:\s*\n\s+(?:names|parent|is|members):")
_MEMBER = "member:"
_Classes = dict[str, dict[str, Any]]


class Taxonomy(VocabularyReader):
    """A mapping from a class to its `names`, its `parent`, what it `is`, and its `members`; all may be left out.

    Without names a class is called as its key, with spaces for underscores. `is` lists descriptions, of which the
    first is the definition. A member is a name, or several with `|` between; the same name under several classes is
    one concept with several parents.
    """

    name = "taxonomy"

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path).endswith((".yaml", ".yml")) and _BEGINS.search(head) is not None

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        classes = _classes(path)
        names: dict[str, list[str]] = defaultdict(list)
        spelled: dict[str, dict[str, int]] = defaultdict(dict)
        for name, entry in classes.items():
            members = filter(None, map(_spellings, _texts(path, name, "members", entry)))
            for place, spellings in enumerate(members):
                names[spellings[0].casefold()] += spellings
                for text in spellings:
                    spelled[text.casefold()].setdefault(name, place)
        # What is another name of something elsewhere belongs there too: a trade name that is listed as such is a
        # medicine.
        of = {key: spelled[key] for key in names}
        places = {(name, _MEMBER + key): place for key, known in of.items() for name, place in known.items()}
        return OpenedVocabulary(None, _concepts(path, classes, names, of), places=places)


def _concepts(
    path: str, classes: _Classes, names: Mapping[str, Sequence[str]], of: Mapping[str, Collection[str]]
) -> Iterator[Concept]:
    """The classes, then the members.

    Args:
        path: of the file, for messages.
        classes: of the file.
        names: of each member.
        of: the classes of each member.
    """
    disjoint = _disjoint(classes, of)
    for name, entry in classes.items():
        first, *others = _texts(path, name, "names", entry) or [name.replace("_", " ")]
        called = (Name(first, NameKind.PREFERRED), *map(Name, others))
        texts = _texts(path, name, "is", entry)
        yield Concept(
            name, called, tuple(_parent(entry)), next(iter(texts), None), disjoint.get(name, ()), tuple(texts[1:])
        )
    for key, parents in of.items():
        first, *others = dict.fromkeys(names[key])
        called = (Name(first, NameKind.PREFERRED), *map(Name, others))
        yield Concept(_MEMBER + key, called, tuple(parents))


def _spellings(member: str) -> list[str]:
    return [text for part in member.split("|") if (text := part.strip())]


def _parent(entry: dict[str, Any]) -> Iterator[str]:
    if entry.get("parent") is not None:
        yield entry["parent"]


def _disjoint(classes: _Classes, of: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """For each class without a parent the others that have no member in common with it."""
    tops = {name: _top(name, classes) for name in classes}
    meet = {(tops[one], tops[other]) for parents in of.values() for one in parents for other in parents}
    roots = [name for name, top in tops.items() if name == top]
    return {one: tuple(other for other in roots if other != one and (one, other) not in meet) for one in roots}


def _top(name: str, classes: _Classes) -> str:
    for _ in classes:
        for parent in _parent(classes[name]):
            name = parent
    return name


def _classes(path: str) -> _Classes:
    with opened(path) as stream:
        found = load_yaml(stream.read(), path)
    if not isinstance(found, dict):
        raise UsageError(f"{path} is no taxonomy: it must map the names of classes to {', '.join(_KEYS)}")
    for name, entry in found.items():
        if not isinstance(name, str) or not isinstance(entry, dict):
            raise UsageError(f"{path}: the class {name!r} must be a name with the keys {', '.join(_KEYS)}")
        parent = entry.get("parent")
        if parent is not None and (not isinstance(parent, str) or parent not in found):
            raise UsageError(f"{path}: the parent of {name} is {parent!r}, which is no class of the file")
        if unknown := [key for key in entry if key not in _KEYS]:
            raise UsageError(f"{path}: the class {name} has the key {unknown[0]!r}; give {', '.join(_KEYS)}")
    return found


def _texts(path: str, name: str, key: str, entry: dict[str, Any]) -> list[str]:
    value = entry.get(key) or []
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str | int | float) for text in texts):
        raise UsageError(f"{path}: {key} of the class {name} must be a list of texts")
    return [text for item in texts if (text := " ".join(str(item).split()))]

"""Reads passages whose mentions are marked in their text, with a table of their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.storage import open_input
from openbioner_batch.records import Rejected
from openbioner_batch.training.marks import read_marks
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.typenames import normalise_type

_NO_PARENT = ("", "-")

MarkedItem = AnnotatedPassage | tuple[str, str] | Rejected
"""A passage, a type with one of its descriptions, or a bad line."""


@dataclass(frozen=True, slots=True)
class MarkedTypes:
    """The types of a file of marked passages.

    Attributes:
        descriptions: types and their descriptions, in the order of the table.
        above: of each type, itself and all types above it.
    """

    descriptions: tuple[tuple[str, str], ...]
    above: Mapping[str, frozenset[str]]


def read_marked_passages(file: InputFile, source: str) -> Iterator[MarkedItem]:
    """The types of a file, then its lines: `[mention](type)`, `[mention](type, other)`, `[what is unsure]()`.

    The types are in a table of the same name beside it (`kinds.txt`, `kinds.tsv`). A mention is of all types above
    its own too. Every mention of every type of the table counts as marked. Lines that begin with # are comments.

    Raises:
        UsageError: the table is missing, or `read_marked_types` cannot read it.
    """
    types = read_marked_types(file)
    yield from types.descriptions
    stem = file.uri.rpartition("/")[2].partition(".")[0]
    with open_input(file) as stream:
        for number, raw in enumerate(stream):
            line = raw.decode("utf-8", "replace").strip()
            if line and not line.startswith("#"):
                yield _marked_passage(line, f"{stem}-{number}", source, types, Rejected(file.uri, number, ""))


def read_marked_types(file: InputFile) -> MarkedTypes:
    """The table beside a file of marked passages: type, the types right above it (`a,b`, or -), a description.

    Further lines of a type are further descriptions, and may name further types above it.

    Raises:
        UsageError: the table is missing, a line lacks a column, or a type is above itself or has no line.
    """
    table = replace(file, uri=re.sub(r"\.txt(?=[^/]*\Z)", ".tsv", file.uri))
    descriptions: dict[tuple[str, str], None] = {}
    parents: dict[str, set[str]] = {}
    try:
        with open_input(table) as stream:
            for number, raw in enumerate(stream, 1):
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if line.strip():
                    name, above, text = _row(line, f"{table.uri}, line {number}")
                    descriptions[name, text] = None
                    parents.setdefault(name, set()).update(above)
    except FileNotFoundError:
        raise UsageError(f"{file.uri}: marked passages need a table of their types beside them: {table.uri}") from None
    for name, named in parents.items():
        for one in sorted(named - parents.keys()):
            raise UsageError(f"{table.uri}: {one!r}, above {name!r}, has no line: add one")
    return MarkedTypes(tuple(descriptions), {name: _with_all_above(name, parents, table.uri) for name in parents})


def _row(line: str, place: str) -> tuple[str, list[str], str]:
    parts = [part.strip() for part in line.split("\t")]
    name = normalise_type(parts[0])
    if len(parts) != 3 or name is None or not parts[2]:
        raise UsageError(f"{place}: expected a type, the types above it (or -) and a description, between tabs")
    above = [normalise_type(one) or one for one in parts[1].split(",") if one.strip() not in _NO_PARENT]
    return name, above, parts[2]


def _with_all_above(name: str, parents: Mapping[str, set[str]], where: str) -> frozenset[str]:
    found, waiting = {name}, list(parents[name])
    while waiting:
        one = waiting.pop()
        if one == name:
            raise UsageError(f"{where}: {name!r} is above itself: remove one of the types above it")
        if one not in found:
            found.add(one)
            waiting.extend(parents[one])
    return frozenset(found)


def _marked_passage(
    line: str, id: str, source: str, types: MarkedTypes, rejected: Rejected
) -> AnnotatedPassage | Rejected:
    text, marks = read_marks(line)
    mentions: set[AnnotatedMention] = set()
    unsure: list[tuple[int, int]] = []
    for start, end, label in marks:
        names = [normalise_type(one) or "" for one in label.split(",") if one.strip()]
        if not names:
            unsure.append((start, end))
        for name in names:
            if name not in types.above:
                return replace(rejected, reason="a mention is marked with a type that the table does not have")
            mentions |= {AnnotatedMention(start, end, one) for one in types.above[name]}
    if "](" in text:
        return replace(rejected, reason="a mark is not closed, or holds another")
    ordered = sorted(mentions, key=lambda mention: (mention.start, mention.end, mention.type))
    return AnnotatedPassage(id, source, text, tuple(ordered), tuple(unsure), tuple(sorted(types.above)))

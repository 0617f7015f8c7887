"""Which entity types a checkpoint was trained on: a file beside it that `evaluate --zero-shot` reads."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from openbioner_batch.catalog import find_types
from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.location import TRAINED_TYPES
from openbioner_batch.training.nearness import TypeFacts, frequent_mentions, mention_key
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages

MOST_DESCRIPTIONS = 4
"""How many mentions of a type the file has."""
_PRIVATE = "phi"


def types_of_sources(
    folders: Iterable[str], is_seen: Callable[[int, AnnotatedPassage], bool] = lambda number, passage: True
) -> list[TypeFacts]:
    """The types of folders of passages and descriptions: those with a mention, or listed as annotated.

    Args:
        folders: of training data.
        is_seen: whether a passage of a folder, given by its number, counts.

    Raises:
        UsageError: a folder holds neither passages nor descriptions.
    """
    folders = tuple(folders)
    descriptions: dict[str, dict[str, None]] = {}
    for folder in folders:
        for name, _, text in read_descriptions(folder):
            descriptions.setdefault(name, {})[text] = None
    passages = (
        passage
        for number, folder in enumerate(folders)
        for group in passage_groups(folder)
        for passage in read_passages(group)
        if is_seen(number, passage)
    )
    return types_of_passages(passages, {name: tuple(texts) for name, texts in descriptions.items()})


def types_of_passages(
    passages: Iterable[AnnotatedPassage], descriptions: Mapping[str, tuple[str, ...]]
) -> list[TypeFacts]:
    """The types of passages, by name."""
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for passage in passages:
        for name in passage.annotated or ():
            counts[name].update(())
        for mention in passage.mentions:
            counts[mention.type][mention_key(passage.text[mention.start : mention.end])] += 1
    return [TypeFacts(name, descriptions.get(name, ()), frequent_mentions(counts[name])) for name in sorted(counts)]


def merge_types(*lists: Iterable[TypeFacts]) -> list[TypeFacts]:
    """The union of several lists of types; entries of one name are merged."""
    found: dict[str, TypeFacts] = {}
    for kind in (kind for types in lists for kind in types):
        known = found.get(kind.name, TypeFacts(kind.name))
        descriptions = tuple(dict.fromkeys([*known.descriptions, *kind.descriptions]))
        found[kind.name] = TypeFacts(kind.name, descriptions, known.mentions | kind.mentions)
    return [found[name] for name in sorted(found)]


def write_trained_types(directory: Path, types: Sequence[TypeFacts]) -> None:
    """Write the file; the same types give the same bytes.

    It contains no text of mentions, and no keys of mentions of identifiers (types of the catalog's set `phi`).
    """
    private = {kind.name for kind in find_types(_PRIVATE)}
    lines = [
        json.dumps(
            {
                "type": kind.name,
                "descriptions": list(kind.descriptions[:MOST_DESCRIPTIONS]),
                "mentions": [] if kind.name in private else sorted(kind.mentions),
            }
        )
        for kind in types
    ]
    with (directory / TRAINED_TYPES).open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("".join(f"{line}\n" for line in lines).encode())


def read_trained_types(directory: Path) -> list[TypeFacts] | None:
    """The types of a checkpoint; None where it does not list them.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = directory / TRAINED_TYPES
    if not path.is_file():
        return None
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [TypeFacts(r["type"], tuple(r["descriptions"]), frozenset(r["mentions"])) for r in rows]
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path}: damaged; expected packed JSON lines: type, descriptions, mentions") from None

"""Many distinct mentions made of a vocabulary's names, and processes that link them.

By a fixed seed three in ten mentions differ from a name in case or plural, two in the order of words, two by a typing
error, one has an adjective more, one a word less, one is of two names' halves.
"""

from __future__ import annotations

import csv
import multiprocessing
import random
import time
from collections.abc import Sequence
from pathlib import Path

from common.machine import peak_memory_mib

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import Linker, Mention
from openbioner_batch.concepts.readers import detect_reader

SEED = 17


def write_table(path: str, files: Sequence[Path], names: int) -> None:
    """The first `names` distinct names of vocabularies as one table."""
    left = names
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "name", "synonyms", "parents"])
        for file in files:
            for concept in detect_reader(str(file)).read(str(file), {}).concepts:
                distinct = dict.fromkeys(" ".join(name.text.replace("|", " ").split()) for name in concept.names)
                texts = list(distinct)[:left]
                if not texts:
                    return
                writer.writerow([concept.id, texts[0], "|".join(texts[1:]), "|".join(concept.parents)])
                left -= len(texts)


def distinct_mentions(vocabulary: Vocabulary, count: int) -> list[str]:
    """Mentions made of names, each once, in the same order each time."""
    made = random.Random(SEED)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(_mention(vocabulary, made))
    return list(found)


def _mention(vocabulary: Vocabulary, made: random.Random) -> str:
    name = vocabulary.name(made.randrange(vocabulary.names))
    words = name.split()
    kind = made.randrange(10)
    if kind < 3:
        return name.upper() if made.random() < 0.3 else f"{name.capitalize()}s"
    if kind < 5:
        made.shuffle(words)
        return " ".join(words)
    if kind < 7:
        place = made.randrange(len(name))
        return name[:place] + made.choice("abcdefghijklmnopqrstuvwxyz") + name[place + made.randrange(2) :]
    if kind == 7:
        return f"{made.choice(['severe', 'large', 'novel', 'recurrent'])} {name}"
    if kind == 8:
        return " ".join(words[:-1] or [name, "of unknown cause"])
    return " ".join([*words[:2], *vocabulary.name(made.randrange(vocabulary.names)).split()[-2:]])


_linkers: list[Linker] = []


def build_index(table: str, index: str) -> tuple[float, int]:
    """Seconds and the most MiB of building an index."""
    began = time.perf_counter()
    build_vocabulary(table, index)
    return time.perf_counter() - began, peak_memory_mib()


def open_linker(index: str) -> None:
    """Prepare this process to link against an index."""
    _linkers.append(Linker(Vocabulary(index)))


def link_texts(texts: Sequence[str]) -> tuple[int, int, int, float]:
    """The mentions that have a concept, the process, its peak memory in MiB, and CPU seconds."""
    began = time.process_time()
    found = sum(bool(concepts) for concepts in _linkers[0].link(map(Mention, texts)).values())
    return found, multiprocessing.current_process().pid or 0, peak_memory_mib(), time.process_time() - began

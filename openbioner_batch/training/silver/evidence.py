"""Collects from silver passages each type's surface forms and contexts, and finds near types."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow.parquet as pq

from openbioner_batch.engine.store import Store
from openbioner_batch.training.passages import AnnotatedPassage, passage_from_row
from openbioner_batch.training.sources import PASSAGES

MOST_FORMS = 400
"""How many surface forms of a type are kept; beyond twice as many, the rarer ones are dropped."""
CONTEXTS, CONTEXT_CHARS = 2, 200
LONGEST_EXAMPLE = 60


@dataclass(slots=True)
class Evidence:
    """The evidence on one type."""

    mentions: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    contexts: list[str] = field(default_factory=list)

    def add(self, text: str, start: int, end: int) -> None:
        """Add a mention."""
        self.mentions += 1
        form = " ".join(text[start:end].split())
        if len(form) <= LONGEST_EXAMPLE:
            self.forms[form] += 1
        if len(self.forms) > 2 * MOST_FORMS:
            self.forms = Counter(dict(_ranked(self.forms)[:MOST_FORMS]))
        if len(self.contexts) < CONTEXTS:
            low = max(0, start - CONTEXT_CHARS // 2)
            context = " ".join(text[low : low + CONTEXT_CHARS].split())
            if context not in self.contexts:
                self.contexts.append(context)

    def examples(self, most: int) -> list[str]:
        """The most frequent surface forms, each in its most frequent case."""
        chosen: dict[str, str] = {}
        for form, _ in _ranked(self.forms):
            chosen.setdefault(form.lower(), form)
        return list(chosen.values())[:most]


def passages_of_store(store: Store) -> Iterator[AnnotatedPassage]:
    """The passages of a folder of silver data, in order."""
    for name in store.names(PASSAGES):
        with store.open(f"{PASSAGES}/{name}") as file:
            for batch in pq.ParquetFile(file).iter_batches():
                yield from map(passage_from_row, batch.to_pylist())


def gather_evidence(passages: Iterator[AnnotatedPassage]) -> dict[str, Evidence]:
    """The evidence on every type, the most frequent first."""
    found: dict[str, Evidence] = defaultdict(Evidence)
    for passage in passages:
        for mention in passage.mentions:
            found[mention.type].add(passage.text, mention.start, mention.end)
    return dict(sorted(found.items(), key=lambda item: (-item[1].mentions, item[0])))


def near_types(evidence: Mapping[str, Evidence], most: int) -> dict[str, list[str]]:
    """For each type those that share surface forms or words of the name with it, the nearest first.

    A type that shares too little gets the most frequent other types, from which it must be distinguished too.
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    by_word: dict[str, list[str]] = defaultdict(list)
    for type, known in evidence.items():
        for form in {form.lower() for form in known.forms}:
            by_form[form].append(type)
        for word in set(type.split("_")):
            by_word[word].append(type)
    frequent = list(evidence)[: most + 1]
    near = {}
    for type, known in evidence.items():
        shared: Counter[str] = Counter()
        for form in {form.lower() for form in known.forms}:
            shared.update(by_form[form])
        for word in set(type.split("_")):
            shared.update(dict.fromkeys(by_word[word], 3))
        del shared[type]
        others = [other for other, _ in _ranked(shared)] + [other for other in frequent if other != type]
        near[type] = list(dict.fromkeys(others))[:most]
    return near


def questions(evidence: Mapping[str, Evidence], examples: int, near: int, limit: int | None) -> bytes:
    """One JSON line for each type: its name as the id, and the LLM's input as the text."""
    contrasted = near_types(evidence, near)
    lines = []
    for type, known in list(evidence.items())[:limit]:
        told = {
            "entity_type": type,
            "examples": known.examples(examples),
            "contexts": known.contexts,
            "near_types": contrasted[type],
        }
        lines.append(json.dumps({"id": type, "text": json.dumps(told, ensure_ascii=False)}) + "\n")
    return "".join(lines).encode()


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

"""Looks up by text what finished runs of `annotate` found in passages."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from openbioner_batch.engine.concepts import types_of
from openbioner_batch.engine.export.finished import FinishedRun, ShardKey, open_run
from openbioner_batch.engine.names import shard_file
from openbioner_batch.engine.tables import open_table
from openbioner_batch.errors import UsageError
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.typenames import normalise_type

_SHARDS_KEPT = 4
"""How many shards' spans are kept in memory."""


class RunSpans:
    """The spans of one run. Memory holds a hash of each text, and the position of its row.

    Args:
        url: of the run.
        threshold: score from which a span is a mention.

    Raises:
        UsageError: the folder holds no run, an unfinished one, or one without texts.
    """

    def __init__(self, url: str, threshold: float) -> None:
        self._run = open_run(url)
        if self._run.shards and not self._run.has_text:
            raise UsageError(f"the run in {url} kept no texts: run it again with --include-text")
        self.url, self._threshold = url, threshold
        named = map(normalise_type, types_of(self._run.plan.fingerprint))
        self.types = tuple(dict.fromkeys(name for name in named if name is not None))
        """The run's types, by their normalised names."""
        self._texts, self._ids, self._places = _index(self._run)
        self._spans = lru_cache(_SHARDS_KEPT)(self._read_spans)

    def mentions(self, texts: Sequence[str]) -> list[list[AnnotatedMention] | None]:
        """What was found in each text; None where the run did not read it."""
        found: list[list[AnnotatedMention] | None] = [None] * len(texts)
        by_shard: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, text in enumerate(texts):
            key = _hash(text)
            at = int(np.searchsorted(self._texts, key))
            if at < len(self._texts) and self._texts[at] == key:
                shard, row = self._places[at].tolist()
                by_shard[shard].append((number, row))
        for shard, some in sorted(by_shard.items()):
            spans = self._spans(self._run.shards[shard])
            for number, row in some:
                found[number] = list(self._sure(spans[row].as_py()))
        return found

    def has_id(self, passage_id: str) -> bool:
        """Whether the run read a text of that id."""
        key = _hash(passage_id)
        at = int(np.searchsorted(self._ids, key))
        return at < len(self._ids) and bool(self._ids[at] == key)

    def _sure(self, spans: list[dict[str, Any]]) -> Iterator[AnnotatedMention]:
        for span in spans:
            name = normalise_type(span["type"])
            if name is not None and span["score"] >= self._threshold:
                yield AnnotatedMention(span["start"], span["end"], name)

    def _read_spans(self, shard: ShardKey) -> pa.ChunkedArray:
        with open_table(self._run.store, shard_file("data", *shard)) as table:
            return table.read(["spans"])["spans"]


class FoundSpans:
    """The spans of several runs.

    Args:
        urls: of the runs, the one with priority first.
        threshold: score from which a span is a mention.

    Raises:
        UsageError: a run cannot be used.
    """

    def __init__(self, urls: Sequence[str], threshold: float) -> None:
        self._runs = [RunSpans(url, threshold) for url in urls]

    def of(
        self, passages: Sequence[AnnotatedPassage]
    ) -> Iterator[tuple[AnnotatedPassage, dict[str, list[AnnotatedMention]] | None]]:
        """Each passage with the types that runs looked for and their mentions; None where no run read it.

        If several runs looked for a type, the first that read the passage counts.

        Raises:
            UsageError: a run read another text under a passage's id.
        """
        texts = [passage.text for passage in passages]
        by_run = [run.mentions(texts) for run in self._runs]
        for number, passage in enumerate(passages):
            found: dict[str, list[AnnotatedMention]] = {}
            read = False
            for run, mentions in zip(self._runs, by_run, strict=True):
                here = mentions[number]
                if here is None:
                    continue
                read = True
                fresh = {name: [m for m in here if m.type == name] for name in run.types if name not in found}
                found |= fresh
            if not read:
                self._refuse_changed(passage.passage_id)
            yield passage, found if read else None

    def _refuse_changed(self, passage_id: str) -> None:
        for run in self._runs:
            if run.has_id(passage_id):
                raise UsageError(
                    f"passage {passage_id} has another text in the run in {run.url}: run `openbioner-batch annotate` "
                    "on the current passages"
                )


def _index(run: FinishedRun) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted hashes of the texts, sorted hashes of the ids, and for each text the (shard, row) that has it first."""
    texts, ids, places = [], [], []
    for number, shard in enumerate(run.shards):
        with open_table(run.store, shard_file("data", *shard)) as table:
            rows = table.read(["document_id", "text"])
        texts.append(np.array([_hash(text) for text in rows["text"].to_pylist()], np.uint64))
        ids.append(np.array([_hash(one) for one in rows["document_id"].to_pylist()], np.uint64))
        places.append(np.stack([np.full(len(rows), number), np.arange(len(rows))], 1).astype(np.int64))
    if not texts:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros((0, 2), np.int64)
    keys, first = np.unique(np.concatenate(texts), return_index=True)
    return keys, np.unique(np.concatenate(ids)), np.concatenate(places)[first]


def _hash(text: str) -> np.uint64:
    """64 bits: two of a million texts have the same once in 37 million such runs."""
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big"))

"""Which parts of a run are done, as its output shows; there is no other record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from openbioner_batch.engine.names import ENDS, end_file, parse_number, parse_shard, shard_file
from openbioner_batch.engine.plan import PlannedSplit
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import read_counts_of


@dataclass(frozen=True, slots=True)
class SplitEnd:
    """What a split held, known once it has been read to its end."""

    shards: int
    documents: int
    rejected: int
    deletions: int
    text_bytes: int


@dataclass(slots=True)
class Totals:
    """Sums over shards."""

    shards: int = 0
    documents: int = 0
    deletions: int = 0
    windows: int = 0
    tokens: int = 0
    text_bytes: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    """Counts that only some kinds of runs have, such as an LLM's tokens."""

    @property
    def set_aside(self) -> int:
        """How many records are in the quarantine."""
        return self.quarantined.total()

    @property
    def records(self) -> int:
        """Documents in: rows and quarantined records."""
        return self.documents + self.set_aside

    def add(self, counts: dict[str, Any]) -> None:
        """Count one more shard, given what its data file says."""
        self.shards += 1
        for name in ("documents", "deletions", "windows", "tokens", "text_bytes"):
            setattr(self, name, getattr(self, name) + counts[name])
        self.quarantined.update(counts["quarantined"])
        self.spans.update(counts["spans"])
        self.amounts.update(counts.get("amounts", {}))


@dataclass(slots=True)
class Ledger:
    """Committed shards and read-out splits of a run."""

    folder: str
    """Where each committed shard has a Parquet file."""
    committed: dict[int, set[int]]
    ends: dict[int, SplitEnd]

    @classmethod
    def read(cls, store: Store, folder: str) -> Ledger:
        """The ledger as the folder shows it now."""
        committed: dict[int, set[int]] = {}
        for name in store.names(folder):
            if (found := parse_shard(name)) is not None:
                committed.setdefault(found[0], set()).add(found[1])
        ledger = cls(folder, committed, {})
        ledger.refresh_ends(store)
        return ledger

    def refresh_ends(self, store: Store) -> None:
        """Read the end markers that are new since the last call."""
        names = {
            end_file(ordinal): ordinal
            for name in store.names(ENDS)
            if (ordinal := parse_number(name, ".json")) is not None and ordinal not in self.ends
        }
        for name, data in store.read_all(list(names)):
            with suppress(ValueError, TypeError):  # a damaged marker is ignored: its split is read again
                self.ends[names[name]] = SplitEnd(**json.loads(data))

    def is_finished(self, split: int) -> bool:
        """Whether a split has been read to its end and all its shards are committed."""
        end = self.ends.get(split)
        return end is not None and self.committed.get(split, set()).issuperset(range(end.shards))

    def count_finished(self, splits: Iterable[PlannedSplit]) -> int:
        """How many of these splits are finished."""
        return sum(self.is_finished(planned.ordinal) for planned in splits)

    @property
    def shards(self) -> Iterator[tuple[int, int]]:
        """The committed shards, in order."""
        for split in sorted(self.committed):
            for shard in sorted(self.committed[split]):
                yield split, shard


def read_counts(store: Store, ledger: Ledger, threads: int = 16) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """The committed shards in order, each with its counts from the footer of its file."""

    def counts(shard: tuple[int, int]) -> dict[str, Any]:
        return read_counts_of(store, shard_file(ledger.folder, *shard))

    shards = list(ledger.shards)
    with ThreadPoolExecutor(threads) as pool:
        yield from zip(shards, pool.map(counts, shards), strict=True)


def read_totals(store: Store, ledger: Ledger) -> Totals:
    """Sums over committed shards."""
    totals = Totals()
    for _, counts in read_counts(store, ledger):
        totals.add(counts)
    return totals

"""A finished run as exports read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import pyarrow as pa

from openbioner_batch.engine.ledger import Ledger
from openbioner_batch.engine.names import DATA, DELETIONS, INPUTS, PLAN, shard_file
from openbioner_batch.engine.plan import Plan, read_plan
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table, read_counts_of
from openbioner_batch.errors import UsageError
from openbioner_batch.schemas import OWN_COLUMNS

ShardKey = tuple[int, int]
"""The ordinal of its split, and the shard's index in it."""
_REQUIRED = ("document_id", "source", "record", "spans")


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run's plan, its shards in file order, and the columns of its rows."""

    store: Store
    plan: Plan
    shards: tuple[ShardKey, ...]
    schema: pa.Schema

    @property
    def kept(self) -> list[str]:
        """The columns carried over from the input."""
        return [name for name in self.schema.names if name not in OWN_COLUMNS]

    @property
    def has_text(self) -> bool:
        """Whether the run kept its texts (`--include-text`)."""
        return "text" in self.schema.names

    def identity(self) -> str:
        """A digest that stays the same as the run grows, and differs for another run."""
        digest = hashlib.sha256(self.store.get(PLAN))
        digest.update(self.store.get(f"{INPUTS}/0000.jsonl"))
        return digest.hexdigest()

    def contents(self) -> str:
        """A digest of what the run holds now."""
        sizes = {folder: self.store.sizes(folder) for folder in (DATA, DELETIONS)}
        return hashlib.sha256(json.dumps(sizes, sort_keys=True).encode()).hexdigest()

    def spans_before(self) -> dict[ShardKey, int]:
        """For each shard, the number of spans in the shards before it, from the footers of the data files."""
        with ThreadPoolExecutor(16) as pool:
            counts = list(pool.map(partial(_count_spans, self.store), self.shards))
        return dict(zip(self.shards, accumulate(counts, initial=0), strict=False))


def open_run(url: str) -> FinishedRun:
    """The run in a folder.

    Raises:
        UsageError: the folder holds no run, an unfinished one, or one of a kind without spans.
    """
    store = Store(url)
    plan = read_plan(store)
    if plan is None:
        raise UsageError(f"{url} holds no run: expected the --output of an `openbioner-batch annotate`")
    if plan.ledger != DATA:
        raise UsageError(f"the run in {url} is not a tagging run: it has no spans to export")
    ledger = Ledger.read(store, DATA)
    left = len(plan.wanted) - ledger.count_finished(plan.wanted)
    if left:
        raise UsageError(
            f"the run in {url} is not finished: {left:,} of {len(plan.wanted):,} splits are left. "
            "Run its command to the end first"
        )
    shards = tuple(ledger.shards)
    schema = _schema(store, shards)
    if missing := [name for name in _REQUIRED if name not in schema.names and shards]:
        raise UsageError(f"the rows of the run in {url} have no column {missing[0]!r}: only tagging runs are exported")
    return FinishedRun(store, plan, shards, schema)


def _schema(store: Store, shards: Sequence[ShardKey]) -> pa.Schema:
    if not shards:
        return pa.schema([])
    with open_table(store, shard_file(DATA, *shards[0])) as table:
        return table.schema_arrow


def _count_spans(store: Store, shard: ShardKey) -> int:
    return sum(read_counts_of(store, shard_file(DATA, *shard))["spans"].values())

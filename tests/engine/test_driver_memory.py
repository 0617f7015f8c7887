"""What the driver keeps of each shard: a run may have hundreds of thousands."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from openbioner_batch.engine.accounting import Accounts

from .conftest import Annotate, Corpus

FIRST, LAST = 50, 200
"""Shards: until the first, modules are imported and caches filled."""
MOST_BYTES = 700
"""Of a shard. It is some 400 here and 120 over two thousand shards, the rates of the last minute and the number in the
ledger; to keep what `commit` says of a shard takes 850 more."""


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Bytes of Python objects that were made after shard `FIRST` and are still held at shard `LAST`."""
    held: list[int] = []
    add = Accounts.add

    def noted(self: Accounts, shard: Mapping[str, Any]) -> None:
        add(self, shard)
        if self.totals.shards == FIRST:
            gc.collect()
            tracemalloc.start()
        elif self.totals.shards == LAST:
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])

    monkeypatch.setattr(Accounts, "add", noted)
    yield held
    tracemalloc.stop()


def test_the_driver_keeps_next_to_nothing_of_a_shard(traced: list[int], run_here: Annotate, corpus: Corpus) -> None:
    summary = run_here(corpus("a.jsonl", ["Anna"] * LAST), shard_documents=1)
    assert summary.totals.shards == LAST
    (held,) = traced
    assert held / (LAST - FIRST) < MOST_BYTES

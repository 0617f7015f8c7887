"""What the driver keeps of each shard: a run may have hundreds of thousands."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from processes import Program

from openbioner_batch.engine.accounting import Accounts

from .conftest import Annotate, Corpus

FIRST, LAST = 50, 200
"""Shards: until the first, modules are imported and caches filled."""
MOST_BYTES = 700
"""Of a shard. It is some 400 here and 120 over two thousand shards, the rates of the last minute and the number in the
ledger; to keep what `commit` says of a shard takes 850 more."""

FIRST_UNDER_RAY, LAST_UNDER_RAY = 1000, 3000
MOST_BYTES_UNDER_RAY = 700
"""Of a shard of one reading task, in and outside of Python, once the allocator has given back what is free: some 160
(benchmarks/NOTES.md, Memory), 1,200 without `limit_arenas`, 2,000 more without `DropBlockStats`."""


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


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_ray_keeps_next_to_nothing_of_a_shard_of_a_long_task() -> None:
    # In a process of its own: threads of other tests have arenas of glibc's allocator already.
    child = Program(["-m", "driver_growth", str(FIRST_UNDER_RAY), str(LAST_UNDER_RAY)])
    try:
        code, output = child.finish(timeout=1700)
    finally:
        child.end()
    assert code == 0, output
    assert int(output.split()[-1]) < MOST_BYTES_UNDER_RAY

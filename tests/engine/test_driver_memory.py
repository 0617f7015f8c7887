"""What the driver keeps of each shard: a run may have hundreds of thousands."""

from __future__ import annotations

import ctypes
import gc
import re
import sys
import tracemalloc
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from openbioner_batch.engine.accounting import Accounts
from openbioner_batch.engine.executors.base import Workforce
from openbioner_batch.engine.executors.ray_data import RayData
from openbioner_batch.engine.work import SplitTask, row_table, row_values
from openbioner_batch.formats.base import InputFile, Split

from .conftest import Annotate, Corpus

FIRST, LAST = 50, 200
"""Shards: until the first, modules are imported and caches filled."""
MOST_BYTES = 700
"""Of a shard. It is some 400 here and 120 over two thousand shards, the rates of the last minute and the number in the
ledger; to keep what `commit` says of a shard takes 850 more."""

FIRST_UNDER_RAY, LAST_UNDER_RAY = 1000, 3000
MOST_BYTES_UNDER_RAY = 2500
"""Of a shard of one reading task, in and outside of Python, once the allocator has given back what is free: some 1,200
in one run, 3,200 without `DropBlockStats`. Of these 1,200 nobody knows what they are (benchmarks/NOTES.md, Memory)."""


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


def needed() -> int:
    """Bytes of its own that this process holds, without what glibc's allocator keeps for later."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) << 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.usefixtures("ray_here")
def test_ray_keeps_next_to_nothing_of_a_shard_of_a_long_task() -> None:
    def read(batch: pa.Table) -> Generator[pa.Table, None, None]:
        task = SplitTask.from_json(row_values(batch)["task"])
        for shard in range(task.limit or 0):
            yield row_table(task.ordinal, shard, data=b"x" * 2000)

    def commit(batch: pa.Table) -> pa.Table:
        return batch.drop_columns(["data"])

    task = SplitTask(0, Split((InputFile("unused", 0, ""),), 0, 0), LAST_UNDER_RAY, ())
    workforce = Workforce(1, 0.5, 0, readers=1, reader_cpus=0.1, writers=1)
    looks = []
    for number, _ in enumerate(RayData(None).run([task], workforce, read, None, commit), 1):
        if number in (FIRST_UNDER_RAY, LAST_UNDER_RAY):
            looks.append(needed())
    before, after = looks
    assert (after - before) / (LAST_UNDER_RAY - FIRST_UNDER_RAY) < MOST_BYTES_UNDER_RAY

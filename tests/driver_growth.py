"""What this process keeps of each shard of one long reading task under Ray, in bytes: printed.

FIRST LAST: the shards between which it looks.
"""

from __future__ import annotations

import ctypes
import gc
import re
import sys
from collections.abc import Generator
from pathlib import Path

import pyarrow as pa

from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.executors.base import Workforce
from openbioner_batch.engine.executors.ray_data import RayData
from openbioner_batch.engine.work import SplitTask, row_table, row_values
from openbioner_batch.formats.base import InputFile, Split


def read(batch: pa.Table) -> Generator[pa.Table, None, None]:
    """Make as many shards as the task has a limit."""
    task = SplitTask.from_json(row_values(batch)["task"])
    for shard in range(task.limit or 0):
        yield row_table(task.ordinal, shard, data=b"x" * 2000)


def commit(batch: pa.Table) -> pa.Table:
    """Write nothing."""
    return batch.drop_columns(["data"])


def needed() -> int:
    """Bytes of its own that this process holds, without the whole pages that glibc's allocator keeps for later."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) << 10


def growth(first: int, last: int) -> float:
    """Of each shard between the two."""
    task = SplitTask(0, Split((InputFile("unused", 0, ""),), 0, 0), last, ())
    workforce = Workforce(1, 0.5, 0, readers=1, reader_cpus=0.1, writers=1)
    looks = []
    with ray_connection(None):
        for number, _ in enumerate(RayData(None).run([task], workforce, read, None, commit), 1):
            if number in (first, last):
                looks.append(needed())
    before, after = looks
    return (after - before) / (last - first)


if __name__ == "__main__":
    print(round(growth(*map(int, sys.argv[1:]))))

"""The last stage: writes a shard's files atomically, under names that the plan determines."""

from __future__ import annotations

import json
import time

import pyarrow as pa

from openbioner_batch.engine.attempts import remove_attempts
from openbioner_batch.engine.metrics import count_written
from openbioner_batch.engine.names import DATA, DELETIONS, QUARANTINE, shard_file, shard_name
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import COUNTS_KEY, Job, row_table, row_values, table_from_bytes


def commit_shard(batch: pa.Table, job: Job) -> pa.Table:
    """A stage: write a tagged shard, and return its counts.

    The data file comes last, since its presence means that the shard is done.
    """
    began = time.perf_counter()
    work = row_values(batch)
    split, shard = work["split"], work["shard"]
    store = Store(job.output)
    data = table_from_bytes(work["data"])
    for folder, table in (
        (QUARANTINE, table_from_bytes(work["rejected"])),
        (DELETIONS, table_from_bytes(work["deletions"])),
        (DATA, data),
    ):
        if folder == DATA or table.num_rows:
            store.put(shard_file(folder, split, shard), parquet_bytes(table))
    remove_attempts(store, shard_name(split, shard))
    counts = data.schema.metadata[COUNTS_KEY].decode()
    count_written(job.output, time.perf_counter() - began, json.loads(counts))
    return row_table(split, shard, counts=counts, deaths=work["deaths"], committed_at=time.time(), read=work["read"])

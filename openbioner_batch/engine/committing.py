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
    put_beside(store, QUARANTINE, split, shard, table_from_bytes(work["rejected"]))
    put_beside(store, DELETIONS, split, shard, table_from_bytes(work["deletions"]))
    store.put(shard_file(DATA, split, shard), parquet_bytes(data))
    remove_attempts(store, shard_name(split, shard))
    counts = data.schema.metadata[COUNTS_KEY].decode()
    count_written(job.output, time.perf_counter() - began, json.loads(counts))
    return row_table(split, shard, counts=counts, deaths=work["deaths"], committed_at=time.time(), read=work["read"])


def put_beside(store: Store, folder: str, split: int, shard: int, table: pa.Table) -> None:
    """Write what a shard has beside its data, before that; where it has nothing, an earlier attempt's file goes.

    That attempt may have set a record aside that is a row now, as where an LLM did not answer.
    """
    name = shard_file(folder, split, shard)
    if table.num_rows:
        store.put(name, parquet_bytes(table))
    elif store.exists(name):
        store.remove([name])

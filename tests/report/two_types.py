"""A finished run with two types found and a third that was queried."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from openbioner_batch.engine.committing import parquet_bytes
from openbioner_batch.engine.names import DATA, PLAN, end_file, shard_file
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import counts_metadata
from openbioner_batch.schemas import annotations_schema

TEXT = "Aspirin and BRCA1."
DRUG = {"start": 0, "end": 7, "type": "drug", "score": 0.9, "text": "Aspirin"}
GENE = {"start": 12, "end": 17, "type": "gene", "score": 0.6, "text": "BRCA1"}


def commit_two_types(folder: Path) -> str:
    """Four documents with a drug, two of them with a gene too; the address of the run."""
    store = Store(str(folder / "two"))
    descriptions = {f"1/{name}": f"A {name}." for name in ("disease", "drug", "gene")}
    plan = {"version": 1, "fingerprint": {"format": "jsonl", "model": "0123", "descriptions": descriptions}}
    store.put(PLAN, json.dumps(plan).encode())
    split = {"files": [["in.jsonl", 1, ""]], "start": 0, "stop": 0, "limit": None}
    store.put("_run/inputs/0000.jsonl", (json.dumps(split) + "\n").encode())
    rows = [
        {"document_id": str(n), "source": "in.jsonl", "record": n, "windows": 1, "text": TEXT}
        | {"spans": [DRUG, GENE] if n % 2 else [DRUG]}
        for n in range(4)
    ]
    sums = {"documents": 4, "deletions": 0, "windows": 4, "tokens": 24, "text_bytes": 72, "quarantined": {}}
    schema = annotations_schema(pa.schema([]), True)
    schema = schema.with_metadata(counts_metadata(sums | {"spans": {"drug": 4, "gene": 2}}))
    store.put(shard_file(DATA, 0, 0), parquet_bytes(pa.Table.from_pylist(rows, schema=schema)))
    end = {"shards": 1, "documents": 4, "rejected": 0, "deletions": 0, "text_bytes": 72}
    store.put(end_file(0), json.dumps(end).encode())
    return store.url

"""The first stage: cuts a split into shards, each prepared for the next stage."""

from __future__ import annotations

import json
import os
import pickle
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.attempts import Attempts, remove_attempts
from openbioner_batch.engine.metrics import READ, count_shard
from openbioner_batch.engine.names import end_file
from openbioner_batch.engine.scoring import TextPreparer
from openbioner_batch.engine.shards import UNKNOWN, Shard, cut_shards, documents_table
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import (
    Job,
    SplitTask,
    TaggingJob,
    deletions_table,
    preparer_of,
    rejected_table,
    row_table,
    table_to_bytes,
)
from openbioner_batch.errors import OpenBioNERError, RunFailedError
from openbioner_batch.formats.base import InputFile, Split
from openbioner_batch.formats.labels import error_text, label_of
from openbioner_batch.formats.meter import bytes_read
from openbioner_batch.formats.storage import first_changed
from openbioner_batch.records import Rejected

DEATHS_ALLOWED = 3
Emit = Callable[[int, Shard], pa.Table]
"""Makes the next stage's input of a shard of a split (by ordinal)."""


def read_splits(batch: pa.Table, job: Job, emit: Emit) -> Generator[pa.Table, None, None]:
    """A stage: what `emit` makes of each shard that is not committed.

    What it yields depends on `batch` alone, never on what has been committed meanwhile: of a task that Ray retries, it
    skips as many rows as it had already received.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    store = Store(job.output)
    for text in batch["task"].to_pylist():
        task = SplitTask.from_json(text)
        work = f"read-{task.ordinal:06d}"
        attempts = Attempts(store, work, job.session)
        if attempts.deaths("all").count(job.session) >= DEATHS_ALLOWED:
            raise RunFailedError(
                f"the process that reads {task.source} died {DEATHS_ALLOWED} times, perhaps for lack of memory; "
                "what is committed stays: run the same command again, with fewer --actors if memory is short, "
                "or leave this input out"
            )
        with attempts.attempt("all"):
            yield from _read_split(task, job, store, emit)
        remove_attempts(store, work)


def _read_split(task: SplitTask, job: Job, store: Store, emit: Emit) -> Iterator[pa.Table]:
    done = set(task.done)
    files = {file.uri: file for file in task.split.files}
    seen: set[str] = set()
    totals = {"shards": 0, "documents": 0, "rejected": 0, "deletions": 0, "text_bytes": 0}
    began, read_before = time.perf_counter(), bytes_read()
    try:
        for shard in cut_shards(job.format.read(task.split, job.options), job.most_documents, task.limit):
            totals["shards"] += 1
            totals["documents"] += len(shard.documents)
            totals["rejected"] += len(shard.rejected)
            totals["deletions"] += len(shard.deletions)
            totals["text_bytes"] += shard.text_bytes
            seen |= shard.sources
            _refuse_changed([files[uri] for uri in shard.sources])
            if shard.index not in done:
                shard.read = _share_read(task.split, bytes_read() - read_before)
                made = emit(task.ordinal, shard)
                count_shard(job.output, READ, time.perf_counter() - began)
                yield made
            began = time.perf_counter()  # while a shard was handed over, none was read
    except OpenBioNERError:
        raise
    except OSError as error:
        _refuse_changed(task.split.files)
        raise RunFailedError(f"reading {task.source} failed: {error_text(error)}") from error
    except Exception as error:  # its message could quote a record
        raise RunFailedError(f"reading {task.source} failed: {type(error).__name__}") from None
    _refuse_changed([file for file in task.split.files if file.uri not in seen])
    store.put(end_file(task.ordinal), json.dumps(totals).encode())


def _share_read(split: Split, read: int) -> float:
    """The share of the bytes read so far in a split of whole files; other splits are small."""
    size = sum(file.size for file in split.files)
    if not size or split.stop not in (0, size):
        return UNKNOWN
    return min(0.99, read / size)


def _refuse_changed(files: Sequence[InputFile]) -> None:
    """Raises RunFailedError where a file is no longer as planned; what has been read of it is then not used."""
    if (file := first_changed(files)) is not None:
        raise RunFailedError(
            f"{label_of(file.uri)} has changed while the run read it: restore it, or give another --output"
        )


def prepare_shard(split: int, shard: Shard, job: TaggingJob) -> pa.Table:
    """The row of one shard: its documents, what was set aside, and the model's input."""
    documents = documents_table(shard, job.kept)
    prepared, failed = prepare_texts(preparer_of(job.factory), documents["text"].to_pylist())
    if failed:
        shard.rejected += [
            Rejected(documents["source"][i].as_py(), documents["record"][i].as_py(), reason)
            for i, reason in failed.items()
        ]
        documents = documents.filter(pa.array([i not in failed for i in range(documents.num_rows)], pa.bool_()))
    return row_table(
        split,
        shard.index,
        documents=table_to_bytes(documents),
        rejected=table_to_bytes(rejected_table(shard.rejected)),
        deletions=table_to_bytes(deletions_table(shard.deletions)),
        prepared=pickle.dumps(prepared, protocol=5),
        read=shard.read,
    )


def prepare_texts(preparer: TextPreparer, texts: Sequence[str]) -> tuple[Any, dict[int, str]]:
    """The model's input of those texts that can be prepared, and why the others (by index) cannot."""
    if not texts:
        return None, {}
    try:
        return preparer.prepare(texts), {}
    except Exception:
        failed = {}
        for index, text in enumerate(texts):
            try:
                preparer.prepare([text])
            except Exception as error:
                failed[index] = f"preparing the text failed: {type(error).__name__}"
        rest = [text for index, text in enumerate(texts) if index not in failed]
        return (preparer.prepare(rest) if rest else None), failed

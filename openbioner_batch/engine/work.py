"""The data between the stages of the Ray Data graph: one row per shard, its parts as opaque bytes."""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.additions import Addition
from openbioner_batch.engine.scoring import ScorerFactory, TextPreparer
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.labels import label_of
from openbioner_batch.records import Deletion, Rejected
from openbioner_batch.schemas import DELETIONS_SCHEMA, QUARANTINE_SCHEMA


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker of a run must know, the same for all shards."""

    output: str
    session: str
    """Identifies this run of the driver, so that the deaths of its processes can be distinguished from its own."""
    format: Format
    options: ReadOptions
    kept: pa.Schema
    include_text: bool
    most_documents: int


@dataclass(frozen=True, slots=True)
class TaggingJob(Job):
    """What every worker of a run that tags with a model must know."""

    factory: ScorerFactory
    threads: int | None
    """CPU threads of a scoring process; None leaves them alone."""
    additions: tuple[Addition, ...] = ()
    """What adds fields to the spans, in order."""


@dataclass(frozen=True, slots=True)
class SplitTask:
    """A split to read, and which of its shards need no work."""

    ordinal: int
    split: Split
    limit: int | None
    done: tuple[int, ...]

    def to_json(self) -> str:
        """One line of JSON, which `from_json` reads on a worker."""
        files = [[file.uri, file.size, file.etag] for file in self.split.files]
        split = {"files": files, "start": self.split.start, "stop": self.split.stop}
        return json.dumps({"ordinal": self.ordinal, "split": split, "limit": self.limit, "done": self.done})

    @classmethod
    def from_json(cls, text: str) -> SplitTask:
        """A task from the line that `to_json` gives."""
        found = json.loads(text)
        files = tuple(InputFile(*file) for file in found["split"]["files"])
        split = Split(files, found["split"]["start"], found["split"]["stop"])
        return cls(found["ordinal"], split, found["limit"], tuple(found["done"]))

    @property
    def source(self) -> str:
        """The split in words, for messages."""
        first = label_of(self.split.files[0].uri)
        more = len(self.split.files) - 1
        part = f" ({self.split.start} to {self.split.stop})" if self.split.stop else ""
        return f"{first}{part}" + (f" and {more} more files" if more else "")


def row_table(split: int, shard: int, **parts: bytes | float | str | int) -> pa.Table:
    """A one-row table for Ray Data, with a schema that is the same for every shard of a stage."""
    kinds = {bytes: pa.large_binary(), float: pa.float64(), str: pa.string(), int: pa.int32()}
    columns = {"split": pa.array([split], pa.int32()), "shard": pa.array([shard], pa.int32())}
    columns |= {name: pa.array([value], kinds[type(value)]) for name, value in parts.items()}
    return pa.table(columns)


def row_values(table: pa.Table) -> dict[str, Any]:
    """The values of a one-row table."""
    return {name: column[0].as_py() for name, column in zip(table.column_names, table.columns, strict=True)}


def table_to_bytes(table: pa.Table) -> bytes:
    """A table as Arrow IPC."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def table_from_bytes(data: bytes) -> pa.Table:
    """The table in Arrow IPC bytes."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


def rejected_table(rejected: Sequence[Rejected]) -> pa.Table:
    """Rejected records, in order of source as met and of position."""
    rows = [{"source": item.source, "record": item.record, "reason": item.reason} for item in rejected]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


def deletions_table(deletions: Sequence[Deletion]) -> pa.Table:
    """Deletion notices, in order."""
    rows = [{"source": item.source, "record": item.record, "document_id": item.document_id} for item in deletions]
    return pa.Table.from_pylist(rows, schema=DELETIONS_SCHEMA)


@functools.lru_cache(maxsize=1)
def _build_preparer(pickled: bytes) -> TextPreparer:
    factory: ScorerFactory = pickle.loads(pickled)
    return factory.preparer()


def preparer_of(factory: ScorerFactory) -> TextPreparer:
    """The factory's preparer, built once in a process."""
    return _build_preparer(pickle.dumps(factory))


def counts_metadata(counts: Mapping[str, Any]) -> dict[bytes, bytes]:
    """A shard's counts as the footer of its data file has them."""
    return {COUNTS_KEY: json.dumps(counts, sort_keys=True).encode()}


COUNTS_KEY = b"openbioner_batch.counts"

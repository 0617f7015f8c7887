"""The stages of finding names: read shards of passages, search and commit them."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from openbioner_batch.concepts.readers import detect_reader
from openbioner_batch.concepts.source import digest_of
from openbioner_batch.engine.committing import put_beside
from openbioner_batch.engine.executors.base import Executor, Workforce
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import DATA, QUARANTINE, shard_file
from openbioner_batch.engine.reading import read_splits
from openbioner_batch.engine.rows import kind_of
from openbioner_batch.engine.shards import Shard, documents_table
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import (
    Job,
    SplitTask,
    counts_metadata,
    rejected_table,
    row_table,
    row_values,
    table_from_bytes,
    table_to_bytes,
)
from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.ontology.classes import Classes, read_part
from openbioner_batch.training.silver.ontology.finding import FoundName, NameFinder
from openbioner_batch.training.silver.ontology.settings import OntologySettings

RULES = 1
"""The version of the rules for names: it is part of a run's fingerprint."""
FOUND = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("form", pa.string(), nullable=False),
        pa.field("classes", pa.list_(pa.string()), nullable=False),
        pa.field("doubt", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class OntologyPipeline:
    """The pipeline that finds the names of vocabularies in every passage."""

    settings: OntologySettings

    def fingerprint(self) -> dict[str, Any]:
        """The vocabularies' bytes, roots, length of passages and the version of the rules for names."""
        files = [file for path in self.settings.vocabularies for file in detect_reader(path).files(path)]
        return {
            "vocabularies": digest_of(files),
            "roots": sorted(self.settings.roots),
            "passage words": self.settings.passage_words,
            "rules for names": RULES,
        }

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """See `Pipeline.stream`."""
        cpus = executor.resources.cpus
        finders = self.settings.workers or max(1, cpus)
        workforce = Workforce(
            actors=0,
            actor_cpus=0,
            actor_gpus=0,
            readers=max(1, finders // 8),
            reader_cpus=0.1,
            writers=finders,
            writer_cpus=min(0.8, 0.8 * cpus / finders),
        )
        read = partial(read_splits, job=job, emit=partial(shard_row, job=job))
        vocabularies, roots = self.settings.vocabularies, self.settings.roots
        yield from executor.run(
            tasks, workforce, read, None, partial(find_shard, job=job, vocabularies=vocabularies, roots=roots)
        )


@lru_cache(maxsize=1)
def name_finder_of(vocabularies: tuple[str, ...], roots: tuple[str, ...]) -> tuple[Classes, NameFinder]:
    """The vocabularies and the finder of their names, built once in a process.

    Raises:
        UsageError: a vocabulary cannot be read.
    """
    classes = Classes([read_part(path, roots) for path in vocabularies])
    if missing := [root for root in roots if root not in classes.number]:
        raise UsageError(f"--root {missing[0]}: no vocabulary has such a class")
    return classes, NameFinder(classes)


def shard_row(split: int, shard: Shard, job: Job) -> pa.Table:
    """A shard as the graph's row."""
    documents = documents_table(shard, job.kept)
    return row_table(
        split,
        shard.index,
        documents=table_to_bytes(documents),
        rejected=table_to_bytes(rejected_table(shard.rejected)),
        read=shard.read,
    )


def find_shard(batch: pa.Table, job: Job, vocabularies: tuple[str, ...], roots: tuple[str, ...]) -> pa.Table:
    """A stage: write a shard's passages with the names in them, and return its counts."""
    work = row_values(batch)
    classes, finder = name_finder_of(vocabularies, roots)
    documents, rejected = table_from_bytes(work["documents"]), table_from_bytes(work["rejected"])
    found = [[_written(item, classes) for item in finder.find(text)] for text in documents["text"].to_pylist()]
    counts = {
        "documents": documents.num_rows,
        "quarantined": _reasons(rejected),
        "deletions": 0,
        "spans": {"name": total} if (total := sum(map(len, found))) else {},
        "windows": 0,
        "tokens": 0,
        "text_bytes": sum(len(text.encode()) for text in documents["text"].to_pylist()),
        "amounts": {},
    }
    table = documents.append_column(
        pa.field("found", pa.list_(FOUND), nullable=False), pa.array(found, pa.list_(FOUND))
    )
    table = table.replace_schema_metadata(counts_metadata(counts))
    store = Store(job.output)
    put_beside(store, QUARANTINE, work["split"], work["shard"], rejected)
    store.put(shard_file(DATA, work["split"], work["shard"]), parquet_bytes(table))
    return row_table(
        work["split"], work["shard"], counts=json.dumps(counts), deaths=0, committed_at=time.time(), read=work["read"]
    )


def found_in(row: dict[str, Any], classes: Classes) -> Iterator[FoundName]:
    """The names in a row of a shard."""
    for item in row["found"]:
        numbers = tuple(classes.number[id] for id in item["classes"])
        yield FoundName(item["start"], item["end"], item["form"], numbers, item["doubt"])


def _written(item: FoundName, classes: Classes) -> dict[str, Any]:
    ids = [classes.concepts[number].id for number in item.classes]
    return {"start": item.start, "end": item.end, "form": item.form, "classes": ids, "doubt": item.doubt}


def _reasons(rejected: pa.Table) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for reason in rejected["reason"].to_pylist():
        reasons[kind_of(reason)] = reasons.get(kind_of(reason), 0) + 1
    return reasons

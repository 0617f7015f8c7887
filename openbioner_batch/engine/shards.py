"""Cuts a stream of records into shards, by a rule that depends on the records alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from openbioner_batch.records import Deletion, Parsed, Record, Rejected

SHARD_BYTES = 8 << 20
"""The most UTF-8 text in a shard, so that memory is bounded whatever the documents are."""
SHARD_RECORDS = 20_000
"""The most records of any kind in a shard: a file of nothing but bad lines must not pile up either."""
UNKNOWN = -1.0
SURROGATE = "the text holds a lone surrogate"


@dataclass(slots=True)
class Shard:
    """Consecutive records of one split: the unit of work, of commitment and of resumption."""

    index: int
    documents: list[Parsed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    text_bytes: int = 0
    read: float = UNKNOWN
    """The share of the split's bytes, 0 to 1, that had been read when it was complete, or `UNKNOWN`."""

    @property
    def records(self) -> int:
        """How many records of the input it holds, including quarantined ones and deletions."""
        return len(self.documents) + len(self.rejected) + len(self.deletions)

    @property
    def sources(self) -> set[str]:
        """The files that its records come from."""
        records: list[Record] = [*self.documents, *self.rejected, *self.deletions]
        return {record.source for record in records}


def cut_shards(records: Iterable[Record], most_documents: int, limit: int | None = None) -> Iterator[Shard]:
    """Consecutive shards of a split.

    Args:
        records: the split's records in order.
        most_documents: the most documents in a shard.
        limit: stop after this many documents and rejected records; deletions do not count.
    """
    shard = Shard(0)
    taken = 0
    for record in records:
        size = 0
        if isinstance(record, Parsed):
            try:
                size = len(record.document.text.encode())
            except UnicodeEncodeError:
                record = Rejected(record.source, record.record, SURROGATE)
        if is_full(shard, size if isinstance(record, Parsed) else None, most_documents):
            yield shard
            shard = Shard(shard.index + 1)
        if isinstance(record, Parsed):
            shard.documents.append(record)
            shard.text_bytes += size
        elif isinstance(record, Rejected):
            shard.rejected.append(record)
        else:
            shard.deletions.append(record)
        taken += not isinstance(record, Deletion)
        if limit is not None and taken >= limit:
            break
    if shard.records:
        yield shard


def is_full(shard: Shard, size: int | None, most_documents: int) -> bool:
    """Whether a record (a document of `size` bytes, or another one where None) starts the next shard."""
    if shard.records >= SHARD_RECORDS:
        return True
    if size is None or not shard.documents:
        return False
    return len(shard.documents) >= most_documents or shard.text_bytes + size > SHARD_BYTES


def documents_schema(kept: pa.Schema) -> pa.Schema:
    """The columns that reading passes to tagging for each document."""
    return pa.schema(
        [
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("source", pa.string(), nullable=False),
            pa.field("record", pa.int64(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            *kept,
        ]
    )


def documents_table(shard: Shard, kept: pa.Schema) -> pa.Table:
    """The shard's documents as a table; one whose kept values do not fit the schema becomes a rejected record."""
    schema = documents_schema(kept)
    try:
        return _table(shard.documents, schema, kept)
    except (pa.ArrowException, UnicodeEncodeError, TypeError, ValueError, OverflowError):
        fitting = []
        for parsed in shard.documents:
            try:
                _table([parsed], schema, kept)
            except (pa.ArrowException, UnicodeEncodeError, TypeError, ValueError, OverflowError):
                reason = "its id or a kept field does not fit the schema in the plan"
                shard.rejected.append(Rejected(parsed.source, parsed.record, reason))
            else:
                fitting.append(parsed)
        shard.documents = fitting
        return _table(fitting, schema, kept)


def _table(documents: list[Parsed], schema: pa.Schema, kept: pa.Schema) -> pa.Table:
    columns = [
        [parsed.document.id for parsed in documents],
        [parsed.source for parsed in documents],
        [parsed.record for parsed in documents],
        [parsed.document.text for parsed in documents],
        *([parsed.document.metadata.get(name) for parsed in documents] for name in kept.names),
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)

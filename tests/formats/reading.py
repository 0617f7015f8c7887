"""What the tests of the formats share: `from formats.reading import read_all`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openbioner_batch.formats import Format, ReadOptions, list_inputs
from openbioner_batch.records import Deletion, Document, Parsed, Record, Rejected


def read_all(chosen: Format, patterns: Sequence[str | Path], options: ReadOptions | None = None) -> list[Record]:
    """Every record of the inputs, through listing, resolving, splitting and reading."""
    files = list_inputs([str(pattern) for pattern in patterns], chosen.suffixes)
    resolved = chosen.resolve(files, options or ReadOptions())
    return [record for split in chosen.splits(files) for record in chosen.read(split, resolved)]


def documents(records: Sequence[Record]) -> list[Document]:
    """The documents among the records."""
    return [record.document for record in records if isinstance(record, Parsed)]


def rejected(records: Sequence[Record]) -> list[tuple[int, str]]:
    """Position and reason of the records that were set aside."""
    return [(record.record, record.reason) for record in records if isinstance(record, Rejected)]


def deletions(records: Sequence[Record]) -> list[tuple[int, str]]:
    """Position and id of the withdrawn documents."""
    return [(record.record, record.document_id) for record in records if isinstance(record, Deletion)]

"""Writing records back in the format in which they came, with new texts: one class each, named by the format itself."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from openbioner_batch.formats.parquet_writing import parquet_bytes

Names = Sequence[str]
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record as it is to be written."""

    name: str
    """What a file of its own is called."""
    text: str
    """The new text; empty for a resource."""
    own: Mapping[str, Any]
    """Its ids and text under the names of their fields."""
    kept: Mapping[str, Any]
    """Further fields, as they were read."""
    resource: Mapping[str, Any] | None = None
    """The record itself, where it is more than a text beside fields."""


class Rewriting(ABC):
    """How a format's records are written back. Instances hold no state, so that they travel to workers for nothing."""

    of_resources: ClassVar[bool] = False
    """Whether a record is a resource, with ids, people and several texts inside of it, and no text beside fields."""

    @abstractmethod
    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        """Names and bytes of the files that hold a shard's records, in order.

        Args:
            stem: the shard's name, without a suffix.
            records: what is written; there may be none.
            own: the names of the fields that every record has as its own, in order.
            kept: the names of further fields that records may have.
            rows: the records as they were read; those of a format with types hold the kept fields as columns.
        """


class JsonLines(Rewriting):
    """One object a line."""

    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        yield f"{stem}.jsonl", _json_lines({**record.own, **record.kept} for record in records)


class JsonResources(Rewriting):
    """One resource a line, as NDJSON: also those that came in an array, over several lines or in a Bundle."""

    of_resources = True

    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        yield f"{stem}.ndjson", _json_lines(record.resource or {} for record in records)


@dataclass(frozen=True, slots=True)
class DelimitedRows(Rewriting):
    """Rows under a header line, quoted as RFC 4180 has it."""

    suffix: str
    delimiter: str

    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, [*own, *kept], delimiter=self.delimiter, lineterminator="\r\n", restval="")
        writer.writeheader()
        writer.writerows({**record.own, **record.kept} for record in records)
        yield f"{stem}{self.suffix}", out.getvalue().encode()


class ParquetRows(Rewriting):
    """Rows whose kept columns have the Arrow types that they were read with."""

    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        new = {name: pa.array([record.own.get(name) for record in records], pa.string()) for name in own}
        yield f"{stem}.parquet", parquet_bytes(pa.table({**new, **{name: rows[name] for name in kept}}))


class TextFiles(Rewriting):
    """A file for each text."""

    def files(self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table) -> Iterator[File]:
        for record in records:
            yield f"{stem}/{record.name}.txt", record.text.encode()


def _json_lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()

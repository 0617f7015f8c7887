"""Writes the formats' records back with new texts: one class each, named by the format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from openbioner_batch.formats.base import File, Names, NewRecord, ReadOptions, Rewriting
from openbioner_batch.formats.parquet_writing import parquet_bytes


class JsonLines(Rewriting):
    """One object a line."""

    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        yield f"{stem}.jsonl", _json_lines(({**record.own, **record.kept} for record in records), options.encoding)


class JsonResources(Rewriting):
    """One resource a line, as NDJSON, also for input in an array, over several lines or in a Bundle."""

    of_resources = True

    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        yield f"{stem}.ndjson", _json_lines((record.resource or {} for record in records), options.encoding)


@dataclass(frozen=True, slots=True)
class DelimitedRows(Rewriting):
    """Rows under a header line, with the delimiter and the quoting with which they were read."""

    suffix: str
    delimiter: str

    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        names = [*own, *kept]
        delimiter = options.delimiter or self.delimiter
        found = ({**record.own, **record.kept} for record in records)
        values = chain([names], ([_cell(one.get(name)) for name in names] for one in found))
        if options.quoting == "none":
            # a field read without quotes cannot contain a delimiter, but an invented value may: replace it there
            ends = re.compile(f"[\r\n{re.escape(delimiter)}]")
            lines = (delimiter.join(ends.sub(" ", value) for value in row) + "\r\n" for row in values)
            yield f"{stem}{self.suffix}", encoded("".join(lines), options.encoding)
            return
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(values)
        yield f"{stem}{self.suffix}", encoded(out.getvalue(), options.encoding)


class ParquetRows(Rewriting):
    """Rows whose kept columns have the Arrow types that they were read with."""

    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        new = {name: pa.array([record.own.get(name) for record in records], pa.string()) for name in own}
        yield f"{stem}.parquet", parquet_bytes(pa.table({**new, **{name: rows[name] for name in kept}}))


class TextFiles(Rewriting):
    """A file for each text."""

    def files(
        self, stem: str, records: Sequence[NewRecord], own: Names, kept: Names, rows: pa.Table, options: ReadOptions
    ) -> Iterator[File]:
        for record in records:
            yield f"{stem}/{record.name}.txt", encoded(record.text, options.encoding)


def encoded(text: str, encoding: str | None) -> bytes:
    """A text's bytes; characters of invented values that the encoding lacks become question marks."""
    return text.encode(encoding, "replace") if encoding else text.encode()


def _json_lines(objects: Iterable[Mapping[str, Any]], encoding: str | None) -> bytes:
    return encoded("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects), encoding)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)

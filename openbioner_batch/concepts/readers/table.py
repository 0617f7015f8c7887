"""Plain tables: CSV, TSV or Parquet with the columns `id`, `name`, `synonyms`, `parents` and `definition`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Literal

from openbioner_batch.concepts.source import bare_name, opened
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind, OpenedVocabulary, RowFilter, VocabularyReader
from openbioner_batch.errors import UsageError

_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")
_COLUMNS = ("id", "name", "synonyms", "parents", "definition")


class Table(VocabularyReader):
    """A concept a row.

    `synonyms` and `parents`, if they exist, are lists, or texts with `|` between. `definition` is a text.
    Rows of one id are one concept; column names are taken in any case.
    """

    name = "table"

    def claims(self, path: str, head: bytes) -> bool:
        return bare_name(path).endswith(_SUFFIXES)

    def read(self, path: str, only: RowFilter) -> OpenedVocabulary:
        return OpenedVocabulary(None, _concepts(path))


def _concepts(path: str) -> Iterator[Concept]:
    for number, row in enumerate(rows(path, _COLUMNS, ("id", "name")), 1):
        id, name = str(row["id"] or "").strip(), str(row["name"] or "").strip()
        if not id or not name:
            raise UsageError(f"{path}: row {number} has no {'name' if id else 'id'}")
        synonyms = tuple(map(Name, _list(row.get("synonyms"))))
        names = (Name(name, NameKind.PREFERRED), *synonyms)
        yield Concept(id, names, tuple(_list(row.get("parents"))), str(row.get("definition") or "").strip() or None)


def _list(value: Any) -> list[str]:
    items = value.split("|") if isinstance(value, str) else value or []
    return [text for item in items if (text := str(item).strip())]


def rows(path: str, wanted: tuple[str, ...], required: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a table as mappings of some of its columns, in small letters, to values.

    CSV and TSV are recognised by their header line: tabs in it separate columns, and then there are no quotes (as in
    OMOP's tables by Athena), else commas do, or semicolons where it has no comma.

    Raises:
        UsageError: a required column is missing, or the file is damaged.
    """
    if bare_name(path).endswith((".parquet", ".pq")):
        yield from _parquet_rows(path, wanted, required)
        return
    csv.field_size_limit(1 << 30)
    with opened(path) as stream, io.TextIOWrapper(io.BufferedReader(stream), "utf-8-sig", newline="") as text:  # type: ignore[type-var]
        try:
            header = text.readline()
            is_tab = "\t" in header
            quoting: Literal[0, 3] = csv.QUOTE_NONE if is_tab and '"' not in header else csv.QUOTE_MINIMAL
            delimiter = "\t" if is_tab else ";" if ";" in header and "," not in header else ","
            names = next(csv.reader([header], delimiter=delimiter, quoting=quoting), [])
            places = _places(path, names, wanted, required)
            for values in csv.reader(text, delimiter=delimiter, quoting=quoting):
                if values:
                    yield {name: values[place] if place < len(values) else "" for name, place in places.items()}
        except (UnicodeDecodeError, csv.Error) as error:
            raise UsageError(f"the table {path} cannot be read: {error}") from None


def _parquet_rows(path: str, wanted: tuple[str, ...], required: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            places = _places(path, names, wanted, required)
            for batch in file.iter_batches(10_000, columns=[names[place] for place in places.values()]):
                columns = [batch.column(names[place]).to_pylist() for place in places.values()]
                for values in zip(*columns, strict=True):
                    yield dict(zip(places, values, strict=True))
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"the table {path} cannot be read: {error}") from None


def _places(path: str, names: list[str], wanted: tuple[str, ...], required: tuple[str, ...]) -> dict[str, int]:
    """Where each wanted column is."""
    at = {name.strip().lower(): place for place, name in reversed(list(enumerate(names)))}
    if missing := [name for name in required if name not in at]:
        raise UsageError(f"the table {path} has no column {missing[0]}, only: {', '.join(names[:20])}")
    return {name: at[name] for name in wanted if name in at}

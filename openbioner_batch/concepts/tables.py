"""A vocabulary as Parquet tables, for joins and roll-ups."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.vocabulary import NameKind
from openbioner_batch.errors import UsageError

CONCEPTS = pa.schema([("id", pa.string()), ("name", pa.string())])
NAMES = pa.schema([("id", pa.string()), ("name", pa.string()), ("kind", pa.string())])
ANCESTORS = pa.schema([("id", pa.string()), ("ancestor", pa.string()), ("distance", pa.int32())])
_CONCEPTS_AT_ONCE = 5_000


def write_tables(vocabulary: Vocabulary, folder: str) -> dict[str, int]:
    """Write `concepts.parquet`, `names.parquet` and `ancestors.parquet`.

    Args:
        vocabulary: the index.
        folder: made where it is missing; the three files in it are replaced.

    Returns:
        The number of rows of each file.

    Raises:
        UsageError: they cannot be written.
    """
    makers: dict[str, tuple[pa.Schema, Callable[[int], list[tuple[Any, ...]]]]] = {
        "concepts.parquet": (CONCEPTS, lambda number: [(vocabulary.id(number), vocabulary.preferred(number))]),
        "names.parquet": (NAMES, lambda number: list(_names(vocabulary, number))),
        "ancestors.parquet": (ANCESTORS, lambda number: list(_ancestors(vocabulary, number))),
    }
    import pyarrow.parquet as pq

    counts = {}
    try:
        os.makedirs(folder, exist_ok=True)
        for name, (schema, rows_of) in makers.items():
            counts[name] = 0
            with pq.ParquetWriter(os.path.join(folder, name), schema, compression="zstd") as writer:
                for start in range(0, len(vocabulary), _CONCEPTS_AT_ONCE):
                    numbers = range(start, min(start + _CONCEPTS_AT_ONCE, len(vocabulary)))
                    rows = [row for number in numbers for row in rows_of(number)]
                    columns = [
                        pa.array(column, field.type)
                        for column, field in zip(zip(*rows, strict=True), schema, strict=True)
                    ]
                    writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                    counts[name] += len(rows)
    except OSError as error:
        raise UsageError(f"--output {folder} cannot be written: {error.strerror or error}") from error
    return counts


def _names(vocabulary: Vocabulary, concept: int) -> Iterator[tuple[str, str, str]]:
    for name in vocabulary.names_of(concept):
        yield vocabulary.id(concept), vocabulary.name(name), NameKind(vocabulary.kind(name)).name.lower()


def _ancestors(vocabulary: Vocabulary, concept: int) -> Iterator[tuple[str, str, int]]:
    """The concept itself and all above it, each at its shortest distance."""
    seen = {concept}
    level = [concept]
    distance = 0
    while level:
        for ancestor in level:
            yield vocabulary.id(concept), vocabulary.id(ancestor), distance
        above = dict.fromkeys(parent for number in level for parent in vocabulary.parents(number))
        level = [parent for parent in above if parent not in seen]
        seen.update(level)
        distance += 1

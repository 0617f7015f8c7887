"""Reads the Parquet files of a run, and says how to repair one that is damaged."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openbioner_batch.engine.names import DATA, DELETIONS, QUARANTINE
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import COUNTS_KEY
from openbioner_batch.errors import OpenBioNERError, RunFailedError
from openbioner_batch.formats.parquet_writing import parquet_bytes

__all__ = ["open_table", "parquet_bytes", "read_counts_of", "rows_at", "written_schema"]


def rows_at(table: pa.Table, places: Sequence[int]) -> pa.Table:
    """The rows of a table at these indices, in their order; Arrow alone does not accept an empty list."""
    return table.take(pa.array(places, pa.int64()))


@contextmanager
def open_table(store: Store, name: str) -> Iterator[pq.ParquetFile]:
    """One of a run's Parquet files, whose checksums are verified as it is read.

    Not by `pq.read_table`, whose threads may still hold the file when the interpreter ends, which aborts the process.

    Raises:
        RunFailedError: the file is damaged; says to remove it, so that the run writes the shard again.
    """
    try:
        with store.open(name) as file, pq.ParquetFile(file, page_checksum_verification=True) as table:
            yield table
    except (OpenBioNERError, FileNotFoundError):
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        folder, stem = name.split("/", 1) if "/" in name else ("", name)
        # the shard's other files are written again with the data
        anew = f"{DATA}/{PurePosixPath(stem).name}" if folder in (QUARANTINE, DELETIONS) else name
        raise RunFailedError(
            f"{store.url}/{name} is damaged or cannot be read ({type(error).__name__}): if it stays so, remove "
            f"{store.url}/{anew}; the run's own command then writes that shard anew, and nothing else"
        ) from None


def written_schema(table: pq.ParquetFile) -> pa.Schema:
    """The schema that a file was written with: Arrow reads what a list holds as `element`, whatever its name was."""
    stored = (table.metadata.metadata or {}).get(b"ARROW:schema")
    return table.schema_arrow if stored is None else pa.ipc.read_schema(pa.py_buffer(base64.b64decode(stored)))


def read_counts_of(store: Store, name: str) -> dict[str, Any]:
    """What a shard holds, as the footer of its file says.

    Raises:
        RunFailedError: the file is damaged.
    """
    with open_table(store, name) as table:
        try:
            found: dict[str, Any] = json.loads((table.metadata.metadata or {})[COUNTS_KEY])
        except (KeyError, ValueError):
            raise pa.ArrowInvalid("no counts in the footer") from None
        return found

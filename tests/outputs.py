"""Reading what a run has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def rows(folder: Path, kind: str = "data") -> list[dict[str, Any]]:
    """All rows of a run's data, quarantine or deletions, in the order of its shards."""
    files = sorted((folder / kind).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file that a run is for, by name."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for kind in ("data", "quarantine", "deletions")
        for file in sorted((folder / kind).rglob("*"))
        if file.is_file()
    }

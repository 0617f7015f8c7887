"""Exports as tests make them, and the files of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from openbioner_batch.engine.export.run import ExportSummary

Export = Callable[..., ExportSummary]
DOCUMENTS = [(str(number), f"Paper {number} on Zinc and α") for number in range(1, 8)]


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "_run" not in path.parts
    }

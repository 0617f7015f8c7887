"""Finds the last row of each document of a run, in memory that does not grow with the number of documents."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import numpy as np

from openbioner_batch.engine.export.finished import FinishedRun, ShardKey
from openbioner_batch.engine.names import DATA, DELETIONS, shard_file, shard_name
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table

IDS_IN_MEMORY = 500_000
MOST_BUCKETS = 400
"""How many files are open at a time."""
_DELETION = -1
_Event = tuple[str, int]
"""A document id, and the number of its row in the run, or that it is deleted."""


@dataclass(frozen=True, slots=True)
class LatestRows:
    """One bit for each row of a run."""

    bits: dict[ShardKey, bytes]
    dropped: int

    def mask(self, shard: ShardKey) -> bytes:
        """The rows of a shard to keep, as `numpy.packbits` packs them."""
        return self.bits[shard]


def unpacked_mask(bits: bytes, rows: int) -> np.ndarray:
    """Which of a shard's rows to keep, as booleans."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=rows).astype(bool)


def find_latest(run: FinishedRun, ids_in_memory: int = IDS_IN_MEMORY) -> LatestRows:
    """The rows whose document id neither comes again nor is deleted later in file order.

    Ids are distributed by their hash to files in a temporary folder, in file order; each file is then read with a
    table of its ids alone. For 36 million rows that is 72 files of half a million ids, some 700 MB on disk, a table of
    about 100 MB, and a bit for each row.

    Args:
        run: the run to read.
        ids_in_memory: about how many ids a table holds.
    """
    lengths = {shard: _rows(run.store, shard) for shard in run.shards}
    total = sum(lengths.values())
    keep = np.ones(total, bool)
    count = min(MOST_BUCKETS, -(-total // ids_in_memory) or 1)
    with tempfile.TemporaryDirectory(prefix="openbioner-latest-") as folder:
        paths = [Path(folder) / f"{number:04d}" for number in range(count)]
        _deal(run, paths)
        for path in paths:
            keep[_superseded(path)] = False
    bits = {}
    first = 0
    for shard, length in lengths.items():
        bits[shard] = np.packbits(keep[first : first + length]).tobytes()
        first += length
    return LatestRows(bits, int(total - keep.sum()))


def _deal(run: FinishedRun, paths: list[Path]) -> None:
    """Write each shard's events to the file that is each id's own."""
    deletions = set(run.store.names(DELETIONS))
    first = 0
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("wb")) for path in paths]
        for shard in run.shards:
            events, rows = _events(run.store, shard, first, f"{shard_name(*shard)}.parquet" in deletions)
            first += rows
            hands: list[list[_Event]] = [[] for _ in paths]
            for event in events:
                hands[crc32(event[0].encode()) % len(paths)].append(event)
            for file, hand in zip(files, hands, strict=True):
                if hand:
                    marshal.dump(hand, file)


def _events(store: Store, shard: ShardKey, first: int, has_deletions: bool) -> tuple[list[_Event], int]:
    """A shard's rows and deletions in file order, and how many rows it has."""
    with open_table(store, shard_file(DATA, *shard)) as opened:
        table = opened.read(columns=["document_id", "record"])
    events: list[_Event] = list(zip(table["document_id"].to_pylist(), range(first, first + len(table)), strict=True))
    if not has_deletions:
        return events, len(table)
    with open_table(store, shard_file(DELETIONS, *shard)) as opened:
        deleted = opened.read(columns=["document_id", "record"])
    placed = list(zip(table["record"].to_pylist(), events, strict=True))
    placed += [(row["record"], (row["document_id"], _DELETION)) for row in deleted.to_pylist()]
    placed.sort(key=lambda item: item[0])
    return [event for _, event in placed], len(table)


def _superseded(path: Path) -> list[int]:
    """The numbers of the rows in a file after which their id comes again."""
    last: dict[str, int] = {}
    found = []
    with path.open("rb") as file:
        for name, row in _read(file):
            before = last.get(name, _DELETION)
            if before != _DELETION:
                found.append(before)
            last[name] = row
    return found


def _read(file: BinaryIO) -> Iterator[_Event]:
    while True:
        try:
            yield from marshal.load(file)
        except EOFError:
            return


def _rows(store: Store, shard: ShardKey) -> int:
    with open_table(store, shard_file(DATA, *shard)) as opened:
        return int(opened.metadata.num_rows)

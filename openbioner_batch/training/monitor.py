"""Collects the workers' log entries and their first step, and writes the metrics of a run."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from openbioner_batch.engine.store import Store

METRICS = "metrics.jsonl"
TENSORBOARD = "tensorboard"

Entry = dict[str, Any]
"""One line of `metrics.jsonl`: `step`, and the measurements."""


class Monitor:
    """The state of a training run, as a Ray actor: the driver reads it, workers and data tasks read and write it."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._first_part = 0

    def begin(self, part: int) -> None:
        """Note the first part of a group of workers: 0, or where its checkpoint left off."""
        self._first_part = part

    def first_part(self) -> int:
        """The workers' first part."""
        return self._first_part

    def report(self, entry: Entry) -> None:
        """Add an entry."""
        self._entries.append(entry)

    def since(self, index: int) -> list[Entry]:
        """The entries from `index` on."""
        return self._entries[index:]


class Metrics:
    """The entries of a run, by step: a resumed run's replace those of the steps that it repeats.

    Args:
        store: the run's folder; `metrics.jsonl` and TensorBoard's event files are kept there.
        resumed: whether to read the entries of an earlier part of the run.
    """

    def __init__(self, store: Store, resumed: bool) -> None:
        self._store = store
        self._by_step: dict[int, Entry] = {}
        self._changed = False
        self.cheap = store.local
        """Whether writing at every change is cheap."""
        self._writer: Any = None
        if resumed:
            with suppress(FileNotFoundError):
                for line in store.get(METRICS).decode().splitlines():
                    entry = json.loads(line)
                    self._by_step[entry["step"]] = entry
        # event files are appended to, which object stores do not support
        if store.local:
            with suppress(ImportError):
                from torch.utils.tensorboard import SummaryWriter

                self._writer = SummaryWriter(str(Path(store.url) / TENSORBOARD))

    @property
    def entries(self) -> list[Entry]:
        """All entries in the order of their steps."""
        return [self._by_step[step] for step in sorted(self._by_step)]

    def add(self, entry: Entry) -> None:
        """Add an entry; validation's joins the one of its step."""
        self._by_step[entry["step"]] = {**self._by_step.get(entry["step"], {}), **entry}
        self._changed = True
        if self._writer is not None:
            for name, value in entry.items():
                if name != "step" and isinstance(value, int | float):
                    self._writer.add_scalar(name, value, entry["step"])

    def flush(self) -> None:
        """Write the changes."""
        if self._changed:
            lines = "".join(json.dumps(entry) + "\n" for entry in self.entries)
            self._store.put(METRICS, lines.encode())
            self._changed = False
            if self._writer is not None:
                self._writer.flush()

    def close(self) -> None:
        """Write the changes and close the files."""
        self.flush()
        if self._writer is not None:
            self._writer.close()

"""The processes below this one: what they take of the processor, and their memory. Linux only, read from /proc."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.machine import peak_memory_mib

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One process at its last look.

    Attributes:
        cpu_seconds: of all its threads since it began.
        peak_mib: the most memory that it has had resident.
    """

    cpu_seconds: float
    peak_mib: int


@dataclass(slots=True)
class Watched:
    """The processes that were seen below this one, by id and title: Ray renames its own as it uses them."""

    processes: dict[tuple[int, str], Process] = field(default_factory=dict)

    def look(self) -> None:
        """Note what the processes have taken so far."""
        for process in descendants():
            try:
                title = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                self.processes[process, title] = Process(cpu_seconds(process), peak_memory_mib(process))
            except (OSError, KeyError):
                continue  # it has just ended

    def cpu_by_process(self) -> dict[int, float]:
        """CPU seconds of each process at the last look at it; one that has ended keeps its last."""
        found: dict[int, float] = {}
        for (process, _), seen in self.processes.items():
            found[process] = max(found.get(process, 0.0), seen.cpu_seconds)
        return found


@contextmanager
def watch_descendants(every: float = 0.5) -> Iterator[Watched]:
    """Look at the processes below this one every so many seconds, and once at the end."""
    watched, over = Watched(), threading.Event()

    def watch() -> None:
        while not over.wait(every):
            watched.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield watched
    finally:
        over.set()
        watcher.join()


def cpu_seconds(process: int | str = "self") -> float:
    """What a process has taken of the processor so far, its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def descendants() -> list[int]:
    """The processes that this one has started, and theirs, and so on."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [Path("/proc/self").resolve().name]
    while todo:
        below = children.get(int(todo.pop()), [])
        found += below
        todo += map(str, below)
    return found

"""What a process keeps as a run goes on. Linux only: memory is read from /proc."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

Sample = tuple[int, int]
"""How much was done, and the bytes of its own that the process held then."""


@contextmanager
def watch_memory(folder: Path, every: float = 1.0) -> Iterator[list[Sample]]:
    """Look every so many seconds at how many files a folder holds, and at this process's memory."""
    samples: list[Sample] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every):
            with suppress(FileNotFoundError):
                samples.append((len(os.listdir(folder)), own_bytes()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


def own_bytes() -> int:
    """Resident memory of this process that no file backs."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, "Linux says it"
    return int(found[1]) << 10


def growth(samples: Sequence[Sample], share: float) -> dict[str, Any] | None:
    """The straight line of least squares through the last part of the samples.

    Args:
        samples: in order.
        share: of all that was done in the end: samples that lie beyond the rest of it count.

    Returns:
        Its slope in bytes for each thing done and the slope's standard error, from where it is drawn, through how many
        samples, and how far they lie from it (MiB, root mean square). None where fewer than three count.
    """
    done, held = np.array(samples, float).reshape(-1, 2).T
    late = done >= (1 - share) * done.max(initial=0)
    done, held = done[late], held[late]
    if len(done) < 3 or done[0] == done[-1]:
        return None
    (slope, _), residuals, *_ = np.polyfit(done, held, 1, full=True)
    variance = float(residuals.sum()) / (len(done) - 2)
    return {
        "bytes_each": float(slope),
        "standard_error": float(np.sqrt(variance / ((done - done.mean()) ** 2).sum())),
        "first": int(done[0]),
        "last": int(done[-1]),
        "samples": len(done),
        "rms_mib": float(np.sqrt(variance)) / (1 << 20),
    }

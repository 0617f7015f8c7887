"""What a process keeps as a run goes on. Linux only: memory is read from /proc."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

Sample = tuple[int, int, float]
"""How much was done, the bytes of its own that the process held then, and the seconds since the first look."""


@contextmanager
def watch_memory(folder: Path, every: float = 1.0) -> Iterator[list[Sample]]:
    """Look every so many seconds at how many files a folder holds, and at this process's memory."""
    samples: list[Sample] = []
    over, began = threading.Event(), monotonic()

    def watch() -> None:
        while not over.wait(every):
            with suppress(FileNotFoundError):
                samples.append((len(os.listdir(folder)), own_bytes(), monotonic() - began))

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


def thinned(samples: Sequence[Sample], most: int = 100) -> list[list[float]]:
    """At most so many of the samples, evenly taken: done, MiB, seconds."""
    step = -(-len(samples) // most) or 1
    return [[done, round(held / (1 << 20), 2), round(seconds, 1)] for done, held, seconds in samples[::step]]


def growth(samples: Sequence[Sample], first: float, last: float) -> dict[str, Any] | None:
    """The straight line of least squares through some of the samples.

    Args:
        samples: in order.
        first: share of all that was done in the end from which samples count.
        last: share up to which they do; at the end itself the run is summed up, which is another matter.

    Returns:
        Its slope in bytes for each thing done and the slope's standard error, from where to where it is drawn, through
        how many samples, and how far they lie from it (MiB, root mean square). None where fewer than three count.
    """
    done, held, _ = np.array(samples, float).reshape(-1, 3).T
    most = done.max(initial=0)
    chosen = (done >= first * most) & (done <= last * most)
    done, held = done[chosen], held[chosen]
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

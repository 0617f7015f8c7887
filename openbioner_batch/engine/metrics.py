"""Metrics of a run's processes for Prometheus, which Ray exports from every node.

Every name begins with `ray_openbioner_` there. Tags are the run's id, the stage and the entity type: no text, no name
of an input, no address. A shard that is done twice, since a process died, counts twice here, and once in the summary.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.util.metrics import Counter, Gauge, Histogram

READ, TAG, WRITE = "read", "tag", "write"
"""The stages of a run."""
COUNTERS = {
    "documents": "Documents written.",
    "quarantined": "Records set aside.",
    "tokens": "Text tokens of the documents written.",
    "windows": "Windows of text that were tagged.",
    "pairs": "Pairs of a window and an entity type that were queried.",
    "repeated_windows": "Windows whose result was reused from an equal one.",
    "spans": "Spans written, by entity type.",
}
"""The counters, and what they mean."""
SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)
"""Bounds of the histogram of a stage's time for one shard."""


def run_id(output: str) -> str:
    """Eight hexadecimal digits that identify a run in metrics and logs, the same in each of its sessions.

    Args:
        output: the address of its folder, as `Store.url` has it.
    """
    return hashlib.sha256(output.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def count_shard(
    output: str, stage: str, seconds: float, spans: Mapping[str, int] | None = None, **amounts: int
) -> None:
    """Count what a stage has done with one shard; does nothing in a process that Ray did not start.

    Args:
        output: the address of the run's folder.
        stage: `READ`, `TAG` or `WRITE`.
        seconds: how long it took.
        spans: their number by entity type.
        amounts: any other of `COUNTERS`; each is to be counted by one stage only.
    """
    if not _is_measured():
        return
    run = {"run": run_id(output)}
    with suppress(Exception):  # a fault of the metrics never stops a run
        _histogram().observe(seconds, {**run, "stage": stage})
        for name, amount in amounts.items():
            if amount:
                _counter(name).inc(amount, run)
        for kind, amount in (spans or {}).items():
            if amount:
                _counter("spans").inc(amount, {**run, "type": _tag(kind)})


def count_written(output: str, seconds: float, counts: Mapping[str, Any]) -> None:
    """Count a shard that is committed, given what its footer says."""
    amounts = {name: counts[name] for name in ("documents", "tokens", "windows")}
    amounts["repeated_windows"] = counts.get("amounts", {}).get("repeated_windows", 0)
    quarantined = sum(counts["quarantined"].values())
    count_shard(output, WRITE, seconds, counts["spans"], **amounts, quarantined=quarantined)


def show_share(output: str, share: float | None) -> None:
    """Report how much of the input is done, 0 to 1; for the driver."""
    if share is not None and _is_measured():
        with suppress(Exception):
            _gauge().set(share, {"run": run_id(output)})


def _tag(kind: str) -> str:
    r"""An entity type as Ray takes tags, in ASCII: `maladie_g\\xe9n\\xe9` stands for `maladie_géné`."""
    return kind.encode("ascii", "backslashreplace").decode()


def _is_measured() -> bool:
    ray = sys.modules.get("ray")  # a stage that runs without Ray need not load it
    return ray is not None and ray.is_initialized()


@functools.cache
def _counter(name: str) -> Counter:
    from ray.util.metrics import Counter

    return Counter(f"openbioner_{name}", COUNTERS[name], ("run", "type") if name == "spans" else ("run",))


@functools.cache
def _histogram() -> Histogram:
    from ray.util.metrics import Histogram

    return Histogram("openbioner_shard_seconds", "Time of a stage for one shard.", list(SECONDS), ("run", "stage"))


@functools.cache
def _gauge() -> Gauge:
    from ray.util.metrics import Gauge

    return Gauge("openbioner_input_done_ratio", "Share of the input that is done, 0 to 1.", ("run",))

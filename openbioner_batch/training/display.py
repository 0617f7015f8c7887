"""Shows the progress of training: a live view on a terminal, else a line for each entry; and the curves at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from openbioner_batch.console import duration, live
from openbioner_batch.training.monitor import Entry

if TYPE_CHECKING:
    from rich.console import RenderableType

_AT_ONCE_S = 1.0
"""Within so many seconds a resumed run reports what was done before; its pace is measured from then on."""


class Display:
    """What a user sees during a run.

    Args:
        steps: of the whole run.
        stream: a live view if it is a terminal, else plain lines.
    """

    def __init__(self, steps: int, stream: TextIO) -> None:
        self._steps = steps
        self._stream = stream
        self._latest: Entry = {}
        self._score: Entry = {}
        self._began: float | None = None
        self._first = (0, 0.0)  # step and time from which the pace is measured
        self._live: Any = None

    def __enter__(self) -> Display:
        if self._stream.isatty():
            self._live = live(self._view, self._stream, per_second=2)
            self._live.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        if self._live is not None:
            self._live.__exit__(*problem)

    def show(self, entry: Entry) -> None:
        """Take an entry of the log."""
        if "loss" in entry:
            self._latest = entry
            now = time.monotonic()
            if self._began is None or entry["step"] < self._first[0]:
                self._began = now
            if now - self._began < _AT_ONCE_S:
                self._first = (entry["step"], now)
        if "f1" in entry:
            self._score = entry
        if self._live is None:
            line = "  ".join(f"{name} {value}" for name, value in self.fields().items())
            with suppress(OSError, ValueError):  # training does not stop because its progress cannot be shown
                print(line, file=self._stream, flush=True)

    def fields(self) -> dict[str, str]:
        """What is shown, by label."""
        latest = self._latest
        found = {"step": f"{latest.get('step', 0):,}/{self._steps:,}"}
        if "loss" in latest:
            found["loss"] = f"{latest['loss']:.4f}"
            found["tokens/s"] = f"{latest['tokens_per_second']:,.0f}"
            found["text tokens/s"] = f"{latest['text_tokens_per_second']:,.0f}"
        if "mfu" in latest:
            found["MFU"] = f"{latest['mfu']:.1%}"
        if self._score:
            found["F1"] = f"{self._score['f1']:.3f} at {self._score['step']:,}"
        left = self._seconds_left()
        found["left"] = "-" if left is None else duration(left)
        return found

    def _seconds_left(self) -> float | None:
        step = self._latest.get("step", 0)
        if step <= self._first[0]:
            return None
        pace = (time.monotonic() - self._first[1]) / (step - self._first[0])
        return pace * (self._steps - step)

    def _view(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        figures = [Text.assemble((value, "bold"), f" {label}") for label, value in self.fields().items()]
        view = Table.grid()
        view.add_row(ProgressBar(total=self._steps, completed=self._latest.get("step", 0), width=60))
        view.add_row(Text("   ").join(figures))
        return view


def draw_curves(entries: Sequence[Entry]) -> bytes | None:
    """Loss and F1 over the steps as a PNG; None where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    import io

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    losses = [(entry["step"], entry["loss"]) for entry in entries if "loss" in entry]
    axes.plot(*zip(*losses, strict=True), color="tab:blue", linewidth=1)
    axes.set_xlabel("optimizer steps")
    axes.set_ylabel("loss", color="tab:blue")
    scores = [(entry["step"], entry["f1"]) for entry in entries if "f1" in entry]
    if scores:
        beside = axes.twinx()
        beside.plot(*zip(*scores, strict=True), color="tab:orange", marker="o", markersize=3)
        beside.set_ylabel("development F1", color="tab:orange")
        beside.set_ylim(0, 1)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=130)
    return image.getvalue()

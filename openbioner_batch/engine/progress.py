"""Shows the progress of a run: a live view on a terminal, else a line now and then."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from openbioner_batch.console import duration, live
from openbioner_batch.engine.ledger import SplitEnd, Totals
from openbioner_batch.engine.logs import log_event, wants_json

if TYPE_CHECKING:
    from rich.console import RenderableType

RATE_WINDOW_S = 60.0
"""The rates shown cover the last minute."""


class Progress:
    """What is done, how fast, and how much is left.

    Args:
        totals: sums over the shards committed so far; kept up to date by the caller.
        weights: bytes of input of each split, by ordinal.
        wanted: the most records in all, where there is a limit.
    """

    def __init__(self, totals: Totals, weights: Mapping[int, float], wanted: int | None) -> None:
        self.totals = totals
        self._weights = weights
        self._all = sum(weights.values())
        self._wanted = wanted
        self._finished: set[int] = set()
        self._finished_weight = 0.0
        self._finished_text = 0
        self._read: dict[int, float] = {}
        self._started = time.monotonic()
        self._share_at_start: float | None = None
        self._recent: deque[tuple[float, int, int]] = deque([(self._started, totals.documents, totals.tokens)])

    def split_finished(self, ordinal: int, end: SplitEnd) -> None:
        """Note that all of a split is committed."""
        if ordinal not in self._finished:
            self._finished.add(ordinal)
            self._finished_weight += self._weights.get(ordinal, 0.0)
            self._finished_text += end.text_bytes

    def split_read(self, ordinal: int, share: float) -> None:
        """Note how much of a split had been read for a shard that is committed; a share below 0 means unknown."""
        if share >= 0:
            self._read[ordinal] = max(share, self._read.get(ordinal, 0.0))

    def tick(self) -> None:
        """Note the totals as they stand."""
        now = time.monotonic()
        self._recent.append((now, self.totals.documents, self.totals.tokens))
        while len(self._recent) > 2 and now - self._recent[1][0] > RATE_WINDOW_S:
            self._recent.popleft()

    @property
    def share(self) -> float | None:
        """The share of the input that is done, 0 to 1; None while it is unknown.

        Whole splits count by their bytes, an unfinished one by how much of it was read, as far as that is known for
        any; else its text counts at the ratio of bytes to text seen so far.
        """
        if self._wanted:
            return min(1.0, self.totals.records / self._wanted)
        if self._all and self._read:
            begun = sum(self._weights.get(ordinal, 0.0) * share for ordinal, share in self._read.items()
                        if ordinal not in self._finished)  # fmt: skip
            return min(1.0, (self._finished_weight + begun) / self._all)
        if not self._all or not self._finished_text:
            return None
        open_text = max(0, self.totals.text_bytes - self._finished_text)
        done = self._finished_weight + open_text * self._finished_weight / self._finished_text
        return min(1.0, done / self._all)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace of this session; None while that is unknown."""
        share = self.share
        if share is None:
            return None
        if self._share_at_start is None:
            self._share_at_start = share
            self._started = time.monotonic()
        gained = share - self._share_at_start
        return (time.monotonic() - self._started) * (1 - share) / gained if gained > 0 else None

    def rates(self) -> tuple[float, float]:
        """Documents and text tokens per second over the last minute."""
        before, latest = self._recent[0], self._recent[-1]
        seconds = time.monotonic() - before[0]
        if seconds <= 0:
            return 0.0, 0.0
        return (latest[1] - before[1]) / seconds, (latest[2] - before[2]) / seconds

    def numbers(self) -> dict[str, float | None]:
        """The figures of a line of JSON, for programs."""
        documents, tokens = self.rates()
        return {
            "documents": self.totals.documents,
            "documents_per_second": round(documents, 2),
            "tokens_per_second": round(tokens, 1),
            "spans": self.totals.spans.total(),
            "quarantined": self.totals.set_aside,
            "share": None if self.share is None else round(self.share, 4),
            "seconds_left": None if self.seconds_left is None else round(self.seconds_left),
        }

    def fields(self) -> dict[str, str]:
        """What is shown, by label."""
        documents, tokens = self.rates()
        share, left = self.share, self.seconds_left
        return {
            "documents": f"{self.totals.documents:,}",
            "documents/s": f"{documents:,.1f}",
            "tokens/s": f"{tokens:,.0f}",
            "spans": f"{self.totals.spans.total():,}",
            "quarantined": f"{self.totals.set_aside:,}",
            "input": "-" if share is None else f"{share:.0%}",
            "left": "-" if left is None else duration(left),
        }


@contextmanager
def shown(progress: Progress, stream: TextIO, run: str = "", interval: float = 10.0) -> Iterator[None]:
    """Show progress for as long as the block runs.

    Args:
        progress: what to show.
        stream: where; a live view if it is a terminal, else a plain line every `interval` seconds.
        run: the run's id, for JSON lines, which are written where requested, on a terminal too.
        interval: seconds between lines.
    """
    if stream.isatty() and not wants_json():
        with live(lambda: live_view(progress), stream):
            yield
        return
    stop = threading.Event()

    def lines() -> None:
        while not stop.wait(interval):
            with suppress(Exception):  # a run does not stop because its progress cannot be shown
                if wants_json():
                    log_event("progress", run=run, **progress.numbers())
                else:
                    print(plain_line(progress), file=stream, flush=True)

    thread = threading.Thread(target=lines, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def plain_line(progress: Progress) -> str:
    """One line of progress, for a log."""
    return "  ".join(f"{label} {value}" for label, value in progress.fields().items())


def live_view(progress: Progress) -> RenderableType:
    """The view on a terminal: a bar of the input's share over a row of figures."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    figures = [Text.assemble((value, "bold"), f" {label}") for label, value in progress.fields().items()]
    view = Table.grid()
    view.add_row(ProgressBar(total=1.0, completed=progress.share or 0.0, pulse=progress.share is None, width=60))
    view.add_row(Text("   ").join(figures))
    return view

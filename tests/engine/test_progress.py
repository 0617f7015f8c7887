"""Progress says what is known and no more."""

from __future__ import annotations

import io
from collections import Counter

from openbioner_batch.engine.ledger import End, Totals
from openbioner_batch.engine.progress import Progress, duration, live_view, plain_line, shown
from openbioner_batch.engine.summary import Clock


def end(text_bytes: int) -> End:
    return End(shards=1, documents=1, rejected=0, deletions=0, text_bytes=text_bytes)


def test_the_share_goes_by_finished_splits_and_their_ratio_of_text_to_bytes() -> None:
    totals = Totals()
    progress = Progress(totals, {0: 100.0, 1: 300.0}, None)
    totals.text_bytes = 40
    assert progress.share is None
    assert progress.seconds_left is None

    totals.text_bytes = 50
    progress.split_finished(0, end(50))
    assert progress.share == 0.25
    totals.text_bytes = 100
    assert progress.share == 0.5
    totals.text_bytes = 1000
    assert progress.share == 1.0


def test_the_share_of_a_limited_run_goes_by_records() -> None:
    totals = Totals(documents=3, quarantined=Counter({"bad": 1}))

    assert Progress(totals, {0: 1.0}, 8).share == 0.5


def test_lines_come_without_a_terminal() -> None:
    stream = io.StringIO()
    totals = Totals(documents=1234, spans=Counter({"drug": 5}))
    progress = Progress(totals, {0: 1.0}, None)

    with shown(progress, stream, interval=0.01):
        while stream.getvalue().count("\n") < 2:
            progress.tick()

    assert "documents 1,234" in stream.getvalue()
    assert "spans 5" in plain_line(progress)


def test_a_terminal_shows_the_same_figures() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    console.print(live_view(Progress(Totals(documents=77), {0: 1.0}, 100)))

    assert "77" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "77%" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_rate_leaves_the_first_commit_out() -> None:
    clock = Clock()
    assert clock.per_second(clock.documents) == 0.0
    for second, documents in ((100.0, 50), (102.0, 30), (104.0, 30)):
        clock.tick(second, documents, 10 * documents)

    assert clock.seconds == 4.0
    assert clock.per_second(clock.documents) == 15.0
    assert duration(3725.4) == "1:02:05"

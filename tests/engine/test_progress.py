"""Progress says what is known and no more."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from openbioner_batch.console import duration
from openbioner_batch.engine.ledger import SplitEnd, Totals
from openbioner_batch.engine.progress import Progress, live_view, plain_line, shown
from openbioner_batch.engine.reading import read_splits
from openbioner_batch.engine.summary import Clock
from openbioner_batch.engine.work import Job, SplitTask, row_table
from openbioner_batch.formats import ReadOptions, find_inputs


def end(text_bytes: int) -> SplitEnd:
    return SplitEnd(shards=1, documents=1, rejected=0, deletions=0, text_bytes=text_bytes)


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


def test_the_share_of_a_file_that_is_one_split_goes_by_the_bytes_that_were_read() -> None:
    progress = Progress(Totals(), {0: 100.0, 1: 300.0}, None)
    progress.split_read(0, -1.0)
    assert progress.share is None
    progress.split_read(1, 0.5)
    progress.split_read(1, 0.25)  # shards are not always committed in order
    assert progress.share == 0.375
    progress.split_finished(0, end(50))
    assert progress.share == 0.625
    progress.split_finished(1, end(50))
    assert progress.share == 1.0


def test_reading_tells_how_much_of_a_packed_file_is_behind_it(tmp_path: Path) -> None:
    rng = random.Random(1)
    lines = [json.dumps({"id": str(n), "text": rng.randbytes(800).hex()}) + "\n" for n in range(4000)]
    content = "".join(lines).encode()
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(content))
    reader, files = find_inputs([str(path)])
    (split,) = reader.splits(files)
    options = reader.resolve(files, ReadOptions())
    job = Job(str(tmp_path / "out"), "s", reader, options, reader.kept_schema(files, options), False, 400)
    batch = pa.table({"task": [SplitTask(0, split, None, ()).to_json()]})
    shares = [
        made["read"][0].as_py() for made in read_splits(batch, job, lambda o, s: row_table(o, s.index, read=s.read))
    ]
    assert len(shares) == 10
    assert shares == sorted(shares)
    # Less than a buffer and a block of lines ahead.
    assert all(abs(share - (n + 1) / 10) < 0.3 for n, share in enumerate(shares))


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


def test_the_numbers_for_programs_are_rounded_and_unknown_ones_are_none() -> None:
    totals = Totals(documents=7, text_bytes=50)
    totals.spans, totals.quarantined = Counter({"drug": 2, "gene": 3}), Counter({"empty": 4})
    progress = Progress(totals, {0: 100.0, 1: 200.0}, None)
    known = {"documents": 7, "spans": 5, "quarantined": 4}
    found = progress.numbers()
    assert known.items() <= found.items()
    assert (found["share"], found["seconds_left"]) == (None, None)
    assert list(found) == [
        "documents", "documents_per_second", "tokens_per_second", "spans", "quarantined", "share", "seconds_left",
    ]  # fmt: skip
    progress.split_finished(0, end(50))
    assert progress.numbers()["share"] == 0.3333
    progress.split_finished(9, end(50))  # one that the run was not planned with weighs nothing
    assert known.items() <= progress.numbers().items()


def test_rates_are_those_of_the_last_minute_and_the_time_left_goes_by_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("openbioner_batch.engine.progress.time", SimpleNamespace(monotonic=lambda: clock.now))
    totals = Totals(documents=100)
    progress = Progress(totals, {}, 1000)
    assert progress.rates() == (0.0, 0.0)
    assert progress.seconds_left is None  # what earlier sessions have done shows no pace
    for seconds, documents in ((50, 200), (40, 10), (30, 20)):
        clock.now += seconds
        totals.documents += documents
        totals.tokens += 5 * documents
        progress.tick()

    assert progress.rates() == (30 / 70, 150 / 70)
    assert progress.seconds_left == pytest.approx(120 * 670 / 230)
    found = progress.numbers()
    assert (found["documents_per_second"], found["tokens_per_second"]) == (0.43, 2.1)
    assert (found["share"], found["seconds_left"]) == (0.33, 350)
    clock.now += 70  # nothing is committed for a while
    assert progress.rates() == (30 / 140, 150 / 140)

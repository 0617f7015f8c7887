"""Damaged files through every reader: the first inputs of `fuzz.run`, which takes a hundred thousand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from openbioner_batch.formats import FORMATS

from .checks import Tally, check, damaged
from .run import run
from .seeds import SEEDS


def test_every_format_has_a_seed_that_is_read(tmp_path: Path) -> None:
    assert {seed.format for seed in SEEDS} == set(FORMATS)
    for seed in SEEDS:
        tally = Tally()
        check(seed, tmp_path / "in", tally)
        assert (tally.refused, tally.quarantined) == (0, 0), seed.format
        assert tally.documents


def test_damaged_files_give_a_message_or_quarantined_records(tmp_path: Path) -> None:
    tally = Tally()
    for number in range(900):
        check(damaged(1, number), tmp_path / "in", tally)
    assert min(tally.refused, tally.documents, tally.quarantined) > 100


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_damaged_files_kill_and_hang_no_process() -> None:
    found = run(seed=2, first=0, inputs=20_000)
    assert not found["failures"], found["failures"][0][1]
    assert found["inputs"] == 20_000


def test_a_process_that_dies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness itself: a reader that kills its process is identified by its input's number."""
    monkeypatch.setattr(sys.modules[run.__module__], "check", lambda case, folder, tally: die(tally))
    found = run(seed=1, first=10, inputs=3)
    assert [number for number, _ in found["failures"]] == [10, 11, 12]


def die(tally: Tally) -> None:
    import os

    os._exit(3)

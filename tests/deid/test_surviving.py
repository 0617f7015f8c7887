"""Notes that end the process that replaces them are found, as those are that end a model's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.keys import load_key
from openbioner_batch.deid.shard import DIED, outcome_of_each
from openbioner_batch.engine.attempts import Attempts
from openbioner_batch.engine.names import ATTEMPTS
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError

NOTES: list[Any] = ["a", "b", "c"]


def test_a_note_whose_process_died_twice_is_set_aside_and_the_others_are_done(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for unit in ("whole", "000001"):
        for death in range(2):
            store.put("/".join([ATTEMPTS, "work", f"{unit}.session.{death}"]), b"")
    assert outcome_of_each(NOTES, lambda note: f"done {note}", Attempts(store, "work", "session")) == [
        "done a",
        DIED,
        "done c",
    ]


def test_a_marker_lasts_as_long_as_the_work(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    seen = []

    def do(note: Any) -> str:
        seen.append(store.names(ATTEMPTS))
        return str(note)

    assert outcome_of_each(NOTES, do, Attempts(store, "work", "session")) == NOTES
    assert seen == [["work/whole.session.0"]] * 3
    assert store.names(ATTEMPTS) == []


def test_a_key_that_is_gone_sets_no_note_aside(tmp_path: Path) -> None:
    attempts = Attempts(Store(str(tmp_path)), "work", "session")
    with pytest.raises(RunFailedError, match=r"cannot be read .* the run needs it unchanged since the run began"):
        outcome_of_each(NOTES, lambda note: load_key(tmp_path / "gone"), attempts)

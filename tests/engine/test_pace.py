"""The record of what a session committed when."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.engine.pace import MOST_STEPS, Pace, read_sessions, session_file
from openbioner_batch.engine.store import Store

COMMITS = st.lists(st.tuples(st.floats(0, 1e7), st.integers(0, 1000), st.integers(0, 10**6)), max_size=50)


@given(COMMITS)
def test_however_long_the_session_nothing_is_lost_and_the_record_stays_small(
    commits: list[tuple[float, int, int]],
) -> None:
    pace = Pace(0.0)
    for commit in commits:
        pace.add(*commit)
    assert len(pace.documents) == len(pace.tokens) <= MOST_STEPS
    assert (sum(pace.documents), sum(pace.tokens)) == (sum(c[1] for c in commits), sum(c[2] for c in commits))
    assert pace.seconds == max((commit[0] for commit in commits), default=0)
    assert len(pace.documents) * pace.step_seconds >= pace.seconds


def test_a_commit_lies_in_the_step_of_its_time() -> None:
    pace = Pace(0.0)
    pace.add(0.5, 1, 10)
    pace.add(3.0, 2, 20)
    assert pace.documents == [1, 0, 0, 2]
    pace.add(MOST_STEPS, 4, 40)  # beyond the last step: they become twice as long
    assert (pace.step_seconds, pace.documents[:2], pace.documents[-1]) == (2.0, [1, 2], 4)


def test_sessions_are_read_in_order_of_time(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert read_sessions(store) == []
    for name, started in (("a", 200.0), ("b", 100.0)):
        pace = Pace(started)
        pace.add(1.5, 3, 30)
        store.put(session_file(name), pace.to_bytes())
    assert [pace.started for pace in read_sessions(store)] == [100.0, 200.0]
    assert read_sessions(store)[0].tokens == [0, 30]

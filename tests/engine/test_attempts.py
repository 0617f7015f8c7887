"""Markers tell deaths from ends, and chance from guilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.engine.attempts import Attempts, forget, is_suspect
from openbioner_batch.engine.store import Store


@pytest.mark.parametrize(
    ("sessions", "suspect"),
    [([], False), (["a"], False), (["a", "b"], False), (["a", "a"], True), (["a", "b", "c"], True)],
)
def test_two_deaths_of_one_session_or_one_of_each_of_three_convict(sessions: list[str], suspect: bool) -> None:
    assert is_suspect(sessions) == suspect


dead = []


def die(store: Store, unit: str, session: str) -> None:
    """Leave what a process leaves that is killed in an attempt: one that never ends, nor is collected."""
    dead.append(Attempts(store, "shard", session).attempt(unit))
    dead[-1].__enter__()


def test_only_attempts_that_never_ended_count(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with Attempts(store, "shard", "one").attempt("whole"):
        assert Attempts(store, "shard", "one").deaths("whole") == ["one"]
    with pytest.raises(ZeroDivisionError), Attempts(store, "shard", "one").attempt("whole"):
        1 / 0  # noqa: B018
    assert Attempts(store, "shard", "one").deaths("whole") == []

    die(store, "whole", "one")
    die(store, "whole", "two")
    assert Attempts(store, "shard", "two").suspects() == set()
    die(store, "whole", "two")
    assert Attempts(store, "shard", "two").suspects() == {"whole"}
    assert Attempts(store, "shard", "two").total() == 2

    forget(store, "shard")
    assert Attempts(store, "shard", "two").suspects() == set()
    assert store.names("_run/attempts") == []

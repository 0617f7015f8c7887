"""Markers distinguish deaths from ends, and chance from guilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.engine.attempts import AROUND, Attempts, is_suspect, remove_attempts
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

    remove_attempts(store, "shard")
    assert Attempts(store, "shard", "two").suspects() == set()
    assert store.names("_run/attempts") == []


def test_a_death_around_the_units_is_counted_once_and_is_elsewhere_if_in_none(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    die(store, "whole", "one")  # before the units were tried one by one
    die(store, AROUND, "one")
    die(store, "7", "one")
    assert (Attempts(store, "shard", "one").total(), Attempts(store, "shard", "one").elsewhere()) == (2, 0)

    die(store, AROUND, "one")
    die(store, AROUND, "earlier")
    die(store, "8", "earlier")
    found = Attempts(store, "shard", "one")
    assert (found.total(), found.elsewhere()) == (2, 1)
    assert found.deaths("7") == ["one"]
    assert found.deaths("9") == []
    assert Attempts(store, "shard", "new").total() == 0


def test_pieces_of_work_have_markers_of_their_own(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for unit in ("7", "8"):
        die(store, unit, "one")
        die(store, unit, "one")
    assert Attempts(store, "other", "one").suspects() == set()

    remove_attempts(store, "other")

    assert Attempts(store, "shard", "one").suspects() == {"7", "8"}


def test_markers_in_an_object_store_are_forgotten_by_their_work(tmp_path: Path) -> None:
    store = Store(f"memory://{tmp_path}")
    for name in ("shard/whole.one.0", "shard/7.one.0", "other/whole.one.0"):
        store.put(f"_run/attempts/{name}", b"")

    remove_attempts(store, "shard")

    assert store.names("_run/attempts") == ["other/whole.one.0"]

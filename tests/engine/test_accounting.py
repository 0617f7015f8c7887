"""The account of a session: what a shard adds, what is reported and written, and when too much is set aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.engine.accounting import Accounts, finish, leave
from openbioner_batch.engine.ledger import Ledger, Totals
from openbioner_batch.engine.logs import VARIABLE
from openbioner_batch.engine.metrics import run_id
from openbioner_batch.engine.names import ATTEMPTS, DATA, SUMMARY, end_file, shard_file
from openbioner_batch.engine.pace import SESSIONS, read_sessions
from openbioner_batch.engine.plan import Plan, PlannedSplit
from openbioner_batch.engine.planning import SessionPlan
from openbioner_batch.engine.store import TEMPORARY, Store
from openbioner_batch.errors import RunFailedError, TooManyQuarantinedError
from openbioner_batch.formats.base import InputFile, Split
from openbioner_batch.records import UNREAD

COUNTS: dict[str, Any] = {"documents": 8, "deletions": 1, "windows": 9, "tokens": 700, "text_bytes": 4000}
COUNTS |= {"quarantined": {"line #: bad": 2}, "spans": {"drug": 3, "gene": 4}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "run"))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def books(store: Store, said: list[str]) -> Accounts:
    return Accounts(store, "5e55", Totals(), 2, {"separated layers": 3}, "25%", said.append)


def shard(number: int = 1, deaths: int = 0, **counts: Any) -> dict[str, Any]:
    held = json.dumps({**COUNTS, **counts})
    return {"split": 0, "shard": number, "counts": held, "deaths": deaths, "committed_at": 1000.0 + number}


def test_a_shard_is_told_by_its_name_with_its_counts(
    books: Accounts, store: Store, said: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "json")
    books.add(shard())
    books.add(shard(7, deaths=2))
    assert said == ["note: processes died 2 times at shard 000000-00007; it was done nevertheless"]
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert {name: value for name, value in first.items() if name != "time"} == {
        **{"event": "shard", "run": run_id(store.url), "shard": "000000-00001", "documents": 8, "quarantined": 2},
        **{"spans": 7, "tokens": 700, "deaths": 0},
    }
    assert (second["shard"], second["deaths"]) == ("000000-00007", 2)


def test_the_summary_says_how_the_run_stands(books: Accounts, store: Store) -> None:
    books.add(shard())
    books.add(shard(3))
    books.write_summary(1)
    found = json.loads(store.get(SUMMARY))
    assert found["finished"] is False
    assert found["splits"] == {"done": 1, "total": 2}
    assert (found["records"], found["documents"], found["shards"], found["deletions"]) == (20, 16, 2, 2)
    assert found["quarantined"] == {"total": 4, "reasons": {"line #: bad": 4}}
    assert found["spans"] == {"total": 14, "types": {"gene": 8, "drug": 6}}
    assert found["notes"] == ["separated layers: 3, for which the model was not trained"]
    last = found["last_session"]
    assert last["documents"] == 16
    assert last["seconds_between_first_and_last_commit"] == 2
    assert (last["documents_per_second"], last["tokens_per_second"]) == (4, 350)


def test_a_finished_run_says_so_once(books: Accounts, store: Store, said: list[str]) -> None:
    books.finish(2, is_new=False)
    assert json.loads(store.get(SUMMARY))["finished"] is True
    store.put(SUMMARY, b"{}")
    books.finish(2, is_new=False)
    assert store.get(SUMMARY) == b"{}"
    books.finish(2, is_new=True)
    assert json.loads(store.get(SUMMARY))["splits"] == {"done": 2, "total": 2}
    assert said == []


def test_a_summary_that_cannot_be_written_does_not_make_the_run_fail(
    books: Accounts, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store, name: str, data: bytes) -> None:
        raise RunFailedError("no space")

    monkeypatch.setattr(Store, "put", full)
    books.finish(2, is_new=True)
    assert said == ["note: the run is finished, but no space"]


def test_the_pace_is_kept_under_the_sessions_name_once_there_is_one(books: Accounts, store: Store) -> None:
    books.write_pace()
    assert store.names(SESSIONS) == []
    books.add(shard())
    books.write_pace()
    assert store.names(SESSIONS) == ["5e55.json"]
    (pace,) = read_sessions(store)
    assert (sum(pace.documents), sum(pace.tokens)) == (8, 700)
    assert 0 <= pace.seconds < 60  # since the session began


def test_too_much_set_aside_names_the_limit_and_the_most_frequent_reason(books: Accounts, store: Store) -> None:
    books.add(shard())
    books.check_quarantined(at_end=True)
    books.add(shard(2, documents=0, quarantined={"line #: worse": 900}))
    with pytest.raises(TooManyQuarantinedError) as caught:
        books.check_quarantined(at_end=True)
    assert str(caught.value).startswith(
        "902 of 910 records are quarantined, more than --max-quarantined 25% allows; the most frequent reason, 900 "
        f"times: line #: worse. Look into {store.url}/quarantine"
    )


def test_bytes_that_nobody_has_read_end_the_run(books: Accounts) -> None:
    books.add(shard())
    books.refuse_unread()
    books.add(shard(2, quarantined={f"torn: {UNREAD}": 1, "bad": 1}))
    with pytest.raises(RunFailedError, match=rf"^bytes of 1 input files were not read \(torn: {UNREAD}\)"):
        books.refuse_unread()


def planned(store: Store, *limits: int | None, pending: bool = True) -> SessionPlan:
    """A run of splits with these limits, of which each is to have one shard."""
    splits = tuple(PlannedSplit(n, Split((InputFile(f"/in/{n}", 9, "1"),)), limit) for n, limit in enumerate(limits))
    plan = Plan({}, splits)
    left = plan.wanted if pending else []
    return SessionPlan("5e55", store, plan, Ledger.read(store, DATA), left, {}, len(splits))


def read_out(store: Store, split: int, documents: int = 8, rejected: int = 2) -> None:
    """Note the end of a split that has one shard, and that shard."""
    end = {"shards": 1, "documents": documents, "rejected": rejected, "deletions": 1, "text_bytes": 9}
    store.put(end_file(split), json.dumps(end).encode())
    store.put(shard_file(DATA, split, 0), b"")


def test_a_run_is_finished_once_all_that_is_wanted_is_there_and_nothing_of_its_work_stays(
    books: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in (0, 2):
        read_out(store, split)
        books.add(shard(split))
    for name in (f"{ATTEMPTS}/000000-00000/whole.gone.0", f"{TEMPORARY}/0123"):
        store.put(name, b"")

    monkeypatch.setenv(VARIABLE, "json")
    summary = finish(planned(store, None, 0, 5), books)

    event = {"event": "finished", "run": run_id(store.url), "documents": 16, "quarantined": 4}
    assert event.items() <= json.loads(capsys.readouterr().err).items()
    assert (summary.finished, summary.splits_done) == (True, 2)
    assert json.loads(store.get(SUMMARY))["splits"]["done"] == 2
    assert store.names(ATTEMPTS) == store.names(TEMPORARY) == []
    store.put(SUMMARY, b"{}")
    finish(planned(store, None, 0, 5, pending=False), books)
    assert store.get(SUMMARY) == b"{}"


def test_what_is_missing_at_the_end_is_told_and_the_run_is_not_finished(books: Accounts, store: Store) -> None:
    read_out(store, 0)
    books.add(shard())
    with pytest.raises(RunFailedError, match=r"^2 of 3 splits are not complete: run the same command again"):
        finish(planned(store, None, None, None), books)

    read_out(store, 1, documents=7)
    books.add(shard())
    with pytest.raises(RunFailedError, match=r"^19 records were read and 20 are in the output: .* --overwrite"):
        finish(planned(store, None, None), books)
    assert not store.exists(SUMMARY)


def test_a_finished_run_with_too_much_set_aside_or_unread_fails_all_the_same(books: Accounts, store: Store) -> None:
    read_out(store, 0)
    books.add(shard(quarantined={f"torn: {UNREAD}": 2}))
    with pytest.raises(RunFailedError, match="were not read"):
        finish(planned(store, None), books)
    assert json.loads(store.get(SUMMARY))["finished"] is True

    read_out(store, 1, documents=1, rejected=9)
    books.add(shard(documents=1, quarantined={"bad": 9}))
    with pytest.raises(TooManyQuarantinedError, match="11 of 20 records"):
        finish(planned(store, None, None), books)


def test_a_session_that_ends_takes_its_own_markers_along_and_leaves_a_summary(books: Accounts, store: Store) -> None:
    read_out(store, 0)
    books.add(shard())
    others = [".DS_Store", "000000-00000/whole.6a66.0", "notes"]
    for name in (*others, "000000-00000/whole.5e55.0", "read-000001/all.5e55.1"):
        store.put(f"{ATTEMPTS}/{name}", b"")

    leave(planned(store, None, None), books)

    assert store.names(ATTEMPTS) == others
    found = json.loads(store.get(SUMMARY))
    assert (found["finished"], found["splits"]) == (False, {"done": 1, "total": 2})
    assert store.names(SESSIONS) == ["5e55.json"]


def test_what_ended_a_session_is_not_hidden_by_a_full_disk(
    books: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store, name: str, data: bytes) -> None:
        raise RunFailedError("no space")

    books.add(shard())
    monkeypatch.setattr(Store, "put", full)
    leave(planned(store, None), books)

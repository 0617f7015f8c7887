"""The plan knows its inputs, and says what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from openbioner_batch.engine.names import INPUTS, PLAN
from openbioner_batch.engine.plan import make_plan, plan_bytes, read_plan, split_weights
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import PlanMismatchError, UsageError
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.records import Deletion, Document, Parsed, Record, Rejected


class Tens(Format):
    """Every file holds a deletion and ten records, every third bad, in two splits; empty ones have none."""

    name = "tens"
    suffixes = (".ten",)

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        return [Split((file,), start, start + 5) for file in files if file.size for start in (0, 5)]

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        uri = split.files[0].uri
        yield Deletion(uri, 0, "gone")
        for n in range(split.start, split.stop):
            yield Rejected(uri, n, "third") if n % 3 == 0 else Parsed(uri, n, Document(str(n), "text"))


def plan(store: Store, files: list[InputFile], limit: int | None = None, **fingerprint: object) -> tuple[object, int]:
    return make_plan(store, {"model": "m", **fingerprint}, files, Tens(), ReadOptions(), limit)


A, B, EMPTY = InputFile("a.ten", 100, "1"), InputFile("b.ten", 60, "1"), InputFile("e.ten", 0, "1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "out"))


def test_a_plan_is_read_as_it_was_made_and_grows_at_its_end(store: Store) -> None:
    assert read_plan(store) is None
    first, fresh = plan(store, [B, EMPTY])
    assert fresh == 2
    assert read_plan(store) == first
    assert plan(store, [B, EMPTY]) == (first, 0)

    second, fresh = plan(store, [A, B, EMPTY])

    assert fresh == 1
    assert read_plan(store) == second
    found = read_plan(store)
    assert found is not None
    assert [(p.ordinal, p.split.files[0].uri, p.split.start) for p in found.wanted] == [
        (0, "b.ten", 0),
        (1, "b.ten", 5),
        (3, "a.ten", 0),
        (4, "a.ten", 5),
    ]
    assert list(split_weights(found.wanted)) == [30, 30, 50, 50]


@pytest.mark.parametrize(
    ("limit", "limits"),
    [(1, [1, 0, 0, 0]), (5, [5, 0, 0, 0]), (7, [None, 2, 0, 0]), (20, [None, None, None, 5]), (21, [None] * 4)],
)
def test_a_limit_is_shared_out_in_order(store: Store, limit: int, limits: list[int | None]) -> None:
    plan(store, [A, B], limit)

    found = read_plan(store)
    assert found is not None
    assert [planned.limit for planned in found.splits] == limits
    assert all(planned.limit != 0 for planned in found.wanted)
    with pytest.raises(PlanMismatchError, match=r"e\.ten.*--limit"):
        plan(store, [A, B, EMPTY], limit)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([A], r"b\.ten was an input .* no longer listed"),
        ([A, InputFile("b.ten", 61, "1")], r"b\.ten has changed .*60 bytes then, 61 now"),
        ([A, InputFile("b.ten", 60, "2")], r"b\.ten has changed"),
    ],
)
def test_changed_and_vanished_inputs_are_refused(store: Store, files: list[InputFile], message: str) -> None:
    plan(store, [A, B])

    with pytest.raises(PlanMismatchError, match=message):
        plan(store, files)


def test_what_differs_is_said_in_short(store: Store) -> None:
    descriptions = {"1/drug": "a substance", "1/site": "a part"}
    plan(store, [A], descriptions=descriptions, words="basic", note="x" * 500)

    with pytest.raises(PlanMismatchError) as error:
        plan(store, [A], descriptions={**descriptions, "1/drug": "a medicine"}, words="whitespace", note="y" * 500)

    message = str(error.value)
    assert message.startswith(f"{store.url} holds a run with other settings (")
    assert "descriptions: 1/drug a substance then, a medicine now" in message
    assert "words: basic then, whitespace now" in message
    assert "a part" not in message
    assert "model" not in message
    assert "--overwrite" in message
    assert len(message) < 500


def test_values_of_any_kind_are_told_and_long_ones_are_cut(store: Store) -> None:
    plan(store, [A], shard={"documents": 500}, text=True, kept=["a"], old="x" * 60, long="x" * 61)

    with pytest.raises(PlanMismatchError) as error:
        plan(store, [A], shard={"documents": 600}, text=False, kept=["a", "b"], old=None, long=None)

    message = str(error.value)
    for told in (
        "shard: documents 500 then, 600 now",
        "text: true then, false now",
        'kept: ["a"] then, ["a", "b"] now',
        f"old: {'x' * 60} then, none now",
        f"long: {'x' * 57}... then, none now",
    ):
        assert told in message


def test_a_plan_does_not_depend_on_the_order_in_which_settings_come() -> None:
    assert plan_bytes({"a": 1, "b": {"c": 2, "d": 3}}) == plan_bytes({"b": {"d": 3, "c": 2}, "a": 1})


def test_a_folder_with_other_files_is_refused_and_named(store: Store) -> None:
    store.put("notes/a.txt", b"")
    store.put("notes/b.txt", b"")

    with pytest.raises(UsageError, match=r"is not empty \(notes/a\.txt\) and holds no run"):
        plan(store, [A])
    assert store.names() == ["notes/a.txt", "notes/b.txt"]


def test_a_damaged_plan_is_said_to_be_damaged(store: Store) -> None:
    plan(store, [A])
    whole = {name: store.get(name) for name in store.names()}
    for name, data in whole.items():
        for damaged in (b"{", b"[]", b"{}", b"\xff", data[:-9]):
            store.put(name, damaged)
            with pytest.raises(PlanMismatchError, match=r"the plan of the run in .* is damaged"):
                read_plan(store)
        store.put(name, data)
    assert read_plan(store) is not None


def test_leftovers_of_a_start_that_was_cut_short_are_in_nobodys_way(store: Store) -> None:
    store.put("_run/tmp/0123", b"{")

    assert plan(store, [A])[1] == 1


def test_other_files_beside_those_of_the_plan_change_no_split_of_it(store: Store) -> None:
    plan(store, [A])
    for name in ("._0000.jsonl", ".DS_Store", "0001.jsonl~"):
        store.put(f"{INPUTS}/{name}", b"\xff")
    grown, _ = plan(store, [A, B])
    for name in ("._0000.jsonl", ".DS_Store", "0001.jsonl~"):
        store.remove([f"{INPUTS}/{name}"])

    assert read_plan(store) == grown
    assert plan(store, [A, B, EMPTY])[1] == 1
    found = read_plan(store)
    assert found is not None
    assert [planned.split.files[0] for planned in found.splits] == [A, A, B, B, EMPTY]


def test_a_plan_that_lacks_a_part_is_refused_since_shards_would_change_places(store: Store) -> None:
    plan(store, [A])
    plan(store, [A, B])
    store.remove([f"{INPUTS}/0000.jsonl"])

    with pytest.raises(PlanMismatchError, match="is damaged"):
        plan(store, [A, B])


def test_an_upgrade_alone_refuses_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = plan(store, [A])
    monkeypatch.setattr("openbioner_batch.version.__version__", "99.1")

    assert plan(store, [A]) == (first, 0)


def test_a_run_of_another_release_that_differs_is_told_how_to_finish(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbioner_batch.version.__version__", "1.4")
    plan(store, [A], rules="a")
    monkeypatch.setattr("openbioner_batch.version.__version__", "99.1")

    with pytest.raises(
        PlanMismatchError, match=r"rules: a then, b now.*1\.4 began it, this is 99\.1; finish it with 1"
    ):
        plan(store, [A], rules="b")


def test_a_plan_that_says_no_release_is_told_by_its_fingerprint_or_not_at_all(store: Store) -> None:
    plan(store, [A], version="0.0.7")
    written = json.loads(store.get(PLAN))
    del written["release"]
    store.put(PLAN, json.dumps(written).encode())
    with pytest.raises(PlanMismatchError, match=r"version: 0\.0\.7 then, 0\.1.*finish it with 0\.0\.7"):
        plan(store, [A], version="0.1")

    del written["fingerprint"]["version"]
    store.put(PLAN, json.dumps(written).encode())
    with pytest.raises(PlanMismatchError) as error:
        plan(store, [A], words="basic")
    assert "began" not in str(error.value)


def test_plans_of_another_layout_name_the_release_that_reads_them(store: Store) -> None:
    plan(store, [A])
    written = json.loads(store.get(PLAN))
    store.put(PLAN, json.dumps({**written, "version": 0, "release": "0.0.3"}).encode())

    with pytest.raises(PlanMismatchError, match=r"plan 0, here 1\).*finish it with 0\.0\.3"):
        read_plan(store)


def test_a_setting_of_several_values_that_was_not_there_is_told(store: Store) -> None:
    plan(store, [A], link={"drug": "d1"})
    with pytest.raises(PlanMismatchError, match=r'\(link: {"drug": "d1"} then, none now\)'):
        plan(store, [A])

"""What reading passes on of a split, what it notes at the end, and what it refuses to use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from openbioner_batch.engine.attempts import Attempts
from openbioner_batch.engine.names import ATTEMPTS, end_file
from openbioner_batch.engine.reading import read_splits
from openbioner_batch.engine.shards import Shard
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.work import Job, SplitTask, row_table
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.storage import local_file
from openbioner_batch.records import Deletion, Document, Parsed, Record, Rejected

SESSION = "5e55"


class Words(Format):
    """Each word is a record: `-` a deletion, `!` a bad one, the name of an error that error, all else a document."""

    name = "words"
    suffixes = (".words",)

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        return [Split(tuple(files))]

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        errors = {"OSError": OSError(5, "of Anna"), "ValueError": ValueError("Anna"), "UsageError": UsageError("no")}
        for file in split.files:
            for place, word in enumerate(Path(file.uri).read_text().split()):
                if word in errors:
                    raise errors[word]
                match word:
                    case "-":
                        yield Deletion(file.uri, place, "d")
                    case "!":
                        yield Rejected(file.uri, place, "bad")
                    case _:
                        yield Parsed(file.uri, place, Document(str(place), word))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "out"))


def written(folder: Path, name: str, words: str) -> InputFile:
    (folder / name).write_text(words)
    return local_file(str(folder / name))


def read(store: Store, *tasks: SplitTask, most: int = 2) -> Iterator[Shard]:
    """The shards that go on, in groups of at most so many documents."""
    job = Job(store.url, SESSION, Words(), ReadOptions(), pa.schema([]), False, most)
    shards: list[Shard] = []

    def emit(split: int, shard: Shard) -> pa.Table:
        shards.append(shard)
        return row_table(split, shard.index)

    for _ in read_splits(pa.table({"task": [task.to_json() for task in tasks]}), job, emit):
        yield shards.pop()


def test_shards_that_are_done_are_passed_over_and_counted_with_the_others(store: Store, tmp_path: Path) -> None:
    files = (written(tmp_path, "a", "one - two ! three é"), written(tmp_path, "b", "- ! four five six"))
    task = SplitTask(3, Split(files), None, (1,))

    assert [shard.index for shard in read(store, task)] == [0, 2, 3]

    assert json.loads(store.get(end_file(3))) == {
        **{"shards": 4, "documents": 7, "rejected": 2, "deletions": 2},
        "text_bytes": len("onetwothreeéfourfivesix".encode()),
    }
    assert store.names(ATTEMPTS) == []


def test_no_more_is_read_of_a_split_than_is_wanted_of_it(store: Store, tmp_path: Path) -> None:
    files = (written(tmp_path, "a", "one ! two - three"), written(tmp_path, "b", "ValueError"))

    assert [len(shard.documents) for shard in read(store, SplitTask(0, Split(files), 4, ()))] == [2, 1]

    assert json.loads(store.get(end_file(0))).items() >= {"documents": 3, "rejected": 1, "deletions": 1}.items()


def test_the_end_of_a_split_is_noted_only_once_all_of_it_is_read(store: Store, tmp_path: Path) -> None:
    shards = read(store, SplitTask(0, Split((written(tmp_path, "a", "one two three"),)), None, ()))

    assert [one.document.text for one in next(shards).documents] == ["one", "two"]
    assert not store.exists(end_file(0))
    assert [one.document.text for one in next(shards).documents] == ["three"]
    assert not store.exists(end_file(0))
    assert list(shards) == []
    assert store.exists(end_file(0))


@pytest.mark.parametrize("change", ["other words", "older", "gone"])
@pytest.mark.parametrize("of", ["what is read now", "a file without a record"])
def test_nothing_of_an_input_that_has_changed_goes_on(store: Store, tmp_path: Path, change: str, of: str) -> None:
    files = (written(tmp_path, "a", "one two"), written(tmp_path, "b", "" if "without" in of else "three"))
    shards = read(store, SplitTask(0, Split(files), None, ()))
    next(shards)
    match change:
        case "other words":
            (tmp_path / "b").write_text("three four")
        case "older":
            os.utime(tmp_path / "b", (0, 0))
        case "gone":
            (tmp_path / "b").unlink()

    with pytest.raises(RunFailedError, match=r"b has changed while the run read it: restore it"):
        next(shards)
    assert not store.exists(end_file(0))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("OSError", r"^reading .*/a and 1 more files failed: .*of Anna"),
        ("ValueError", r"^reading .*/a and 1 more files failed: ValueError$"),
    ],
)
def test_what_stops_the_reading_is_told_without_a_text(store: Store, tmp_path: Path, error: str, message: str) -> None:
    task = SplitTask(0, Split((written(tmp_path, "a", error), written(tmp_path, "b", ""))), None, ())

    with pytest.raises(RunFailedError, match=message):
        list(read(store, task))
    assert store.names(ATTEMPTS) == []


def test_an_error_with_a_message_for_the_user_is_passed_on(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^no$"):
        list(read(store, SplitTask(0, Split((written(tmp_path, "a", "UsageError"),)), None, ())))


def test_an_input_whose_readers_keep_dying_is_named_and_others_deaths_do_not_count(
    store: Store, tmp_path: Path
) -> None:
    tasks = [SplitTask(n, Split((written(tmp_path, name, "one"),)), None, ()) for n, name in enumerate("ab")]
    dead = []
    for work, session in [("read-000000", SESSION)] * 2 + [("read-000000", "earlier"), ("read-000001", SESSION)]:
        dead.append(Attempts(store, work, session).attempt("all"))
        dead[-1].__enter__()  # as of a process that was killed
    assert len(list(read(store, *tasks))) == 2
    assert store.names(ATTEMPTS) == []

    for _ in range(3):
        dead.append(Attempts(store, "read-000001", SESSION).attempt("all"))
        dead[-1].__enter__()
    shards = read(store, *tasks)
    next(shards)
    with pytest.raises(RunFailedError, match=r"the process that reads .*/b died 3 times"):
        next(shards)

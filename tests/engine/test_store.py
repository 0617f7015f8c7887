"""Objects appear whole under their names, on a disk and in an object store."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from support import S3Server

from openbioner_batch.engine.files import write_durably, write_file
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError, UsageError


class Plain(MemoryFileSystem):
    """A file system that is not this machine's, shows a file while it is being written and lists folders, as SFTP."""

    protocol = "plain"
    find = AbstractFileSystem.find
    store: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]
    pseudo_dirs: ClassVar[list[str]] = [""]  # type: ignore[misc]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("plain://")))


fsspec.register_implementation("plain", Plain, clobber=True)


@pytest.fixture(params=["disk", "s3", "memory", "plain"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "disk":
        yield Store(str(tmp_path / "run"))
    elif request.param in ("memory", "plain"):
        yield Store(f"{request.param}://{tmp_path.name}/run")
    else:
        server: S3Server = request.getfixturevalue("s3")
        yield Store(f"{server.bucket()}/run")


def test_objects_are_found_under_their_names_until_removed(store: Store) -> None:
    assert store.names() == []
    store.put("data/a", b"one")
    store.put("data/a", b"three")
    store.put("data/deep/b", b"")

    assert store.get("data/a") == b"three"
    assert store.names("data") == ["a", "deep/b"]
    assert store.sizes("data") == {"a": 5, "deep/b": 0}
    assert list(store.read_all(["data/a", "data/none", "data/deep/b"])) == [("data/a", b"three"), ("data/deep/b", b"")]
    assert store.open("data/a").read() == b"three"
    assert store.exists("data/a")
    assert not store.exists("data/none")

    store.remove(["data/a", "data/none"])
    assert store.names() == ["data/deep/b"]
    store.remove_folder("data")
    store.remove_folder("nowhere")
    assert store.names() == []
    with pytest.raises(FileNotFoundError):
        store.get("data/a")


def test_a_store_travels_to_other_processes(store: Store) -> None:
    store.put("a", b"1")

    assert pickle.loads(pickle.dumps(store)).url == store.url
    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_it_knows_what_lies_within(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "run")
    store = Store(str(tmp_path / "run"))

    assert store.contains(str(tmp_path / "run" / "in" / "a.jsonl"))
    assert store.contains(str(tmp_path / "link" / "a.jsonl"))
    assert not store.contains(str(tmp_path / "run2"))
    assert not store.contains("s3://run/a")
    assert Store("s3://bucket/run").contains("s3://bucket/run/a")
    assert not Store("s3://bucket/run").contains("s3://bucket/run2/a")


def test_a_folder_lies_within_itself(tmp_path: Path) -> None:
    for url in (str(tmp_path / "run"), "s3://bucket/run"):
        assert Store(url).contains(url)


@pytest.mark.parametrize("where", ["memory://{}", "{}"])
def test_a_name_that_reads_like_a_pattern_is_a_name(tmp_path: Path, where: str) -> None:
    root = where.format(tmp_path)
    one, other = Store(f"{root}/out[1]"), Store(f"{root}/out1")
    for store in (one, other):
        store.put("data/a", b"1")

    one.remove_folder("data")

    assert (one.names(), other.names()) == ([], ["data/a"])


def test_a_write_survives_that_another_driver_removes_the_folder_of_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path))
    removals = iter([True, True])
    write = write_durably

    def removed_meanwhile(path: str, data: bytes, private: bool) -> None:
        write(path, data, private)
        if next(removals, False):
            shutil.rmtree(os.path.dirname(path))

    monkeypatch.setattr("openbioner_batch.engine.store.write_durably", removed_meanwhile)
    store.put("data/a", b"1")
    assert store.get("data/a") == b"1"

    removals = iter([True, True, True])
    with pytest.raises(RunFailedError, match="data/b cannot be written"):
        store.put("data/b", b"1")
    assert store.names("data") == ["a"]


def test_what_a_file_system_refuses_is_told_apart_from_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path))
    assert not store.exists("a")

    def refused(*arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("info", "cat_file", "open", "ls"):
        monkeypatch.setattr(store._fs, name, refused)
    for action in (store.exists, store.names, store.get, store.open):
        with pytest.raises(RunFailedError, match=r"a cannot be read \(PermissionError"):
            action("a")


@pytest.mark.parametrize("url", ["{}/run", "plain:/{}/run"])
def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(url.format(tmp_path))
    for name in ("data/a", "data/deep/b", "gone/c", "lost+found/d", "_run/lost"):
        store.put(name, b"1")
    listed = type(store._fs).ls

    def fails(fs: object, path: str, *arguments: object, **more: object) -> object:
        if path.endswith("/gone"):
            raise FileNotFoundError(path)  # since the folder that holds it was listed
        if path.endswith(("/deep", "/lost+found")):
            raise PermissionError(13, "Permission denied", path)
        return listed(fs, path, *arguments, **more)

    monkeypatch.setattr(type(store._fs), "ls", fails)
    for folder in ("", "data", "data/deep"):
        with pytest.raises(RunFailedError, match=r"cannot be read \(PermissionError"):
            store.names(folder)
    monkeypatch.undo()
    store.remove_folder("data/deep")
    monkeypatch.setattr(type(store._fs), "ls", fails)
    assert store.names() == ["_run/lost", "data/a"]


def test_a_write_cut_short_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunFailedError, match=r"data/a cannot be written \(OSError: .*No space"):
        store.put("data/a", b"half")
    assert store.names() == []


def test_where_files_show_while_they_are_written_they_are_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store("plain://renamed/run")
    moved = []
    move = Plain.mv

    def mv(fs: Plain, source: str, target: str) -> None:
        moved.append((source.rpartition("/")[0], target, fs.cat_file(source)))
        move(fs, source, target)

    monkeypatch.setattr(Plain, "mv", mv)
    store.put("data/a", b"one")
    assert moved == [("/renamed/run/_run/tmp", "/renamed/run/data/a", b"one")]
    assert store.names("data") == ["a"]

    def refused(fs: Plain, source: str, target: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Plain, "mv", refused)
    with pytest.raises(RunFailedError, match="data/b cannot be written"):
        store.put("data/b", b"half")
    assert [name for name in store.names() if name != "data/a"] == []


@pytest.mark.parametrize("private", [False, True])
def test_a_single_file_that_cannot_be_put_in_place_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    def refused(*arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(LocalFileSystem, "mv", refused)
    with pytest.raises(UsageError, match=r"page\.html cannot be written \(PermissionError"):
        write_file(str(tmp_path / "page.html"), b"half", private)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_removed_with_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path / "run"))
    store.put("data/deep/a", b"1")
    store.remove_folder("data")
    assert not (tmp_path / "run" / "data").exists()

    def refused(*arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("rm", "rm_file"):
        monkeypatch.setattr(store._fs, name, refused)
    for action in (lambda: store.remove(["data"]), lambda: store.remove_folder("data")):
        with pytest.raises(RunFailedError, match=r"data cannot be removed \(PermissionError"):
            action()


def test_a_folder_whose_name_is_no_text_is_a_mistake_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"^out\\udcff: a folder whose name is not valid UTF-8"):
        Store("out\udcff")


def test_an_unknown_protocol_is_a_mistake_in_one_line() -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        Store("gopher://x/y")


def test_a_single_file_appears_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    store.put("pages/old", b"")
    url = f"{store.url}/pages/report.html"
    for data in (b"one", b"three"):
        write_file(url, data)
        assert store.get("pages/report.html") == data
    assert store.names("pages") == ["old", "report.html"]
    with pytest.raises(UsageError, match=r"nowhere/report.html cannot be written"):
        write_file(f"{tmp_path}/nowhere/report.html", b"")


def test_below_a_file_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = Store(str(tmp_path / "file"))
    assert store.names() == store.names("data") == []
    assert not store.exists("plan.json")
    with pytest.raises(FileNotFoundError):
        store.get("plan.json")
    for write in (store.make_private, lambda: store.put("plan.json", b"x")):
        with pytest.raises(UsageError, match="file is a file: give the name of a folder"):
            write()

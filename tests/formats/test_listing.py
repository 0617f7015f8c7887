"""Which files patterns, folders, globs and URLs stand for, and what is refused."""

from __future__ import annotations

import errno
import http.server
import os
import re
import socket
import threading
import uuid
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import (
    ReadOptions,
    detect_format,
    find_inputs,
    get_format,
    list_inputs,
    open_input,
)
from openbioner_batch.formats.base import InputFile
from openbioner_batch.formats.registry import SUFFIXES
from openbioner_batch.formats.storage import first_changed

JSONL = (".jsonl", ".ndjson")


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}\n")


def names(files: list[InputFile], root: Path) -> list[str]:
    return [os.path.relpath(file.uri, root) for file in files]


def test_a_folder_gives_the_fitting_visible_files_below_it_sorted(tmp_path: Path) -> None:
    make(tmp_path, "b.jsonl", "a/z.ndjson.gz", "a/y.JSONL.zst", "c.csv", "README", "d.gz")
    make(tmp_path, ".hidden.jsonl", "_SUCCESS.jsonl", ".git/e.jsonl", "_temporary/0/f.jsonl")
    files = list_inputs([str(tmp_path)], JSONL)
    assert names(files, tmp_path) == ["a/y.JSONL.zst", "a/z.ndjson.gz", "b.jsonl"]
    assert all(os.path.isabs(file.uri) and file.size == 3 for file in files)


def test_a_glob_gives_fitting_files_and_the_content_of_folders(tmp_path: Path) -> None:
    make(tmp_path, "2023/a.jsonl", "2024/b.jsonl", "2024/c.txt", "_2024/d.jsonl", "2024-x.jsonl", "_own/e.jsonl")
    assert names(list_inputs([f"{tmp_path}/*2*"], JSONL), tmp_path) == ["2023/a.jsonl", "2024-x.jsonl", "2024/b.jsonl"]
    assert names(list_inputs([f"{tmp_path}/**/*.jsonl"], JSONL), tmp_path) == [
        *("2023/a.jsonl", "2024-x.jsonl", "2024/b.jsonl")
    ]
    assert names(list_inputs([f"{tmp_path}/_o*/*"], JSONL), tmp_path) == ["_own/e.jsonl"]


def test_patterns_keep_their_order_and_each_file_comes_once(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "b.jsonl", "c.jsonl")
    files = list_inputs([str(tmp_path / "c.jsonl"), f"{tmp_path}/[ab]*", str(tmp_path)], JSONL)
    assert names(files, tmp_path) == ["c.jsonl", "a.jsonl", "b.jsonl"]


def test_a_relative_path_and_a_file_url_become_the_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.jsonl")
    monkeypatch.chdir(tmp_path)
    expected = str(tmp_path / "a.jsonl")
    assert [file.uri for file in list_inputs(["a.jsonl", f"file://{expected}"], JSONL)] == [expected]


def test_a_file_named_outright_is_taken_whatever_its_name(tmp_path: Path) -> None:
    make(tmp_path, "_notes.dat", "x[1].jsonl")
    files = list_inputs([str(tmp_path / "_notes.dat"), str(tmp_path / "x[1].jsonl")], JSONL)
    assert names(files, tmp_path) == ["_notes.dat", "x[1].jsonl"]


def test_links_are_followed_and_a_circle_of_them_ends(tmp_path: Path) -> None:
    make(tmp_path, "store/a.jsonl")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/linked").symlink_to(tmp_path / "store")
    (tmp_path / "store/back").symlink_to(tmp_path / "data")
    assert names(list_inputs([str(tmp_path / "data")], JSONL), tmp_path) == ["data/linked/a.jsonl"]


def test_the_etag_of_a_local_file_changes_with_its_time_to_the_nanosecond(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl")
    os.utime(tmp_path / "a.jsonl", ns=(0, 1_700_000_000_123_456_789))
    before = list_inputs([str(tmp_path)], JSONL)[0].etag
    assert before == "3-1700000000123456789"
    os.utime(tmp_path / "a.jsonl", ns=(0, 1_700_000_000_123_456_790))
    assert list_inputs([str(tmp_path)], JSONL)[0].etag != before


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{0}", r"nothing to read there\. Expected files ending in \.jsonl, \.ndjson"),
        ("{0}/file.csv.d", r"nothing to read there\. Expected files ending in \.jsonl, \.ndjson"),
        ("{0}/nothing.jsonl", "there is no such file or folder"),
        ("{0}/*.jsonl", "no file or folder matches"),
        ("s3:/bucket/a.jsonl", "did you mean s3://bucket/a.jsonl"),
        ("s3//bucket/a.jsonl", "did you mean s3://bucket/a.jsonl"),
        ("S3://bucket/a.jsonl", "did you mean s3://bucket/a.jsonl"),
        ("s3:///a.jsonl", "names no bucket"),
        ("http:/host/a.jsonl", "did you mean http://host/a.jsonl"),
        ("", "INPUT is empty"),
    ],
)
def test_what_cannot_be_found_is_refused_with_its_own_reason(tmp_path: Path, pattern: str, message: str) -> None:
    make(tmp_path, "file.csv.d/x.csv")
    with pytest.raises(UsageError, match=message):
        list_inputs([pattern.format(tmp_path)], JSONL)


def test_what_only_looks_like_a_file_is_passed_over_in_a_folder_and_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "link.jsonl").symlink_to("nowhere.jsonl")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket.jsonl"))
    skipped: dict[str, str] = {}
    for pattern in (tmp_path, tmp_path / "*.jsonl"):
        files = list_inputs([str(pattern)], JSONL, lambda path, what: skipped.update({os.path.basename(path): what}))
        assert names(files, tmp_path) == ["a.jsonl"]
    assert skipped == {
        "pipe.jsonl": "a pipe",
        "link.jsonl": "a broken link",
        "loop.jsonl": "a broken link",
        "socket.jsonl": "a socket",
    }
    for name, what in skipped.items():
        with pytest.raises(UsageError, match=re.escape(f"{name} is {what}")):
            list_inputs([str(tmp_path / name)], JSONL)
    with pytest.raises(UsageError, match=r"/dev/null is a device.*give - to read standard input"):
        list_inputs(["/dev/null"], JSONL)


def test_a_name_that_is_not_utf8_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "café.jsonl")
    assert names(list_inputs([str(tmp_path)], JSONL), tmp_path) == ["a.jsonl", "café.jsonl"]
    with open(os.fsencode(tmp_path) + b"/caf\xe9.jsonl", "wb"):
        pass
    with pytest.raises(UsageError, match=r"caf\\udce9\.jsonl: its name is not valid UTF-8"):
        list_inputs([str(tmp_path)], JSONL)


def test_a_folder_of_just_that_name_is_no_glob(tmp_path: Path) -> None:
    make(tmp_path, "c[1]/a.jsonl", "c1/b.jsonl", "c[1]/d/e.jsonl")
    assert names(list_inputs([f"{tmp_path}/c[1]"], JSONL), tmp_path) == ["c[1]/a.jsonl", "c[1]/d/e.jsonl"]
    assert names(list_inputs([f"{tmp_path}/c[1]/*.jsonl"], JSONL), tmp_path) == ["c[1]/a.jsonl"]
    assert names(list_inputs([f"{tmp_path}/c[12]/*.jsonl"], JSONL), tmp_path) == ["c1/b.jsonl"]


def test_a_folder_that_cannot_be_listed_loses_nothing_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.jsonl", "private/b.jsonl")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("private"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match=r"private: the folder cannot be listed \(Permission denied\)"):
        list_inputs([str(tmp_path)], JSONL)


class _WithoutRanges(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/a.jsonl"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(NOTE) if found else 0))
        self.end_headers()
        if found and self.command == "GET":
            self.wfile.write(NOTE)

    do_HEAD = do_GET  # noqa: N815 - a name of the library's

    def log_message(self, *arguments: object) -> None: ...


NOTE = b'{"text": "Anna"}\n'


def test_web_servers_each_fault_with_its_way_out() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _WithoutRanges) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(UsageError, match=r"does not give parts of a file.*curl -O http"):
            list_inputs([f"{root}/a.jsonl"], JSONL)
        with pytest.raises(UsageError, match="the server has nothing there"):
            list_inputs([f"{root}/b.jsonl"], JSONL)
        server.shutdown()
    with pytest.raises(UsageError, match="cannot be listed: Cannot connect"):
        list_inputs([f"{root}/a.jsonl"], JSONL)


def test_an_unknown_file_system_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="nosuch://a: cannot be listed"):
        list_inputs(["nosuch://a"], JSONL)


def test_memory_file_system_folders_globs_and_files() -> None:
    root = f"memory://{uuid.uuid4()}"
    for name in ("a.jsonl", "sub/b.jsonl", "_c/c.jsonl", "d.txt"):
        with fsspec.open(f"{root}/{name}", "wb") as file:
            file.write(name.encode())
    expected = [f"{root}/a.jsonl".replace("://", ":///"), f"{root}/sub/b.jsonl".replace("://", ":///")]
    files = list_inputs([root], JSONL)
    assert [file.uri for file in files] == expected
    assert [file.uri for file in list_inputs([f"{root}/*.jsonl", f"{root}/**/*.jsonl"], JSONL)] == expected
    assert list_inputs([f"{root}/d.txt"], JSONL)[0].size == 5
    with open_input(files[1]) as stream:
        assert stream.read() == b"sub/b.jsonl"
    assert list_inputs([root], JSONL) == files


def test_files_inside_an_archive_through_a_chained_url(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("a.txt", "one")
        archive.writestr("sub/b.txt", "two")
    files = list_inputs([f"zip://**/*.txt::{tmp_path}/notes.zip"], (".txt",))
    assert [file.uri for file in files] == [
        *(f"zip://a.txt::{tmp_path}/notes.zip", f"zip://sub/b.txt::{tmp_path}/notes.zip")
    ]
    with open_input(files[1]) as stream:
        assert stream.read() == b"two"


@pytest.mark.parametrize(("name", "suffix"), [(name, suffix) for name, some in SUFFIXES.items() for suffix in some])
def test_the_format_is_told_by_the_suffix(tmp_path: Path, name: str, suffix: str) -> None:
    make(tmp_path, f"a{suffix}", f"b{suffix}.gz")
    found, files = find_inputs([str(tmp_path)])
    assert (found.name, len(files)) == (name, 2)
    assert suffix in get_format(name).suffixes


def test_mixed_and_unknown_suffixes_ask_for_the_format(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "b.jsonl", "c.csv")
    with pytest.raises(UsageError, match=r"2 jsonl, 1 csv\. Choose with --format"):
        find_inputs([str(tmp_path)])
    found, files = find_inputs([str(tmp_path)], "jsonl")
    assert (found.name, len(files)) == ("jsonl", 2)
    with pytest.raises(UsageError, match=r"x\.dat: the suffix belongs to no known format"):
        detect_format([InputFile("/x.dat", 1, "")])
    with pytest.raises(UsageError, match="--format word: no such format; there are: jsonl, parquet, csv"):
        get_format("word")


def test_a_zip_archive_is_its_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "notes.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("sub/b.jsonl", "a.jsonl", "_c.jsonl", "readme.md"):
            archive.writestr(name, '{"id": 1, "text": "Zinc"}\n' * 1000)
    for pattern in (f"{tmp_path}/notes.zip", f"{tmp_path}/*.zip"):
        reader, files = find_inputs([pattern])
        assert reader.name == "jsonl"
        assert [file.uri for file in files] == [
            f"zip://{name}::{tmp_path}/notes.zip" for name in ("a.jsonl", "sub/b.jsonl")
        ]
    assert len(list(reader.splits(files))) == 2
    options = reader.resolve(files, ReadOptions())
    assert sum(1 for split in reader.splits(files) for _ in reader.read(split, options)) == 2000
    assert first_changed(files) is None
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("a.jsonl", "x" * files[0].size)
    assert first_changed(files[:1]) == files[0]
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    with pytest.raises(UsageError, match=r"bad\.zip: cannot be listed: File is not a zip file"):
        list_inputs([f"{tmp_path}/bad.zip"], JSONL)


@pytest.mark.parametrize("named", [None, "jsonl"])
def test_files_are_told_as_soon_as_they_are_listed(tmp_path: Path, named: str | None) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    told: list[Any] = []
    chosen, files = find_inputs([str(tmp_path)], named, listed=told.append)
    assert (chosen.name, told) == ("jsonl", [files])
    assert [file.uri for file in files] == [str(tmp_path / "a.jsonl")]

"""`-` is standard input: its copy is an input like any other, and only as much is read as a limit wants."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openbioner_batch.cli.main import main
from openbioner_batch.engine import standard_input
from openbioner_batch.engine.standard_input import copy_standard_input
from openbioner_batch.errors import UsageError
from openbioner_batch.formats import find_inputs
from openbioner_batch.formats.base import ReadOptions
from openbioner_batch.records import Record

LINES = b"".join(b'{"id": "%d", "text": "Anna met Bob."}\n' % number for number in range(200_000))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def copy(
    monkeypatch: pytest.MonkeyPatch, content: bytes | io.RawIOBase, format: str = "jsonl", limit: int | None = None
) -> str:
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(stream)))  # type: ignore[arg-type]
    (path,) = copy_standard_input(["-"], "/out", format, ReadOptions(), limit, False)
    return path


@pytest.mark.parametrize(
    ("content", "format", "suffix"),
    [(LINES, "jsonl", ".jsonl"), (gzip.compress(LINES), "jsonl", ".jsonl.gz"), (b"A note.", "text", ".txt")],
)
def test_the_same_content_is_the_same_input(
    monkeypatch: pytest.MonkeyPatch, content: bytes, format: str, suffix: str
) -> None:
    path = copy(monkeypatch, content, format)
    assert path.endswith(suffix)
    assert Path(path).read_bytes() == content
    first = find_inputs([path], format)[1]
    os.remove(path)
    assert find_inputs([copy(monkeypatch, content, format)], format)[1] == first
    assert copy(monkeypatch, content + content, format) != path
    assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0


class Endless(io.RawIOBase):
    """A stream that never ends."""

    def __init__(self, content: bytes, most: int = 1 << 30) -> None:
        self._pieces = itertools.cycle([content])
        self._most = most
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = next(self._pieces)[: len(buffer)]
        buffer[: len(piece)] = piece
        self.given += len(piece)
        assert self.given <= self._most, "nobody has stopped reading"
        return len(piece)


def read_records(path: str, format: str) -> list[Record]:
    reader, files = find_inputs([path], format)
    options = reader.resolve(files, ReadOptions())
    return [record for split in reader.splits(files) for record in reader.read(split, options)]


class Typed(io.BytesIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_who_types_is_told_how_it_ends_and_not_among_the_results(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    copy(monkeypatch, Typed(LINES[:1000]))  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "reading standard input; Ctrl-D ends it\n")
    copy(monkeypatch, LINES[:1000])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("foreign", ["open to others", "open to a group", "another's", "a link", "a file"])
def test_notes_are_copied_into_no_folder_that_others_may_enter(
    monkeypatch: pytest.MonkeyPatch, temporary: Path, foreign: str
) -> None:
    folder = temporary / f"openbioner-stdin-{os.getuid()}"
    match foreign:
        case "open to others":
            folder.mkdir(mode=0o701)
        case "open to a group":
            folder.mkdir(mode=0o710)
        case "another's":
            uid = os.getuid() + 1
            folder = temporary / f"openbioner-stdin-{uid}"
            folder.mkdir(mode=0o700)
            monkeypatch.setattr(os, "getuid", lambda: uid)
        case "a link":
            (temporary / "there").mkdir(mode=0o700)
            folder.symlink_to(temporary / "there")
        case "a file":
            folder.write_bytes(b"")
    with pytest.raises(UsageError, match="set TMPDIR to another"):
        copy(monkeypatch, LINES[:1000])
    assert not [path for path in temporary.rglob("*") if path.is_file() and path.stat().st_size]


@pytest.mark.parametrize(("format", "record"), [("jsonl", b'{"text": "Anna"}\n'), ("csv", b"text\nAnna\n")])
def test_of_a_stream_without_end_a_few_pieces_are_read(
    monkeypatch: pytest.MonkeyPatch, format: str, record: bytes
) -> None:
    monkeypatch.setattr(standard_input, "_PIECE", 1 << 10)
    stream = Endless(record, most=1 << 16)
    path = copy(monkeypatch, stream, format, limit=100)
    assert 100 * len(record.splitlines()[-1]) <= os.stat(path).st_size < 1 << 14
    assert len(read_records(path, format)) >= 100


def test_a_limit_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Endless(b'{"text": "Anna"}\n')
    path = copy(monkeypatch, stream, limit=100_000)
    assert Path(path).read_bytes().count(b"\n") >= 100_000
    assert stream.given <= 4 << 20


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        ((), b"x", "say which with --format"),
        (("--format", "jsonl"), b"", "standard input is empty"),
        (("--format", "brat"), b"x", "brat is pairs of files"),
        (("--format", "jsonl", "--ray-address", "127.0.0.1:1"), b"x", "on this machine alone"),
        (("--format", "jsonl", "-"), b"x", "named twice"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], content: bytes, message: str, tmp_path: Path) -> None:
    command = ["annotate", "-", "--types", "drug", "--output", str(tmp_path / "out"), *arguments]
    done: Result = CliRunner().invoke(main, command, input=content)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_copy_is_gone_when_the_process_is(tmp_path: Path) -> None:
    program = (
        "from openbioner_batch.engine.standard_input import *\n"
        "print(copy_standard_input(['-'], '/out', 'jsonl', ReadOptions(), None, False)[0])"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], input=LINES, capture_output=True, env=environment)
    path = done.stdout.decode().strip()
    assert Path(path).parent.parent == tmp_path, done.stderr
    assert list(Path(path).parent.iterdir()) == []

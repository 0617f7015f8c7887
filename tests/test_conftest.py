"""The S3 fixture is what the tests of formats and engine stand on: it must be seen from other processes too."""

from __future__ import annotations

import subprocess
import sys

import fsspec
from support import S3Server


def test_a_child_process_reads_what_this_one_wrote(s3: S3Server) -> None:
    url = f"{s3.bucket()}/folder/greeting.txt"
    with fsspec.open(url, "w") as file:
        file.write("hello")
    program = f"import fsspec; print(fsspec.open({url!r}, 'r').open().read())"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "hello\n"


def test_buckets_are_separate(s3: S3Server) -> None:
    first, second = s3.bucket(), s3.bucket()
    assert first != second
    with fsspec.open(f"{first}/a", "w") as file:
        file.write("1")
    assert fsspec.filesystem("s3").ls(second) == []


def test_pyarrow_reaches_the_server(s3: S3Server) -> None:
    from pyarrow.fs import FileSystem

    url = f"{s3.bucket()}/b"
    with fsspec.open(url, "wb") as file:
        file.write(b"arrow")
    system, path = FileSystem.from_uri(url)
    with system.open_input_stream(path) as stream:
        assert stream.read() == b"arrow"

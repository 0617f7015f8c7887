"""The count of bytes that a process has read of its inputs."""

from __future__ import annotations

from pathlib import Path

from openbioner_batch.formats.meter import bytes_read, count_bytes, open_counted


def test_every_byte_counts_as_often_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(bytes(200_000))
    before = bytes_read()
    with open_counted(str(path)) as stream:
        assert sum(len(piece) for piece in iter(lambda: stream.read(9_000), b"")) == 200_000
    assert bytes_read() - before == 200_000
    with open_counted(str(path)) as stream:
        assert len(stream.read()) == 200_000
    count_bytes(5)
    count_bytes(7)
    assert bytes_read() - before == 400_012


def test_an_empty_file_has_nothing_to_count(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    before = bytes_read()
    with open_counted(str(tmp_path / "empty.txt")) as stream:
        assert (stream.read(), bytes_read()) == (b"", before)

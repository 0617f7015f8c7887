"""A file system that fills up while a run writes to it, for real: a tmpfs of a few pages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Drive
from .driving import assert_accounted, fail, results, shards, succeed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system to fill")
    done = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_ends_the_run_in_one_line_and_room_lets_it_go_on(
    inputs: Path, small_disk: Path, start: Drive, undisturbed: dict[str, bytes]
) -> None:
    output = small_disk / "out"
    message = fail(start(inputs, output))
    assert "cannot be written (OSError: [Errno 28] No space left on device" in message
    committed = shards(output)
    assert 0 < committed < 32
    assert results(output).items() <= undisturbed.items(), "what is there is whole"

    fail(start(inputs, output))
    assert shards(output) >= committed

    assert mount("-o", "remount,size=16m", str(small_disk)).returncode == 0
    succeed(start(inputs, output))
    assert results(output) == undisturbed
    assert_accounted(output)


def test_a_disk_without_room_for_the_plan(inputs: Path, small_disk: Path, start: Drive) -> None:
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(1 << 20))
    message = fail(start(inputs, small_disk / "out"))
    assert "plan.json cannot be written (OSError: [Errno 28] No space left on device" in message

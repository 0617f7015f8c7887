"""Inputs that change while a run reads them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import wait_until

from .conftest import Drive
from .driving import assert_accounted, fail, results, shards, succeed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def rewrite(path: Path) -> None:
    """Other texts of the same length, as an editor saves them."""
    path.write_bytes(path.read_bytes().replace(b"Meyer", b"Mayor"))


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write('{"id": "new", "text": "Zoe"}\n')


@pytest.mark.parametrize("change", [rewrite, grow, Path.unlink])
def test_an_input_that_changes_under_a_run_ends_it_and_nothing_of_the_change_is_committed(
    inputs: Path, start: Drive, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    output, last = tmp_path / "out", inputs / "d.jsonl"
    last.write_bytes(last.read_bytes().replace(b"nobody", b"SLOW_TO_READ", 20))  # 20 s, so that it is read to the end
    before, times = last.read_bytes(), last.stat()
    program = start(inputs, output)
    wait_until(lambda: shards(output) > 25)
    change(last)
    message = fail(program)
    assert f"{last} has changed while the run read it" in message

    code, again = start(inputs, output).finish()
    assert code == 1
    assert str(last) in again.splitlines()[-1], "the same command refuses"

    last.write_bytes(before)
    os.utime(last, ns=(times.st_atime_ns, times.st_mtime_ns))
    succeed(start(inputs, output))
    succeed(start(inputs, tmp_path / "undisturbed"))
    assert results(output) == results(tmp_path / "undisturbed")
    assert_accounted(output)

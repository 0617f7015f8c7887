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
def test_an_input_that_changes_under_a_run_ends_it_and_is_refused_later(
    inputs: Path, start: Drive, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    output, last = tmp_path / "out", inputs / "d.jsonl"
    before, times = last.read_bytes(), last.stat()
    program = start(inputs, output, 0.05)
    wait_until(lambda: shards(output) > 0)
    change(last)
    message = fail(program)
    assert str(last) in message
    assert "has changed while the run read it" in message

    code, again = start(inputs, output).finish()
    assert (code, str(last) in again) == (1, True), "the same command refuses"

    # The message says: put back what it was.
    last.write_bytes(before)
    os.utime(last, ns=(times.st_atime_ns, times.st_mtime_ns))
    succeed(start(inputs, output))
    succeed(start(inputs, tmp_path / "undisturbed"))
    assert_accounted(output)
    assert results(output) == results(tmp_path / "undisturbed")

"""Clocks that jump: a library beneath the whole run tells it another time."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import wait_until

from .conftest import Drive
from .driving import assert_accounted, results, shards, succeed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def clock(tmp_path: Path) -> tuple[dict[str, str], Callable[[str], None]]:
    """Variables of a run with a wall clock of its own, and what sets this clock (`+0`, `-3d`)."""
    found = subprocess.run(["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"], capture_output=True, text=True)
    if found.returncode:
        pytest.skip("libfaketime is not installed (Debian: apt install faketime)")
    setting = tmp_path / "clock"

    def jump(offset: str) -> None:
        setting.write_text(offset)

    jump("+0")
    return {
        "LD_PRELOAD": found.stdout.split()[0],
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        # Kernels keep a second clock for waiting, which no change of the wall clock touches.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }, jump


@pytest.mark.parametrize("offset", ["+400d", "-400d"])
def test_a_clock_that_jumps_changes_no_byte(
    inputs: Path,
    start: Drive,
    undisturbed: dict[str, bytes],
    clock: tuple[dict[str, str], Callable[[str], None]],
    tmp_path: Path,
    offset: str,
) -> None:
    environment, jump = clock
    output = tmp_path / "out"
    program = start(inputs, output, 0.05, environment=environment)
    wait_until(lambda: shards(output) > 3)
    jump(offset)
    wait_until(lambda: shards(output) > 12)
    jump("+0")
    succeed(program)
    assert results(output) == undisturbed
    assert_accounted(output)

"""Clocks that jump by a year, in the driver and in all its workers at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from processes import wait_until

from .conftest import Drive
from .driving import assert_accounted, results, shards, succeed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
YEAR = 365 * 24 * 3600


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_clock_that_jumps_changes_no_byte(
    inputs: Path,
    start: Drive,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    jump: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There and back, in the midst of a run."""
    setting, output = tmp_path / "clock", tmp_path / "out"
    setting.write_text("0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "another_clock"), prepend=os.pathsep)
    program = start(inputs, output, 0.05, environment={"OPENBIONER_TEST_CLOCK": str(setting)})
    wait_until(lambda: shards(output) > 3 or program.process.poll() is not None)
    setting.write_text(str(jump))
    wait_until(lambda: shards(output) > 12 or program.process.poll() is not None)
    setting.write_text("0")
    succeed(program)
    if jump > 0:
        session = json.loads((output / "_run" / "summary.json").read_bytes())["last_session"]
        assert session["seconds_between_first_and_last_commit"] > YEAR / 2, "the workers' clocks have jumped"
    assert results(output) == undisturbed
    assert_accounted(output)

"""Two drivers on one output: both end well, with one run's output."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import wait_until

from .conftest import Drive
from .driving import assert_accounted, results, shards, succeed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("head_start", [0, 1, 8])
def test_two_drivers_give_the_output_of_one(
    inputs: Path, start: Drive, undisturbed: dict[str, bytes], tmp_path: Path, head_start: int
) -> None:
    """A shard that both write has the same bytes: the second does part of the work again, and harms nothing."""
    output = tmp_path / "out"
    first = start(inputs, output, 0.02)
    wait_until(lambda: shards(output) >= head_start)
    second = start(inputs, output, 0.02)
    succeed(first)
    succeed(second)
    assert results(output) == undisturbed
    assert_accounted(output)


def test_a_driver_with_other_settings_is_refused(inputs: Path, start: Drive, tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = start(inputs, output, 0.02)
    wait_until(lambda: shards(output) >= 1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.jsonl").write_bytes((inputs / "a.jsonl").read_bytes())
    code, printed = start(other, output).finish()
    assert code == 1
    assert "is no longer listed" in printed.splitlines()[-1]
    succeed(first)
    assert_accounted(output)

"""An actor whose memory runs out, for real: allocations fail beyond a limit on the address space."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TOKEN_BUDGET = 200_000
MOST_PROCESSES = 8


def tag(checkpoint: Path, output: Path, extra_mib: int) -> tuple[dict[str, Any], int]:
    """What comes out at last, and how many processes it took: one that leaves is started again, as Ray does."""
    program = Path(__file__).parent / "little_memory.py"
    for number in range(1, MOST_PROCESSES + 1):
        done = subprocess.run(
            [sys.executable, str(program), str(checkpoint), str(output), str(TOKEN_BUDGET), str(extra_mib)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode == 0:
            return json.loads(done.stdout), number
        assert done.returncode == 1, done.stderr
        assert not done.stderr
    raise AssertionError(f"{MOST_PROCESSES} processes have died")


@pytest.mark.parametrize("extra_mib", [60, 30])
def test_a_shard_whose_memory_runs_out_is_tagged_all_the_same(tmp_path: Path, extra_mib: int) -> None:
    """In parts, so that scores may differ in their last digits; nothing is set aside because memory is short."""
    found, processes = tag(tiny_checkpoint(tmp_path / "model"), tmp_path / "out", extra_mib)
    print(f"{extra_mib} MiB: {processes} processes")
    easy, hard = found["at ease"], found["with little"]
    assert easy["quarantined"] == hard["quarantined"] == []
    assert [row["document_id"] for row in hard["rows"]] == [row["document_id"] for row in easy["rows"]]
    for mine, theirs in zip(hard["rows"], easy["rows"], strict=True):
        places = [(span["start"], span["end"], span["type"]) for span in theirs["spans"]]
        assert [(span["start"], span["end"], span["type"]) for span in mine["spans"]] == places
        assert [span["score"] for span in mine["spans"]] == pytest.approx(
            [span["score"] for span in theirs["spans"]], abs=1e-5
        )
    assert sum(len(row["spans"]) for row in easy["rows"]) > 1000

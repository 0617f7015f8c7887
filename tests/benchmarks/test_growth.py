"""Memory and time of a run's processes: what is read from /proc, and the line that is drawn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
MIB = 1 << 20


def test_growth_is_that_of_the_later_part() -> None:
    from common.growth import growth, thinned

    samples = [
        (done, 400 * MIB + 9000 * min(done, 500) + 100 * max(0, done - 500), done / 10) for done in range(0, 1001, 50)
    ]
    late, whole = growth(samples, 0.5, 0.9), growth(samples, 0, 1)
    assert late is not None
    assert whole is not None
    assert late["bytes_each"] == pytest.approx(100)
    assert (late["first"], late["last"], late["samples"]) == (500, 900, 9)
    assert late["standard_error"] == pytest.approx(0, abs=0.1)
    assert whole["bytes_each"] > 3000
    assert growth(samples[:2], 0, 1) is None
    assert growth([], 0, 1) is None
    assert thinned(samples, 10)[:2] == [[0, 400.0, 0.0], [150, 401.29, 15.0]]
    assert thinned([]) == []


def test_memory_is_looked_at_as_files_come(tmp_path: Path) -> None:
    from common.growth import own_bytes, watch_memory

    folder = tmp_path / "data"
    with watch_memory(folder, every=0.02) as samples:
        folder.mkdir()
        (folder / "one").touch()
        held = bytearray(os.urandom(1)) * (64 * MIB)
        while not samples or samples[-1][1] < 64 * MIB:
            pass
    assert samples[-1][0] == 1
    assert own_bytes() > len(held)


def test_the_time_of_processes_below_is_seen() -> None:
    from common.tree import watch_descendants

    code = "import time\nwhile time.process_time() < 0.6: pass\nprint('done', flush=True)\ntime.sleep(0.5)"
    with watch_descendants(0.05) as watched:
        child = subprocess.Popen([sys.executable, "-c", code])
        child.wait()
    assert 0.5 <= watched.cpu_by_process()[child.pid] < 2
    assert any(process == child.pid and "process_time" in title for process, title in watched.processes)


def test_runs_with_and_without_the_limit_differ_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    from arenas import VARIABLE, arenas

    monkeypatch.setenv(VARIABLE, "7")
    with arenas(limited=True):
        assert VARIABLE not in os.environ
    with arenas(limited=False):
        assert os.environ[VARIABLE] == str(8 * (os.cpu_count() or 1))
    assert os.environ[VARIABLE] == "7"


@pytest.mark.slow
def test_arenas_are_compared(notes: Path, tmp_path: Path) -> None:
    from arenas import WORKS, main

    path = tmp_path / "report.json"
    answer = CliRunner().invoke(main, [str(notes), str(notes), "--quick", "--json", str(path)])
    assert answer.exit_code == 0, answer.output
    works = json.loads(path.read_text())["works"]
    assert list(works) == list(WORKS)
    for one in works.values():
        assert 0.2 < one["two_to_as_glibc"]["driver_cpu_seconds"]["median"] < 5

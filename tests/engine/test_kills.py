"""Processes of a run are killed for real; the same command then gives an uninterrupted run's bytes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from outputs import contents, rows
from processes import Program, wait_until

from .conftest import Annotate, Corpus

SHARD, DOCUMENTS = 10, 300

Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a run in a process of its own; none outlives the test."""
    programs = []

    def start(inputs: Path, output: Path, seconds: float, executor: str = "ray") -> Program:
        drive = Path(__file__).parents[1] / "drive.py"
        programs.append(Program([str(drive), str(inputs), str(output), str(seconds), str(SHARD), executor]))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


def shards(folder: Path) -> int:
    return len(list((folder / "data").glob("*.parquet")))


@pytest.fixture
def inputs(corpus: Corpus) -> Path:
    rng = random.Random(3)
    for name in "abcd":
        texts = [f"{rng.choice(['Anna', 'Bob', 'nobody'])} met Dr Meyer {rng.random()}" for _ in range(DOCUMENTS // 4)]
        path = corpus(f"{name}.jsonl", texts)
        with path.open("a") as file:
            file.write("{malformed\n")
    return path.parent


@pytest.mark.usefixtures("ray_here")  # in the process of the shared Ray: two that start at once may wait too long
@pytest.mark.timeout(900)
def test_a_killed_driver_leaves_no_processes_and_a_run_that_one_process_finishes(
    inputs: Path, run_here: Annotate, start: Start, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    program = start(inputs, killed, 0.05)
    wait_until(lambda: shards(killed) > 2 or program.process.poll() is not None)
    assert program.process.poll() is None, program.finish()[1]
    program.process.kill()
    program.finish()
    assert 2 < shards(killed) < 32
    wait_until(lambda: not working(program), 60, "processes of Ray that outlive their driver")

    more = {"shard_documents": SHARD, "max_quarantined": "100%"}
    resumed = run_here(inputs, output=str(killed), **more)

    whole = run_here(inputs, **more)
    assert contents(killed) == contents(tmp_path / "out")
    assert resumed.totals == whole.totals
    assert resumed.tagged_now < whole.tagged_now == len(rows(killed)) == DOCUMENTS
    assert not [name for name in os.listdir(killed / "_run") if name in ("tmp", "attempts")]


def test_a_killed_run_in_process_is_finished_by_ray(inputs: Path, run: Annotate, start: Start, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    program = start(inputs, killed, 0.03, "in-process")
    wait_until(lambda: shards(killed) > 2 or program.process.poll() is not None)
    program.process.kill()
    program.finish()
    assert 2 < shards(killed) < 32

    more = {"shard_documents": SHARD, "max_quarantined": "100%"}
    resumed = run(inputs, output=str(killed), executor="ray", **more)

    whole = run(inputs, **more, executor="in-process")
    assert contents(killed) == contents(tmp_path / "out")
    assert resumed.totals == whole.totals
    assert resumed.tagged_now < whole.tagged_now == len(rows(killed)) == DOCUMENTS


def working(program: Program) -> list[int]:
    """Processes that hold memory or do work: all but two agents of Ray, which look for their head for a minute."""
    agents = {pid for title in ("ray::DashboardAgent", "ray::RuntimeEnvAgent") for pid in program.descendants(title)}
    return [pid for pid in program.descendants() if pid not in agents]


def has_moved_on(program: Program, folder: Path, before: int) -> bool:
    return shards(folder) > before or program.process.poll() is not None


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
def test_any_process_may_be_killed_at_any_moment(
    inputs: Path, run: Annotate, start: Start, tmp_path: Path, seed: int
) -> None:
    """Drivers, actors, readers and writers, at random; nothing is lost, doubled or different."""
    rng = random.Random(seed)
    killed = tmp_path / "killed"
    for _ in range(4):
        before = shards(killed)
        program = start(inputs, killed, 0.06)
        wait_until(partial(has_moved_on, program, killed, before))
        for _ in range(rng.randrange(4)):
            time.sleep(rng.random() * 2)
            for pid in rng.sample(found := program.descendants("ray::"), min(1, len(found))):
                os.kill(pid, signal.SIGKILL)
        time.sleep(rng.random() * 2)
        program.process.kill()
        program.finish()

    wait_until(lambda: not program.descendants(), 180, "processes of Ray that outlive their driver")

    code, output = start(inputs, killed, 0.001).finish()

    assert code == 0, output
    run(inputs, shard_documents=SHARD, max_quarantined="100%")
    assert contents(killed) == contents(tmp_path / "out")

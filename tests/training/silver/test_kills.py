"""A silver run is killed for real; one in this process then ends with an uninterrupted run's bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from llm_server import LlmServer
from outputs import rows
from processes import Program, wait_until

from openbioner_batch.training.silver.ontology.run import annotate_by_ontology

from .conftest import RunSilver, Serve, write_notes
from .test_ontology import TEXTS
from .test_ontology_run import request

Start = Callable[[LlmServer, Path, Path, str], Program]
MODES = ("good", "limited", "drop", "fenced", "truncated", "good", "error", "good")
FOLDERS = ("data", "quarantine", "passages", "descriptions")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `silver annotate` in a process of its own; none outlives the test."""
    programs = []

    def start(server: LlmServer, inputs: Path, output: Path, executor: str) -> Program:
        command = [
            *("-m", "openbioner_batch.cli.main", "silver", "annotate", str(inputs), "--output", str(output)),
            *("--endpoint", server.url, "--model", "test-model", "--limit", "200", "--min-type-count", "2"),
            *("--passage-words", "20", "--shard-documents", "10", "--concurrency", "4", "--name", "notes"),
            *("--executor", executor),
        ]
        programs.append(Program(command))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


def shards(folder: Path) -> int:
    return len(list((folder / "data").glob("*.parquet")))


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all that a run is for."""
    files = [file for kind in FOLDERS for file in sorted((folder / kind).glob("*"))]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def has_moved_on(program: Program, folder: Path, before: int) -> bool:
    return shards(folder) > before or program.process.poll() is not None


def kill_and_resume(
    inputs: Path, serve: Serve, start: Start, run_silver: RunSilver, folder: Path, kills: int, executor: str = "ray"
) -> dict[str, bytes]:
    """Kill a run so many times, let it end, and compare it with one that was left alone."""
    killed = folder / "killed"
    for _ in range(kills):
        before = shards(killed)
        program = start(serve(modes=MODES, delay=0.4), inputs, killed, executor)
        wait_until(partial(has_moved_on, program, killed, before))
        assert program.process.poll() is None, program.finish()[1]
        program.process.kill()
        program.finish()
        program.end()
    left = shards(killed)
    common = {"limit": 200, "name": "notes"}
    resumed = run_silver(server := serve(modes=MODES), inputs, output=str(killed), **common)
    whole = run_silver(serve(modes=MODES), inputs, output=str(folder / "whole"), **common)

    assert 0 < left < shards(killed)
    assert contents(killed) == contents(folder / "whole")
    assert {**resumed.as_json(), "output": ""} == {**whole.as_json(), "output": ""}
    assert server.stats["good"] + server.stats["fenced"] + server.stats["truncated"] < len(rows(killed))
    return contents(killed)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("executor", ["in-process", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_killed_run_goes_on(run_silver: RunSilver, serve: Serve, start: Start, tmp_path: Path, executor: str) -> None:
    inputs = write_notes(tmp_path / "notes.jsonl", 16, ("And [[refused]] stands with aspirin here too.",))

    kill_and_resume(inputs, serve, start, run_silver, tmp_path, 1, executor)

    reasons = [row["reason"] for row in rows(tmp_path / "killed", "quarantine")]
    assert reasons == ["the endpoint refused the request: Bad Request (passage at 0)"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_passages_of_real_notes_survive_several_kills(
    run_silver: RunSilver, serve: Serve, start: Start, tmp_path: Path, shared: Path
) -> None:
    inputs = shared / "corpora" / "text" / "mtsamples.jsonl.gz"
    if not inputs.is_file():
        pytest.skip(f"no {inputs}")

    kill_and_resume(inputs, serve, start, run_silver, tmp_path, kills=2)

    assert len(rows(tmp_path / "killed")) + len(rows(tmp_path / "killed", "quarantine")) == 200


@pytest.mark.timeout(900)
@pytest.mark.parametrize("executor", ["in-process", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_killed_search_for_names_goes_on(tmp_path: Path, executor: str) -> None:
    notes = [{"id": f"n{n}", "text": f"{TEXTS[n % len(TEXTS)]} It was note {n}."} for n in range(150)]
    (tmp_path / "notes.jsonl").write_text("".join(f"{json.dumps(note)}\n" for note in notes))
    killed, common = tmp_path / "killed", {"shard_documents": 1, "name": "onto"}
    settings = request(tmp_path, output=str(killed), **common)
    program = Program(
        [
            *("-m", "openbioner_batch.cli.main", "silver", "ontology", *settings.vocabularies, *settings.inputs),
            *("--output", str(killed), "--shard-documents", "1", "--executor", executor, "--workers", "1"),
        ]
    )
    try:
        wait_until(partial(has_moved_on, program, killed, 0))
        assert program.process.poll() is None, program.finish()[1]
        program.process.kill()
        program.finish()
    finally:
        program.end()
    left = {file.name: file.stat().st_mtime_ns for file in (killed / "data").glob("*.parquet")}
    resumed = annotate_by_ontology(settings)
    whole = annotate_by_ontology(request(tmp_path, output=str(tmp_path / "whole"), **common))

    assert 0 < len(left) < shards(killed)
    assert contents(killed) == contents(tmp_path / "whole")
    assert {**resumed.as_json(), "output": ""} == {**whole.as_json(), "output": ""}
    assert {name: (killed / "data" / name).stat().st_mtime_ns for name in left} == left

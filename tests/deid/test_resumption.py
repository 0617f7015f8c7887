"""A run that is killed gives, with the same command, the bytes of one that was not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import ROOT, Program, wait_until
from scorers import NameScorerFactory

from .conftest import Archive, Deidentify

SAMPLE = Path(__file__).resolve().parents[2] / "openbioner_batch" / "data" / "sample_clinical.jsonl"


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Programs that do not outlive the test."""
    programs: list[Program] = []
    yield programs
    for program in programs:
        program.end()


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all that a run gives, by name."""
    files = [file for kind in ("data", "audit", "quarantine", "report.json") for file in find(folder / kind)]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def find(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def requested(inputs: Path, key_file: Path, **more: Any) -> dict[str, Any]:
    return {
        "policy": "surrogate",
        "patient_field": "patient_id",
        "known_fields": "name,mrn,birth_date,phone,address,provider",
        "key_file": str(key_file),
        "model": "bundled",
        "shard_documents": 5,
        **more,
    }


def kill_after_some_shards(programs: list[Program], arguments: list[str], killed: Path) -> int:
    """Start a run, kill it when it has committed something, and say how many shards that was."""
    drive = Path(__file__).parents[1] / "drive_deid.py"
    program = Program([str(drive), *arguments])
    programs.append(program)
    wait_until(lambda: len(find(killed / "audit")) > 1 or program.process.poll() is not None)
    program.process.kill()
    output = program.finish()[1]
    program.end()
    assert find(killed / "audit"), output
    return len(find(killed / "audit"))


def test_a_killed_run_goes_on_to_the_same_bytes(
    archive: Archive, run_here: Deidentify, key_file: Path, programs: list[Program], tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [*SAMPLE.read_text("utf-8").splitlines(), "{broken"])
    more = requested(inputs, key_file, residual_sample="0%")
    killed = tmp_path / "killed"
    asks = {"inputs": [str(inputs)], "output": str(killed), "executor": "in-process", **more}
    before = kill_after_some_shards(programs, [json.dumps(asks), "0.1"], killed)

    resumed = run_here(inputs, NameScorerFactory("patient_name"), output=killed, **more)

    whole = run_here(inputs, NameScorerFactory("patient_name"), **more)
    assert 1 < before < 20
    assert contents(killed) == contents(tmp_path / "out")
    assert resumed.report == whole.report
    assert resumed.summary.tagged_now == 100 - 5 * before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_so_does_one_on_ray_whose_result_the_model_reads_again(
    archive: Archive,
    run: Deidentify,
    key_file: Path,
    programs: list[Program],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Ray's workers find the scorers of the tests.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    inputs = archive("a.jsonl", [*SAMPLE.read_text("utf-8").splitlines(), "{broken"])
    more = requested(inputs, key_file, residual_sample="20%")
    killed = tmp_path / "killed"
    settings = json.dumps({"inputs": [str(inputs)], "output": str(killed), "executor": "ray", **more})
    kill_after_some_shards(programs, [settings, "0.2"], killed)

    resumed = run(inputs, NameScorerFactory("patient_name"), output=killed, **more)

    whole = run(inputs, NameScorerFactory("patient_name"), **more)
    assert contents(killed) == contents(tmp_path / "out")
    assert resumed.report == whole.report
    assert resumed.summary.tagged_now < whole.summary.tagged_now == 100
    assert whole.report["residual"]["model"]["notes"] > 5

"""The whole job beside Presidio: every note is written, and the rate is told apart from start-up; no time is judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "letters.jsonl"
    texts = [f"Mr. John Smith, MRN 44{n:05}, was seen by Dr. Alice Jones on 03/0{n + 1}/2019." for n in range(5)]
    path.write_text("".join(json.dumps({"id": text[-12:], "text": text}) + "\n" for text in texts))
    return path


def script(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "deid_whole_job.py"), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=500, env=environment)


def report_of(letters: Path, cache: Path, jobs: str, tmp_path: Path) -> dict[str, Any]:
    options = ("--jobs", jobs, "--first", 2, "--repeats", 1, "--json", tmp_path / "report.json")
    done = script(letters, "--cache", cache, *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert (report["notes"], report["first"], report["cores_used"]) == (5, 2, 1)
    return report["jobs"]


def test_our_job_writes_and_changes_every_note(letters: Path, tmp_path: Path) -> None:
    (job,) = report_of(letters, tmp_path / "peers", "patterns", tmp_path).values()
    assert (job["notes_changed"], job["repeats"]) == (5, 1)
    assert job["cpu_seconds_of_first"]["median"] > 0
    assert job["seconds_of_all"]["median"] > 0
    assert not (tmp_path / "peers").exists(), "the peers are installed for jobs of theirs alone"


def test_presidios_jobs_do_too(letters: Path, tmp_path: Path) -> None:
    """Only where its environment is: installing it takes minutes."""
    cache = os.environ.get("OPENBIONER_DEID_PEERS")
    if not cache:
        pytest.skip("set OPENBIONER_DEID_PEERS to the folder given as --cache to deid_whole_job.py")
    jobs = report_of(letters, Path(cache), "presidio,presidio-batch", tmp_path)
    assert [job["notes_changed"] for job in jobs.values()] == [5, 5]


def test_the_rate_is_of_the_notes_beyond_the_first_and_start_up_is_what_remains() -> None:
    from deid_whole_job import JobCost, figures

    short = [JobCost(5.0, 4.0, 10, 9), JobCost(7.0, 4.0, 10, 9), JobCost(5.5, 4.0, 10, 9)]
    whole = [JobCost(20.5, 14.0, 160, 140), JobCost(25.0, 14.0, 160, 140), JobCost(19.0, 14.0, 160, 140)]
    found = figures(short, whole)
    assert found["notes_per_second"] == pytest.approx(10)
    assert found["notes_per_cpu_second"] == pytest.approx(15)
    assert found["start_up_seconds"] == pytest.approx(4.5)
    assert found["seconds_of_all"] == {"median": 20.5, "least": 19.0, "most": 25.0}
    assert found["notes_changed"] == 140
    lost = figures(whole, short)
    assert lost["notes_per_second"] is lost["start_up_seconds"] is None


def test_a_job_that_loses_notes_or_fails_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import deid_whole_job

    from openbioner_batch.errors import OpenBioNERError

    core = max(os.sched_getaffinity(0))
    monkeypatch.setattr(deid_whole_job, "TOOLS", tmp_path)
    tool = tmp_path / "presidio_job.py"
    tool.write_text("import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).readline())\n")
    with pytest.raises(OpenBioNERError, match="presidio wrote 1 notes of 2"):
        deid_whole_job.run("presidio", ["one", "two"], core, Path(sys.executable))
    tool.write_text("raise SystemExit('no model')\n")
    with pytest.raises(OpenBioNERError, match="presidio ended with exit code 1: no model"):
        deid_whole_job.run("presidio", ["one", "two"], core, Path(sys.executable))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--jobs", "other", "--jobs other: expected some of patterns"), ("--first", 5, "expected fewer than the 5 notes")],
)
def test_wrong_options_are_named(letters: Path, tmp_path: Path, option: str, value: object, said: str) -> None:
    from click.testing import CliRunner
    from deid_whole_job import main

    answer = CliRunner().invoke(main, [str(letters), "--cache", str(tmp_path), option, str(value)])
    assert said in str(answer.exception)

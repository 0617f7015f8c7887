"""`link`, `vocabulary build`, and `annotate` with all it may add are killed; the same command gives the same bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outputs import contents, rows
from runs import commit_run
from vocabularies import obo

from openbioner_batch.concepts.building import build_vocabulary

TEXTS = [
    "Past medical history: seizures and a renal cyst in Paris.",
    "No epileptic fit (Efit) was seen; Efit is common.",
    "Brachydactyly in his mother.",
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": TEXTS[n % 3]}) + "\n" for n in range(90)))
    return path


def kill_and_resume(command: list[str], killed: Path, whole: Path, most: int) -> None:
    """Run `command` into `killed`, kill it after three of its shards, resume it, and compare with a run left alone."""
    program = [sys.executable, "-m", "openbioner_batch", *command]

    def shards() -> int:
        return len(list((killed / "data").glob("*.parquet")))

    process = subprocess.Popen(
        [*program, "--output", str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while shards() < 3 and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 3 <= shards() < most
    for output in (killed, whole):
        subprocess.run([*program, "--output", str(output)], check=True, capture_output=True)
    assert contents(killed) == contents(whole) != {}


@pytest.mark.timeout(300)
def test_a_killed_link_resumes_with_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    command = ["link", plain, "--link", f"name={tmp_path / 'x.vocab'}", "--workers", "1"]
    kill_and_resume(command, tmp_path / "killed", tmp_path / "whole", 45)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("executor", ["in-process", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_killed_run_that_adds_all_there_is_resumes_with_the_same_bytes(
    corpus: Path, tmp_path: Path, executor: str
) -> None:
    vocabulary = tmp_path / "x.vocab"
    command = ["annotate", str(corpus), "--dictionary", f"name={vocabulary}", "--link", f"name={vocabulary}"]
    command += ["--assertion", "--sections", "--shard-documents", "2", "--executor", executor]
    kill_and_resume(command, tmp_path / "killed", tmp_path / "whole", 45)
    spans = [span for row in rows(tmp_path / "killed") for span in row["spans"]]
    assert {span["section"] for span in spans} == {"past_medical_history", None}
    assert any(span["assertion"]["negated"] for span in spans)
    assert any(span["assertion"]["family"] for span in spans)
    assert all(span["concepts"] and span["found_by"] == "dictionary" for span in spans)


DIES_BEFORE_IT_RENAMES = """
import os, signal, sys
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
from openbioner_batch.concepts.building import build_vocabulary
build_vocabulary(*sys.argv[1:])
"""


def test_a_vocabulary_whose_building_is_killed_is_built_again_with_the_same_bytes(tmp_path: Path) -> None:
    source = str(obo(tmp_path))
    build_vocabulary(source, str(tmp_path / "whole.vocab"))
    wanted = (tmp_path / "whole.vocab").read_bytes()
    folder = tmp_path / "killed"
    folder.mkdir()
    index = folder / "x [1].vocab"
    for before in (None, b"an older one"):
        if before:
            index.write_bytes(before)
        killed = subprocess.run([sys.executable, "-c", DIES_BEFORE_IT_RENAMES, source, str(index)])
        assert killed.returncode == -signal.SIGKILL
        assert len(list(folder.glob("*.tmp"))) == 1
        assert (index.read_bytes() if before else index.exists()) == (before or False)  # whole or not at all
        build_vocabulary(source, str(index))
        assert index.read_bytes() == wanted
        assert list(folder.iterdir()) == [index]
        index.unlink()

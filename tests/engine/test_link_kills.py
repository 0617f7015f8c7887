"""`link` is killed for real; the same command then gives the bytes of one that was left alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outputs import contents
from runs import commit_run
from vocabularies import obo

from openbioner_batch.concepts.building import build_vocabulary

TEXTS = ["Seizures and a renal cyst in Paris.", "Epileptic fit (Efit) is common.", "Brachydactyly was seen."]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_link_resumes_with_the_same_bytes(tmp_path: Path) -> None:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    corpus = tmp_path / "in.jsonl"
    corpus.write_text("".join(json.dumps({"id": str(n), "text": TEXTS[n % 3]}) + "\n" for n in range(90)))
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    killed, whole = tmp_path / "killed", tmp_path / "whole"

    def command(output: Path) -> list[str]:
        flags = ["--output", str(output), "--link", f"name={tmp_path / 'x.vocab'}", "--workers", "1"]
        return [sys.executable, "-m", "openbioner_batch", "link", plain, *flags]

    def shards() -> int:
        return len(list((killed / "data").glob("*.parquet")))

    program = subprocess.Popen(command(killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while shards() < 3 and program.poll() is None:
        time.sleep(0.005)
    program.kill()
    program.wait()
    assert 3 <= shards() < 45
    for output in (killed, whole):
        subprocess.run(command(output), check=True, capture_output=True)
    assert contents(killed) == contents(whole) != {}

"""The accuracy benchmark reads a folder of corpora and writes what it found."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "accuracy.py"


def test_scores_a_corpus_and_writes_its_figures(tmp_path: Path) -> None:
    folder = tmp_path / "NCBI-disease"
    folder.mkdir()
    with gzip.open(folder / "devel.tsv.gz", "wt") as stream:
        stream.write("Lung\tB-Disease\ncancer\tI-Disease\nin\tO\nmice\tO\n\nNo\tO\nfever\tB-Disease\n\n")
    output = tmp_path / "figures.json"
    command = [sys.executable, str(SCRIPT), str(tmp_path), "--corpora", "NCBI-disease", "--json", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(output.read_text())
    assert figures["corpora"]["NCBI-disease"]["micro"]["gold"] == 2
    assert figures["split"] == "devel"


def test_an_unknown_corpus_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "--corpora", "CoNLL"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2
    assert "'CoNLL': expected some of NCBI-disease" in done.stderr

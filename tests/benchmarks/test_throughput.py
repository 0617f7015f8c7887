"""The benchmark refuses to compare what does not agree, and runs from end to end."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks/throughput.py"


@pytest.fixture(scope="module")
def throughput() -> ModuleType:
    spec = importlib.util.spec_from_file_location("throughput", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["throughput"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl"
    lines = [json.dumps({"id": str(n), "text": f"Patient {n} took aspirin for migraine."}) for n in range(60)]
    path.write_text("\n".join([*lines[:10], "not json", *lines[10:]]) + "\n")
    return path


def test_agreement_is_the_share_of_documents_with_equal_spans(throughput: ModuleType) -> None:
    spans, others = throughput.checksum([(0, 1, "x"), (2, 3, "y")]), throughput.checksum([(0, 1, "x")])
    assert spans == throughput.checksum([(2, 3, "y"), (0, 1, "x")]) != others
    assert throughput.agreement({("a", 0): spans, ("a", 1): spans}, {("a", 0): spans, ("a", 1): others}) == 0.5


def test_different_documents_do_not_compare(throughput: ModuleType) -> None:
    with pytest.raises(UsageError, match="2 documents were tagged by only one"):
        throughput.agreement({("a", 0): 1, ("a", 1): 1}, {("a", 0): 1, ("a", 2): 1})


def test_the_documents_are_those_that_a_run_would_tag(throughput: ModuleType, notes: Path) -> None:
    settings = AnnotateSettings(inputs=(str(notes),), output="unused", types="disease", limit=12)
    documents = throughput.read_documents(settings)
    assert [text.split()[1] for _, text in documents] == [str(n) for n in range(11)]  # one of the 12 is no JSON


def test_spread(throughput: ModuleType) -> None:
    assert throughput.spread([3.0, 1.0, 2.0]) == {"median": 2.0, "least": 1.0, "most": 3.0}


@pytest.mark.slow
def test_the_whole_benchmark(tmp_path: Path, notes: Path, checkpoint: Path) -> None:
    report, types = tmp_path / "report.json", tmp_path / "types.yaml"
    types.write_text("drug: a drug that is given\n")
    options = {"--types": types, "--model": checkpoint, "--devices": "cpu", "--json": report}
    command = [sys.executable, SCRIPT, notes, "--quick", *(part for option in options.items() for part in option)]
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    assert "whole pipeline" in answer.stdout
    found = json.loads(report.read_text())
    assert found["agreement"] >= 0.99
    for side in ("bare", "pipeline"):
        assert [run["documents"] for run in found[side]["runs"]] == [60]
        assert found[side]["tokens_per_second"]["median"] > 0
    assert found["bare"]["runs"][0]["tokens"] == found["pipeline"]["runs"][0]["tokens"]
    assert found["ran_on"]["versions"]["torch"]

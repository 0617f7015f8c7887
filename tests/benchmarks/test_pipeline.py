"""The comparison refuses what does not agree, and runs from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError

ROOT = Path(__file__).parents[2]


def test_agreement_is_the_share_of_documents_with_equal_spans() -> None:
    from pipeline import agreement, checksum

    spans, others = checksum([(0, 1, "x"), (2, 3, "y")]), checksum([(0, 1, "x")])
    assert spans == checksum([(2, 3, "y"), (0, 1, "x")]) != others
    assert agreement({("a", 0): spans, ("a", 1): spans}, {("a", 0): spans, ("a", 1): others}) == 0.5


def test_different_documents_do_not_compare() -> None:
    from pipeline import agreement

    with pytest.raises(UsageError, match="2 documents were tagged by only one"):
        agreement({("a", 0): 1, ("a", 1): 1}, {("a", 0): 1, ("a", 2): 1})


def test_the_documents_are_those_that_a_run_would_tag(notes: Path) -> None:
    from pipeline import read_documents

    settings = AnnotateSettings(inputs=(str(notes),), output="unused", types="disease", limit=12)
    documents = read_documents(settings)
    assert [text.split()[1] for _, text in documents] == [str(n) for n in range(11)]  # one of the 12 is no JSON


@pytest.mark.slow
def test_the_whole_benchmark(tmp_path: Path, notes: Path, checkpoint: Path) -> None:
    report, types = tmp_path / "report.json", tmp_path / "types.yaml"
    types.write_text("drug: a drug that is given\n")
    options = {"--types": types, "--model": checkpoint, "--devices": "cpu", "--json": report}
    script = ROOT / "benchmarks/pipeline.py"
    command = [sys.executable, script, notes, "--quick", *(part for option in options.items() for part in option)]
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


def stub_settings(notes: Path, tmp_path: Path, model: object) -> AnnotateSettings:
    """A run of the notes with one type."""
    (tmp_path / "types.yaml").write_text("drug: a drug that is given\n")
    return AnnotateSettings(
        inputs=(str(notes),),
        output=str(tmp_path / "unused"),
        types=str(tmp_path / "types.yaml"),
        model=str(model),
        devices="cpu",
        shard_documents=20,
    )


def test_all_but_the_encoder_is_timed_by_stage(tmp_path: Path, notes: Path, checkpoint: Path) -> None:
    from stub_encoder import STAGES, run_stub

    run = run_stub(stub_settings(notes, tmp_path, checkpoint))
    assert run.documents == 60
    assert run.spans > 0
    assert list(run.cpu_seconds) == list(STAGES)
    assert min(run.cpu_seconds.values()) > 0
    assert sum(run.cpu_seconds.values()) < run.seconds * 2
    assert not (tmp_path / "unused").exists()


def test_a_stub_of_late_interaction_finds_every_so_manieth_word(tmp_path: Path, notes: Path) -> None:
    from common.models import write_random_model
    from stub_encoder import run_stub
    from stub_models import WORDS_A_SPAN

    model = write_random_model("tiny", tmp_path / "late", separate_layers=4)
    run = run_stub(stub_settings(notes, tmp_path, model))
    words = 60 * 7  # of each note, its full stop is one
    assert run.documents == 60
    assert 0 < run.spans <= words / WORDS_A_SPAN + 3, "one of each shard may begin anew"


def test_there_is_no_stub_of_some_separate_layers(tmp_path: Path, notes: Path) -> None:
    from common.models import write_random_model
    from stub_encoder import run_stub

    model = write_random_model("tiny", tmp_path / "split", separate_layers=3)
    with pytest.raises(UsageError, match="no stub of a model some of whose layers are separate"):
        run_stub(stub_settings(notes, tmp_path, model))


def test_what_the_processes_took_is_counted_between_first_and_last_commit() -> None:
    from common.tree import Process
    from stub_on_ray import Looks

    looks = Looks()
    titles = {
        7: "ray::MapBatches(read_splits)",
        8: "ray::MapWorker(MapBatches(TagShards))",
        9: "raylet",
        10: "ray::IDLE",
    }
    looks.watched.processes = {(process, title): Process(0.0, 1) for process, title in titles.items()}
    looks.watched.processes[7, "ray::IDLE"] = looks.watched.processes[10, "ray::MapBatches(commit_shard)"] = Process(
        0, 1
    )
    looks.found = [
        (0, 10.0, {0: 5.0}),
        (2, 11.0, {0: 6.0, 7: 1.0, 8: 2.0, 9: 3.0}),
        (5, 14.0, {0: 7.0, 7: 2.5, 8: 4.0, 9: 3.5}),
        (9, 17.0, {0: 7.5, 7: 3.0, 8: 5.0, 9: 4.0, 10: 0.25}),
        (9, 18.0, {0: 99.0}),
    ]
    shards, seconds, taken = looks.by_role()
    assert (shards, seconds) == (7, 6.0)
    assert taken == {"driver": 1.5, "tasks": 2.25, "actors": 3.0, "ray": 1.0}
    looks.found = looks.found[-2:]
    with pytest.raises(UsageError, match="over at its first shard"):
        looks.by_role()


@pytest.mark.slow
def test_all_but_the_encoder_is_measured_on_ray(tmp_path: Path, notes: Path) -> None:
    from common.models import write_random_model
    from stub_on_ray import ROLES

    report, model = tmp_path / "report.json", write_random_model("tiny", tmp_path / "model", 32)
    options = {"--types": "drug", "--model": model, "--devices": "cpu", "--shard-documents": 5, "--json": report}
    command = [sys.executable, ROOT / "benchmarks/pipeline.py", notes, "--stub-encoder", "--executor", "ray", "--quick"]
    command += [part for option in options.items() for part in option]
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(report.read_text())
    assert found["documents"] == 60
    assert list(found["cpu_milliseconds_per_document"]) == list(ROLES)
    assert found["documents_per_core_second"]["median"] > 0
    assert "documents/s a core" in answer.stdout

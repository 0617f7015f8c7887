"""Every script's quick form runs and reports what it is to report; no time is judged."""

from __future__ import annotations

import gzip
import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner


def report_of(script: str, *arguments: object, tmp_path: Path) -> dict[str, Any]:
    """What a script writes with --json."""
    path = tmp_path / "report.json"
    command = importlib.import_module(script).main
    answer = CliRunner().invoke(command, [*map(str, arguments), "--quick", "--json", str(path)])
    assert answer.exit_code == 0, answer.output
    report: dict[str, Any] = json.loads(path.read_text())
    assert report["ran_on"]["versions"]["torch"]
    return report


def test_throughput(notes: Path, tmp_path: Path) -> None:
    arguments = ("--variants", "tiny", "--types", "2", "--documents", "5")
    report = report_of("throughput", notes, *arguments, tmp_path=tmp_path)
    (case,) = report["cases"]
    assert (case["variant"], case["corpus"], case["types"], case["documents"]) == ("tiny", "notes", 2, 5)
    assert case["pairs"] == 10
    assert 0 < case["share_of_matrix_rate"]["median"] < 1
    assert 0 <= case["padding_share"] < 1
    assert case["peak_memory_mib"] > 100


def test_throughput_of_separate_layers(notes: Path, tmp_path: Path) -> None:
    arguments = ("--variants", "tiny", "--types", "2", "--separate-layers", "3,4")
    report = report_of("throughput", notes, *arguments, tmp_path=tmp_path)
    assert [case["separate_layers"] for case in report["cases"]] == [3, 4]
    assert all(0 < case["share_of_matrix_rate"]["median"] < 1 for case in report["cases"])


def test_latency(notes: Path, tmp_path: Path) -> None:
    report = report_of("latency", notes, "--variants", "tiny", "--types", "1", tmp_path=tmp_path)
    (case,) = report["cases"]
    assert case["calls"] == 2
    assert case["warm_milliseconds"]["p50"] > 0
    assert case["warm_milliseconds"]["p99"] is None, "two calls have no 99th percentile"
    assert case["first_document_milliseconds"]["median"] > 0


def test_peers_refuse_a_tool_that_there_is_not(notes: Path, tmp_path: Path) -> None:
    command = importlib.import_module("peers").main
    answer = CliRunner().invoke(command, [str(notes), "--cache", str(tmp_path), "--tools", "ours,other"])
    assert answer.exit_code == 1
    assert "--tools other: expected some of ours, zshot, zshot-sentences, loop, gliner, gliner-bi" in answer.output


def test_peers_without_peers(tmp_path: Path) -> None:
    path = tmp_path / "abstracts.jsonl"
    text = "The patient was given aspirin for migraine and felt better. " * 14
    path.write_text("".join(json.dumps({"id": str(n), "text": f"{n}. {text}"}) + "\n" for n in range(20)))
    report = report_of(
        "peers", path, "--cache", tmp_path, "--variants", "tiny", "--separate-layers", "4", "--tools", "ours",
        "--types", "1,2", "--dtype", "float32,bfloat16", tmp_path=tmp_path,
    )  # fmt: skip
    assert [part["types"] for part in report["by_types"]] == [1, 2]
    for part in report["by_types"]:
        assert part["sides"].keys() == {"ours tiny-4 float32", "ours tiny-4 bfloat16"}
        for name, side in part["sides"].items():
            assert side["with"]["dtype"] == name.split()[2]
            assert side["tokens_per_second"]["median"] > 0
            assert side["seconds_per_document"] > 0
            assert side["documents"] == 1
        assert part["ratios"] == {name: {} for name in part["sides"]}, "they differ in precision"


@pytest.fixture
def types(tmp_path: Path) -> Path:
    """A type whose description is within the small checkpoint's budget."""
    path = tmp_path / "types.yaml"
    path.write_text("drug: a drug that is given\n")
    return path


def test_precision(notes: Path, tmp_path: Path, checkpoint: Path, types: Path) -> None:
    report = report_of("precision", notes, "--model", checkpoint, "--types", types, tmp_path=tmp_path)
    assert report["documents"] == 3
    assert report["spans"]["both"] <= min(report["spans"]["float32"], report["spans"]["bfloat16"])
    assert 0 <= report["f1"] <= 1


def test_repeats(tmp_path: Path, checkpoint: Path, types: Path) -> None:
    path = tmp_path / "notes.jsonl"
    bodies = (
        f"HISTORY: note {number}. " + " ".join(f"aspirin {number} {place}" for place in range(20))
        for number in range(200)
    )
    path.write_text("".join(json.dumps({"id": body[:18], "text": body}) + "\n" for body in bodies))
    inputs = report_of("repeats", path, "--model", checkpoint, "--types", types, tmp_path=tmp_path)["inputs"]
    assert list(inputs) == ["nothing copied", "copies first", "copies last", "copies mixed"]
    assert inputs["nothing copied"]["unlike"] == inputs["nothing copied"]["windows"]
    assert inputs["copies first"]["unlike"] < inputs["copies first"]["windows"]


def test_the_asked_share_of_sections_is_copied() -> None:
    from repeats import NOTES, SECTIONS, write_archive

    notes = write_archive((f"S{number}" for number in range(1000)), 4, 0.5, "mixed")
    sections = [section for note in notes for section in note.split("\n\n")]
    assert len(sections) == 4 * NOTES * SECTIONS
    assert len(set(sections)) == len(sections) / 2


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["documents", "words", "actors", "nodes"])
def test_scaling(axis: str, tmp_path: Path) -> None:
    points = report_of("scaling", axis, tmp_path=tmp_path)["points"]
    for point in points:
        assert point["documents"] > 0
        assert point["driver_peak_mib"] > 50
        assert point["actor_peak_mib"] > 50
        assert set(point["driver_growth"]) == {"second half", "fourth quarter"}


def test_adapting(tmp_path: Path) -> None:
    row = {"id": "1", "text": "A tumor grew in the leg beside a vessel.", "spans": [[2, 7, "Cancer"], [0, 1, "Other"]]}
    with gzip.open(tmp_path / "cg.jsonl.gz", "wt") as file:
        file.write(f"{json.dumps(row)}\n" * 102)
    report = report_of("adapting", tmp_path / "cg.jsonl.gz", tmp_path=tmp_path)
    assert report["examples"]["spans"] == 12
    assert report["others"]["texts"] == 2
    assert {"before", "after"} < set(report["others"])

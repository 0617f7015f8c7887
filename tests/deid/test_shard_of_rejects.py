"""A shard without a good record is a shard like others: what is bad is quarantined, and the rest is written."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outputs import rows

from openbioner_batch.deid import deidentifier
from openbioner_batch.deid.replacing import replace

from .conftest import Deidentify

NOTE = "Mr. Roe was seen on 1/2/2021."


def write_inputs(folder: Path, format: str) -> int:
    """Files of `format` in a folder, one of them without a good record; how many records are good."""
    folder.mkdir()
    if format in ("jsonl", "jsonl.gz"):
        good, bad = json.dumps({"id": "1", "text": NOTE}) + "\n", '{"id": "2", "text": 7}\n{"id":"x","te'
        if format == "jsonl":
            (folder / "a.jsonl").write_text(bad)
            (folder / "b.jsonl").write_text(good)
        else:
            (folder / "a.jsonl.gz").write_bytes(gzip.compress(bad.encode()))
            (folder / "b.jsonl.gz").write_bytes(gzip.compress(good.encode()))
    elif format == "parquet":
        pq.write_table(pa.table({"id": ["1"], "text": pa.array([None], pa.string())}), folder / "a.parquet")
        pq.write_table(pa.table({"id": ["2"], "text": [NOTE]}), folder / "b.parquet")
    elif format in ("csv", "tsv"):
        mark = "," if format == "csv" else "\t"
        (folder / f"a.{format}").write_text(f"id{mark}text\n1{mark}x{mark}y{mark}z\n")
        (folder / f"b.{format}").write_text(f"id{mark}text\n2{mark}{NOTE}\n")
    elif format == "text":
        (folder / "a.txt").write_bytes(b"\xff\xfe\xff")
    else:
        (folder / "a.ndjson").write_text('{"resourceType": "Observation", "id": "1"}\n')
        report = {"resourceType": "DiagnosticReport", "id": "2", "conclusion": NOTE}
        (folder / "b.ndjson").write_text(json.dumps(report) + "\n")
    return 0 if format == "text" else 1


@pytest.mark.parametrize("format", ["jsonl", "jsonl.gz", "parquet", "csv", "tsv", "text", "fhir"])
def test_what_is_good_is_written_and_what_is_bad_is_quarantined(
    format: str, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    good = write_inputs(tmp_path / "in", format)
    more: dict[str, Any] = {"format": "fhir"} if format == "fhir" else {}
    finished = run_here(tmp_path / "in", max_quarantined="100%", key_file=key_file, **more)
    assert finished.report["notes"] == good
    assert finished.report["quarantined"]["total"] == len(rows(tmp_path / "out", "quarantine")) >= 1
    written = [file for file in (tmp_path / "out" / "data").rglob("*") if file.is_file()]
    assert not any("Roe" in file.read_bytes().decode("utf-8", "replace") for file in written)
    if format == "parquet":
        assert sorted(pq.read_table(file).num_rows for file in written) == [0, 1]
        assert {pq.read_schema(file).field("text").type for file in written} == {pa.string()}
    if format in ("csv", "tsv"):
        tables = [list(csv.reader(file.open(newline=""), delimiter=",\t"[format == "tsv"])) for file in written]
        assert sorted(map(len, tables)) == [1, 2]


def test_a_shard_in_which_no_note_can_be_replaced_is_written_empty(
    run_here: Deidentify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = pa.table({"id": ["1", "2"], "text": [NOTE, NOTE], "day": pa.array([1, 2], pa.timestamp("ns"))})
    pq.write_table(table, tmp_path / "a.parquet")

    def fail(*_: Any) -> Any:
        raise ValueError(NOTE)

    monkeypatch.setattr(deidentifier, "replace", fail)
    finished = run_here(tmp_path / "a.parquet", max_quarantined="100%", keep_fields="day")
    (file,) = (tmp_path / "out" / "data").iterdir()
    assert (pq.read_table(file).num_rows, pq.read_schema(file).field("day").type) == (0, pa.timestamp("ns"))
    assert finished.report["quarantined"]["total"] == 2
    # Repaired, the run goes its way with what was set aside still accounted for.
    monkeypatch.setattr(deidentifier, "replace", replace)
    assert run_here(tmp_path / "a.parquet", max_quarantined="100%", keep_fields="day").summary.tagged_now == 0


def test_the_shared_case(run_here: Deidentify, shared: Path, tmp_path: Path) -> None:
    case = shared / "cases" / "deid" / "F00_shard_of_rejects"
    if not case.exists():
        pytest.skip(f"{case} is not there")
    finished = run_here(case, policy="redact", max_quarantined="50%", keep_ids=True)
    assert (finished.report["notes"], finished.report["quarantined"]["total"]) == (9, 1)

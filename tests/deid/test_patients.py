"""One patient in whatever form a table has the id, and nobody where it has none."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.patients import patient_id

from .conftest import Archive, Deidentify

SAME = [101, 101.0, "101", "101.0", "101.00", "101.", " 101", "101 ", "\t101\n", "\u00a0101", "１０１", "101\u200b"]
NOBODY = [None, "", " ", "nan", "NaN", "NAN", float("nan"), "NULL", "null", "None", "<NA>", "NaT", "N/A", "n/a", "-"]


def test_one_patient_in_many_forms() -> None:
    assert {patient_id(value) for value in SAME} == {"101"}
    assert {patient_id(value) for value in NOBODY} == {None}
    # What may be two patients stays two; an id that is no whole number is as it stands.
    others = ["0101", "101.5", "1010", "A101", "101-2", "Nandi", "0", "-101", "1e2", "MRN 101"]
    assert [patient_id(value) for value in others] == others
    assert patient_id(10**20) == str(10**20)


@given(st.integers(0, 10**12))
def test_numbers_are_one_patient_whatever_the_column_type(number: int) -> None:
    forms = [number, str(number), f"{number}.0", f" {number} ", *([float(number)] if number < 2**53 else [])]
    assert {patient_id(form) for form in forms} == {str(number)}


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none()))
def test_no_value_makes_it_fail(value: Any) -> None:
    found = patient_id(value)
    assert found is None or found.strip() == found != ""


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_surrogates_agree_for_one_patient_and_notes_without_one_are_treated_by_themselves(
    suffix: str, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    text = "Jane Roe seen 3/4/2021."
    ids = ["101", "101.0", " 101", "nan", "NULL", ""]
    rows = [{"id": str(place), "patient": id, "text": text} for place, id in enumerate(ids)]
    path = tmp_path / f"in.{suffix}"
    if suffix == "csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["id", "patient", "text"])
            writer.writeheader()
            writer.writerows(rows)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    finished = run_here(path, policy="surrogate", key_file=key_file, patient_field="patient")
    (out,) = (tmp_path / "out" / "data").iterdir()
    found: list[dict[str, Any]]
    if suffix == "csv":
        found = list(csv.DictReader(out.open(newline="")))
    elif suffix == "jsonl":
        found = [json.loads(line) for line in out.read_text().splitlines()]
    else:
        found = pq.read_table(out).to_pylist()
    assert len({row["text"] for row in found[:3]}) == len({row["patient"] for row in found[:3]}) == 1
    assert all(len(row["patient"]) == 16 for row in found[:3])
    # Three notes of nobody: each has names and a shift of its own, and no patient in the output.
    assert len({row["text"] for row in found}) == 4
    assert [row["patient"] or None for row in found[3:]] == [None] * 3
    assert finished.report["notes_without_patient"] == 3


def test_numbers_of_a_parquet_column_with_gaps_are_the_patients_of_a_csv(
    run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    for name, ids in (("floats", pa.array([7.0, None])), ("integers", pa.array([7, None]))):
        pq.write_table(
            pa.table({"id": ["a", "b"], "patient": ids, "text": ["Mr. Roe"] * 2}), tmp_path / f"{name}.parquet"
        )
        run_here(
            tmp_path / f"{name}.parquet",
            policy="surrogate",
            key_file=key_file,
            patient_field="patient",
            output=tmp_path / name,
        )
    tables = [pq.read_table(next((tmp_path / name / "data").iterdir())) for name in ("floats", "integers")]
    assert tables[0].to_pylist() == tables[1].to_pylist()


def test_kept_ids_are_written_as_they_stood(archive: Archive, run_here: Deidentify, tmp_path: Path) -> None:
    inputs = archive(
        "a.jsonl", [{"id": str(n), "patient": id, "text": "Well."} for n, id in enumerate([" 101", "nan"])]
    )
    run_here(inputs, patient_field="patient", keep_ids=True)
    (out,) = (tmp_path / "out" / "data").iterdir()
    assert [json.loads(line)["patient"] for line in out.read_text().splitlines()] == [" 101", "nan"]


def test_the_shared_case(run_here: Deidentify, key_file: Path, tmp_path: Path, shared: Path) -> None:
    case = shared / "cases" / "deid" / "F18_patient_ids.csv"
    if not case.exists():
        pytest.skip(f"{case} is not there")
    run_here(case, policy="surrogate", key_file=key_file, patient_field="patient_id")
    (out,) = (tmp_path / "out" / "data").iterdir()
    rows = list(csv.DictReader(out.open(newline="")))
    assert len({row["text"] for row in rows[:3]}) == len({row["patient_id"] for row in rows[:3]}) == 1
    assert [row["patient_id"] for row in rows[3:]] == ["", ""]
    assert os.path.getsize(out)

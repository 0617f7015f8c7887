"""Shifts given from outside: days of a column or a table, checked before anything starts, revealed to nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openbioner_batch.deid.shifts import part_of_weeks, read_table, whole_days
from openbioner_batch.errors import PlanMismatchError, UsageError

from .conftest import Archive, Deidentify

NOTE = "Seen on Tuesday, 03/02/2021 and again on March 4, 2021."
MOVED = "Seen on Friday, 04/09/2021 and again on April 11, 2021."  # 38 days


def record(id: str, patient: Any, **more: Any) -> dict[str, Any]:
    return {"id": id, "patient": patient, "text": NOTE, **more}


def texts(folder: Path) -> dict[str, str]:
    lines = [line for file in sorted((folder / "data").glob("*.jsonl")) for line in file.read_text().splitlines()]
    return {found["id"]: found["text"] for found in map(json.loads, lines)}


def shifted(key_file: Path, **more: Any) -> dict[str, Any]:
    given = {"policy": "surrogate", "key_file": key_file, "patient_field": "patient", "keep_ids": True}
    return {**given, "shift_field": "days", **more}


@pytest.mark.parametrize(
    ("value", "days"),
    [
        *[(35, 35), ("-35", -35), (35.0, 35), ("35.0", 35), (" 7 ", 7), ("+7", 7), ("−7", -7), (73_000, 73_000)],
        *[(value, None) for value in (0, "", None, True, "1.5", 2.5, "a week", "1e3", float("nan"), 73_001, "7 days")],
    ],
)
def test_what_is_a_whole_number_of_days(value: object, days: int | None) -> None:
    assert whole_days(value) == days


def test_a_column_tells_by_how_much_dates_and_weekdays_move(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    notes = [record("a", "p1", days=38), record("b", "p2", days="-7.0"), record("c", "p1", days=38.0)]
    run_here(archive("a.jsonl", notes), **shifted(key_file))
    assert texts(tmp_path / "out") == {
        "a": MOVED,
        "b": "Seen on Tuesday, 02/23/2021 and again on February 25, 2021.",
        "c": MOVED,
    }


def test_a_note_without_a_shift_that_can_be_used_is_quarantined(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    notes = [
        record("a", "p1", days=38),
        record("b", "p2", days=None),
        record("c", "p3", days="soon"),
        record("d", "p4"),
    ]
    notes.append(record("e", "p5", days=0))
    finished = run_here(archive("a.jsonl", notes), **shifted(key_file, max_quarantined="90%"))
    assert texts(tmp_path / "out") == {"a": MOVED}
    assert finished.report["quarantined"]["total"] == 4
    (reason,) = finished.report["quarantined"]["reasons"]
    assert reason.startswith("its shift is missing, or not a whole number of days")


def test_two_shifts_of_a_patient_are_refused_before_anything_starts(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    archive("a.jsonl", [record("a", "101", days=38)])
    inputs = archive("b.jsonl", [record("b", 101.0, days=37)]).parent
    with pytest.raises(UsageError, match="record 0 of input 1 gives its patient another shift") as raised:
        run_here(inputs, **shifted(key_file))
    assert "37" not in str(raised.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_a_table_tells_each_patients_shift(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path, suffix: str
) -> None:
    table = tmp_path / f"shifts.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"patient": ["p1", "7"], "days": [38, -7]}), table)
    else:
        sign = "," if suffix == "csv" else "\t"
        table.write_text(f"\ufeffpatient{sign}days\np1{sign}38\n7{sign}-7\n", encoding="utf-8")
    notes = [record("a", "p1"), record("b", 7.0), record("c", "p9"), record("d", None)]
    finished = run_here(archive("a.jsonl", notes), **shifted(key_file, shift_table=table, max_quarantined="90%"))
    assert texts(tmp_path / "out") == {"a": MOVED, "b": "Seen on Tuesday, 02/23/2021 and again on February 25, 2021."}
    assert set(finished.report["quarantined"]["reasons"]) == {
        "its patient has no shift in the table",
        "it has no patient",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("patient,days\np1,38\np2,1.5\n", "the shift in row 2 is not a whole number"),
        ("patient,days\np1,38\np1,39\n", "row 2 gives its patient another shift"),
        ("patient,days\nnan,38\n", "row 1 has no patient"),
        ("patient,offset\np1,38\n", "no column 'days'; there are: patient, offset"),
        ("mrn,ward,days\np1,B,38\n", "which column holds the patient's id"),
        ("patient,days\np1,38,\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_is_wrong_is_refused_without_telling_its_content(
    tmp_path: Path, content: str, message: str
) -> None:
    table = tmp_path / "shifts.csv"
    table.write_text(content)
    with pytest.raises(UsageError, match=message) as raised:
        read_table(str(table), "patient", "days")
    assert not any(value in str(raised.value) for value in ("p1", "38", "39", "1.5"))


def test_a_table_of_two_columns_needs_no_name_for_the_patient(tmp_path: Path) -> None:
    table = tmp_path / "shifts.csv"
    table.write_text("who,days\n101.0,38\n102,-7\n\n")
    assert read_table(str(table), None, "days") == {"101": 38, "102": -7}


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_tables_texts_stay_as_they_are(tmp_path: Path, suffix: str) -> None:
    """007 and 7 may be two patients, and a quoted text may hold a line break or the sign between columns."""
    sign = "," if suffix == "csv" else "\t"
    table = tmp_path / f"shifts.{suffix}"
    rows = [["who", "remark", "days"], ["007", f'"two\nlines{sign} one text"', "38"], ["7", "", "-7"]]
    table.write_text("".join(f"{sign.join(row)}\n" for row in rows))
    assert read_table(str(table), "who", "days") == {"007": 38, "7": -7}


def test_a_table_has_one_of_the_suffixes(tmp_path: Path) -> None:
    (tmp_path / "shifts.txt").write_text("who,days\np1,38\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "shifts.csv").write_text("who,days\np1,38\n")
    (tmp_path / "folder" / "readme.md").write_text("no table")
    assert read_table(str(tmp_path / "folder"), "who", "days") == {"p1": 38}


def test_weekdays_stay_where_all_shifts_are_whole_weeks() -> None:
    assert not part_of_weeks([7, -14, 364])
    assert part_of_weeks([7, 8])
    assert part_of_weeks([-6])


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_shifts_are_read_of_as_many_records_as_the_run_reads(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path, limit: int
) -> None:
    inputs = archive("a.jsonl", [record("a", "p1", days=38), record("b", "p2", days=7), record("c", "p1", days=39)])
    if limit == 3:
        with pytest.raises(UsageError, match="of input 0 gives its patient another shift"):
            run_here(inputs, **shifted(key_file, limit=limit))
    else:
        run_here(inputs, **shifted(key_file, limit=limit))
        assert len(texts(tmp_path / "out")) == limit


def test_other_shifts_are_another_run_and_stand_nowhere(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [record("a", "p1")])
    table = tmp_path / "shifts.csv"
    table.write_text("patient,days\np1,4321\n")
    run_here(inputs, **shifted(key_file, shift_table=table))
    for file in (tmp_path / "out").rglob("*"):
        assert not file.is_file() or b"4321" not in file.read_bytes()
    table.write_text("patient,days\np1,4322\n")
    with pytest.raises(PlanMismatchError, match="shifts"):
        run_here(inputs, **shifted(key_file, shift_table=table))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"policy": "tags"}, "policy tags does not shift dates"),
        ({"patient_field": None}, "name the column of the patient's id"),
        ({"patient_scope": "document"}, "leave --patient-scope at patient"),
        ({"shift_field": None, "shift_table": "t.csv"}, "name its column of days with --shift-field"),
        ({"keep_fields": "days"}, "'days' cannot be kept as it is: it reveals by how many days the dates moved"),
        ({"shift_field": "offset"}, "--shift-field or --keep-fields: .* has no field 'offset'"),
        ({"shift_table": "missing.csv"}, "--shift-table: there is no such file"),
        ({"keep_fields": "note_date", "note_date_field": "note_date"}, "beside the shifted date in the note"),
        ({"keep_fields": "name", "known_fields": "name"}, "--known-fields says that it holds a patient_name"),
    ],
)
def test_what_does_not_go_with_shifts_is_refused(
    archive: Archive, run_here: Deidentify, key_file: Path, more: dict[str, Any], message: str
) -> None:
    inputs = archive("a.jsonl", [record("a", "p1", days=38, note_date="2021-03-02", name="Ann Lee")])
    with pytest.raises(UsageError, match=message):
        run_here(inputs, **{name: value for name, value in shifted(key_file, **more).items() if value is not None})


@pytest.mark.parametrize("policy", ["tags", "redact", "safe-harbor"])
def test_a_kept_date_tells_what_any_other_policy_takes(archive: Archive, run_here: Deidentify, policy: str) -> None:
    inputs = archive("a.jsonl", [record("a", "p1", note_date="2021-03-02")])
    with pytest.raises(UsageError, match=f"it holds a date, which policy {policy} replaces"):
        run_here(inputs, policy=policy, note_date_field="note_date", keep_fields="note_date")


def test_a_kept_date_is_fine_where_the_policy_keeps_dates(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [record("a", "p1", note_date="2021-03-02")])
    run_here(inputs, policy="limited-dataset", note_date_field="note_date", keep_fields="note_date", keep_ids=True)
    assert texts(tmp_path / "out") == {"a": NOTE}

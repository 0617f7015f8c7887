"""Archives of each format come back in that format, with the types and columns that are kept. Without Ray."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deid.notes import NOTE, audit, read
from scorers import NameScorerFactory

from .conftest import Deidentify


def test_parquet_keeps_the_types_of_kept_columns(run_here: Deidentify, tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([7, 8], pa.int32()),
            "seen": pa.array([1, None], pa.timestamp("ns")),
            "name": ["Maria Lopez", "Tom Baker"],
            "note": [NOTE, "Tom Baker left."],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    run_here(tmp_path / "in.parquet", known_fields="name", keep_fields="seen", keep_ids=True)
    (file,) = (tmp_path / "out" / "data").iterdir()
    found = pq.read_table(file)
    assert found.column_names == ["id", "note", "seen"]
    assert found.schema.field("seen").type == pa.timestamp("ns")
    assert found["id"].to_pylist() == ["7", "8"]
    assert found["note"][1].as_py() == "[PATIENT_1] left."


def test_csv_comes_back_as_csv(run_here: Deidentify, tmp_path: Path) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "unit", "text"], ["1", "a,b", f'{NOTE}\n"quoted"'], ["2", "", "Fine."]])
    (tmp_path / "in.csv").write_text(out.getvalue(), newline="")
    run_here(tmp_path / "in.csv", keep_fields="unit", keep_ids=True)
    (file,) = (tmp_path / "out" / "data").glob("*.csv")
    first, second = csv.DictReader(io.StringIO(file.read_text(), newline=""))
    assert first["unit"] == "a,b"
    assert first["text"].endswith('\n"quoted"')
    assert "617-555-0142" not in first["text"]
    assert second == {"id": "2", "unit": "", "text": "Fine."}


def test_texts_come_back_as_files_without_their_names(run_here: Deidentify, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("Maria Lopez.txt", "Tom Baker.txt"):
        (tmp_path / "in" / name).write_text(NOTE)
    run_here(tmp_path / "in", key_file=key_file)
    files = [file for file in (tmp_path / "out" / "data").rglob("*") if file.is_file()]
    assert len(files) == 2
    assert all("617-555-0142" not in file.read_text() for file in files)
    assert not any(part in str(file) for file in files for part in ("Lopez", "Baker"))
    assert {file.stem for file in files} == {edit["document_id"] for edit in audit(tmp_path / "out")}


def test_fhir_resources_come_back_with_their_texts_and_elements_replaced(
    run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    note = "Maria Lopez was seen. Call 617-432-9142."
    attachment = {"contentType": "text/plain", "data": base64.b64encode(note.encode()).decode()}
    resources = [
        {
            "resourceType": "DocumentReference",
            "id": f"doc-{number}",
            "status": "current",
            "subject": {"reference": "Patient/pat-1", "display": "Maria Lopez"},
            "date": "2021-03-04T10:00:00Z",
            "text": {"div": "Maria Lopez"},
            "content": [{"attachment": attachment}],
        }
        for number in range(2)
    ]
    bad = {"resourceType": "Observation", "id": "o"}
    (tmp_path / "in.ndjson").write_text("".join(json.dumps(one) + "\n" for one in [*resources, bad]))
    more = {"format": "fhir", "key_file": key_file, "max_quarantined": "50%", "shard_documents": 1}
    finished = run_here(
        tmp_path / "in.ndjson",
        NameScorerFactory("location"),
        policy="surrogate",
        model="bundled",
        residual_sample="0%",
        **more,
    )
    first, second = read(tmp_path / "out", "*.ndjson")
    texts = [base64.b64decode(one["content"][0]["attachment"]["data"]).decode() for one in (first, second)]
    assert texts[0] == texts[1]
    assert not any(word in texts[0] for word in ("Maria", "Lopez", "9142"))
    assert first["subject"] == second["subject"]
    assert first["date"] == second["date"] != "2021-03-04T10:00:00Z"
    assert first["subject"]["display"].split()[0] in texts[0]
    assert first["id"] != second["id"]
    assert "doc-" not in json.dumps(first)
    assert finished.report["dropped_elements"] == {"narrative": 2}
    assert finished.report["quarantined"]["total"] == 1


def test_patient_resources_tell_what_to_find_in_their_patients_notes(
    run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    note = base64.b64encode(b"the family of zorvexia agreed; zorvexia may leave").decode()
    notes = [
        {
            "resourceType": "DocumentReference",
            "subject": {"reference": f"Patient/pat-{number}"},
            "content": [{"attachment": {"contentType": "text/plain", "data": note}}],
        }
        for number in (1, 2)
    ]
    patient = {"resourceType": "Patient", "id": "pat-1", "name": [{"given": ["Zorvexia"], "family": "Quandrelle"}]}
    (tmp_path / "notes.ndjson").write_text("".join(json.dumps(one) + "\n" for one in notes))
    (tmp_path / "Zorvexia.ndjson").write_text(json.dumps(patient) + "\n")
    more = {"format": "fhir", "key_file": key_file, "fhir_patients": tmp_path / "Zorvexia.ndjson"}
    run_here(tmp_path / "notes.ndjson", **more)
    data = [one["content"][0]["attachment"]["data"] for one in read(tmp_path / "out", "*.ndjson")]
    texts = [base64.b64decode(one).decode() for one in data]
    assert texts[0] == "the family of [PATIENT_1] agreed; [PATIENT_1] may leave"
    assert "zorvexia" in texts[1]


@pytest.mark.slow
def test_the_fhir_corpus_comes_back_whole(run_here: Deidentify, key_file: Path, shared: Path, tmp_path: Path) -> None:
    finished = run_here(shared / "corpora" / "fhir", format="fhir", key_file=key_file, policy="surrogate")
    assert (finished.report["notes"], finished.report["quarantined"]["total"]) == (1228, 0)
    folder = shared / "corpora" / "fhir"
    patients = [json.loads(line) for line in gzip.decompress(next(folder.glob("Patient*")).read_bytes()).splitlines()]
    out = "".join(file.read_text() for file in (tmp_path / "out" / "data").iterdir())
    assert not any(patient["id"] in out or patient["name"][0]["family"] in out for patient in patients)

"""Whole runs: what comes out for each format, whose ids, what is counted, what is refused. Without Ray."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outputs import rows
from scorers import NameScorerFactory
from tiny import tiny_checkpoint

import openbioner_batch
from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.replacing import Replaced
from openbioner_batch.errors import PlanMismatchError, RunFailedError, TooManyQuarantinedError, UsageError

from .conftest import Archive, Deidentify

SAMPLE = Path(__file__).resolve().parents[2] / "openbioner_batch" / "data" / "sample_clinical.jsonl"
KNOWN = ("name", "mrn", "birth_date", "phone", "address", "provider")
NOTE = "Maria Lopez (MRN 4471209) came on 03/04/2021. Maria has asthma. Call 617-555-0142. Seen by Dr. Emil Novak."
RECORD = {"id": "n1", "patient": "p1", "name": "Maria Lopez", "mrn": "4471209", "ward": "B", "text": NOTE}


def read(folder: Path, name: str = "*.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted((folder / "data").glob(name)) for line in file.read_text().splitlines()]


def audit(folder: Path) -> list[dict[str, Any]]:
    return rows(folder, "audit")


def test_texts_are_replaced_other_columns_dropped_and_every_edit_is_accounted_for(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD, "{broken", {"id": "n2", "patient": "p2", "text": "No complaints."}])
    finished = run_here(inputs, known_fields="name,mrn", keep_fields="ward", max_quarantined="50%")
    first, second = read(tmp_path / "out")
    assert "Maria" not in first["text"]
    assert "4471209" not in first["text"]
    assert "Novak" not in first["text"]
    assert first.keys() == {"id", "text", "ward"}
    assert first["ward"] == "B"
    assert second == {"id": f"0-{len(json.dumps(RECORD)) + 9}", "text": "No complaints."}
    edits = audit(tmp_path / "out")
    originals = [NOTE[edit["start"] : edit["end"]] for edit in edits]
    assert {"Maria Lopez", "4471209", "03/04/2021", "Maria", "617-555-0142", "Emil Novak"} <= set(originals)
    assert rebuilt(NOTE, first["text"], edits)
    assert {(edit["source"], edit["record"], edit["row"], edit["part"]) for edit in edits} == {(0, 0, 0, "text")}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report == finished.report
    assert (report["notes"], report["quarantined"]["total"], report["notes_without_findings"]) == (2, 1, 1)
    assert report["findings"]["total"] == sum(report["actions"].values()) == len(edits)
    assert report["residual"]["total"] == 0
    (quarantined,) = rows(tmp_path / "out", "quarantine")
    assert quarantined["source"] == "0"


def rebuilt(old: str, new: str, edits: list[dict[str, Any]]) -> bool:
    """Whether what stands between the edits is the same in both texts."""
    at = new_at = 0
    for edit in sorted(edits, key=lambda edit: edit["start"]):
        if old[at : edit["start"]] != new[new_at : edit["new_start"]]:
            return False
        at, new_at = edit["end"], edit["new_end"]
    return old[at:] == new[new_at:]


def test_ids_are_keyed_hashes_unless_they_are_kept(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD])
    run_here(inputs, patient_field="patient", key_file=key_file)
    (hashed,) = read(tmp_path / "out")
    assert len(hashed["id"]) == len(hashed["patient"]) == 16
    assert hashed["id"] != hashed["patient"]
    assert {(edit["document_id"], edit["patient_id"]) for edit in audit(tmp_path / "out")} == {
        (hashed["id"], hashed["patient"])
    }
    other = generate_key(tmp_path / "other")
    run_here(inputs, patient_field="patient", key_file=other, output=tmp_path / "other_out")
    assert read(tmp_path / "other_out")[0]["id"] != hashed["id"]
    run_here(inputs, patient_field="patient", keep_ids=True, output=tmp_path / "kept")
    assert (read(tmp_path / "kept")[0]["id"], read(tmp_path / "kept")[0]["patient"]) == ("n1", "p1")


def test_a_patient_is_the_same_invented_person_in_any_sharding_and_order(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    lines = SAMPLE.read_text("utf-8").splitlines()[:40]
    inputs = archive("a.jsonl", lines)
    backwards = archive("b.jsonl", lines[::-1])
    more = {"policy": "surrogate", "key_file": key_file, "patient_field": "patient_id", "known_fields": KNOWN}
    found = []
    for name, source, shard in (("one", inputs, 40), ("two", inputs, 7), ("three", backwards, 9)):
        finished = run_here(source, output=tmp_path / name, shard_documents=shard, **more)
        assert finished.summary.totals.documents == 40
        found.append({record["note_id"]: record for record in read(tmp_path / name)})
    assert found[0] == found[1] == found[2]
    records = [json.loads(line) for line in lines]
    texts = {record["text"] for record in found[0].values()}
    assert not any(record["mrn"] in text or record["name"] in text for record in records for text in texts)


def test_a_model_adds_what_it_finds(archive: Archive, run_here: Deidentify, tmp_path: Path) -> None:
    inputs = archive("a.jsonl", [{"id": "1", "text": "we saw Zorblat there"}])
    run_here(inputs, NameScorerFactory("patient_name"), model="bundled", residual_sample="0%")
    assert read(tmp_path / "out")[0]["text"] == "we saw [PATIENT_1] there"
    assert audit(tmp_path / "out")[0]["recognizers"] == ["model"]


def test_a_checkpoint_is_asked_for_the_types_that_are_named(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [{"id": str(n), "text": f"{NOTE} {n}"} for n in range(3)])
    checkpoint = tiny_checkpoint(tmp_path / "model")
    more = {"model": checkpoint, "types": "person_name,location", "residual_sample": "0%", "devices": "cpu"}
    run_here(inputs, recognizers="model", **more)
    found = audit(tmp_path / "out")
    assert {edit["type"] for edit in found} <= {"person_name", "location"}
    for number, record in enumerate(read(tmp_path / "out")):
        edits = [edit for edit in found if edit["row"] == number]
        assert rebuilt(f"{NOTE} {number}", record["text"], edits)
    with pytest.raises(PlanMismatchError, match="types"):
        run_here(inputs, recognizers="model", **{**more, "types": "person_name"})


def test_windows_of_copied_notes_are_computed_once_and_told(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [{"id": str(n), "text": NOTE} for n in range(3)])
    checkpoint = tiny_checkpoint(tmp_path / "model")
    finished = run_here(
        inputs, recognizers="model", model=checkpoint, types="person_name", residual_sample="0%", devices="cpu"
    )
    assert finished.report["windows"] == {"total": 3, "repeated": 2}


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


def test_originals_are_written_only_to_the_place_that_is_given_for_them(
    archive: Archive, run_here: Deidentify, tmp_path: Path
) -> None:
    run_here(archive("a.jsonl", [RECORD]), audit_text=True, audit_output=tmp_path / "private")
    private = [row for file in (tmp_path / "private").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    assert "617-555-0142" in {row["original"] for row in private}
    assert "617-555-0142" in (tmp_path / "private" / "review.json").read_text()
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert files
    assert not any(b"617-555-0142" in file.read_bytes() for file in files)


def test_what_is_still_found_in_the_result_is_counted_and_can_fail_the_run(
    archive: Archive, run_here: Deidentify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD, {"id": "n2", "text": "Fine."}])
    clean = run_here(inputs, known_fields="name,mrn")
    assert clean.residual == 0
    clean.check_residual(fail=True)
    # A replacement that replaces nothing.
    monkeypatch.setattr("openbioner_batch.deid.deidentifier.replace", lambda text, *rest: Replaced(text, ()))
    leaky = run_here(inputs, known_fields="name,mrn", output=tmp_path / "leaky")
    assert leaky.report["residual"]["types"]["patient_name"] == 2
    assert leaky.report["residual"]["notes"] == 1
    leaky.check_residual(fail=False)
    with pytest.raises(RunFailedError, match=f"{leaky.residual} identifiers are still found"):
        leaky.check_residual(fail=True)


def test_a_finished_run_does_nothing_and_another_key_policy_or_columns_are_refused(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD])
    more = {"policy": "surrogate", "patient_field": "patient", "key_file": key_file}
    run_here(inputs, **more)
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    again = run_here(inputs, **more)
    assert again.summary.tagged_now == 0
    assert again.report["notes"] == 1
    assert before == {file: file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    for change in (
        {"key_file": generate_key(tmp_path / "other")},
        {"policy": "safe-harbor"},
        {"known_fields": "name"},
        {"keep_fields": "ward"},
    ):
        with pytest.raises(PlanMismatchError):
            run_here(inputs, **{**more, **change})
    files = b"".join(before.values())
    assert key_file.read_bytes().strip() not in files
    assert run_here(inputs, **more, overwrite=True).summary.tagged_now == 1


def test_another_release_is_refused_and_told_which_one_finishes_the_archive(
    archive: Archive, run_here: Deidentify, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = archive("a.jsonl", [RECORD])
    run_here(inputs)
    here = openbioner_batch.__version__
    monkeypatch.setattr("openbioner_batch.version.__version__", "99.1")
    with pytest.raises(PlanMismatchError) as error:
        run_here(inputs)
    assert f"version: {here} then, 99.1 now" in str(error.value)
    assert f"openbioner-batch {here} began it, this is 99.1; finish it with {here}, or" in str(error.value)


def test_messages_and_outputs_tell_files_by_number(archive: Archive, run_here: Deidentify, tmp_path: Path) -> None:
    inputs = [archive(name, [RECORD, "{broken"]) for name in ("Lopez_Maria.jsonl", "Baker_Tom.jsonl")]
    with pytest.raises(TooManyQuarantinedError):
        run_here(inputs[0].parent, max_quarantined="10%")
    run_here(inputs[0].parent, max_quarantined="50%")
    assert {row["source"] for row in rows(tmp_path / "out", "quarantine")} == {"0", "1"}
    assert {edit["source"] for edit in audit(tmp_path / "out")} == {0, 1}
    inputs[0].write_text("{}\n")
    with pytest.raises(PlanMismatchError, match=r"^input \d has changed") as caught:
        run_here(inputs[0].parent, max_quarantined="50%")
    assert "Lopez" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told_by_number(
    run_here: Deidentify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "SMITH_JOHN.jsonl"
    path.write_text("no JSON\n")
    with pytest.raises(UsageError, match=r"^input 0: no JSON object"):
        run_here(path)

    def fail(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr("openbioner_batch.formats.jsonl.sampled_objects", fail)
    with pytest.raises(RunFailedError, match=r"cannot be read: FileNotFoundError: No such file or directory$"):
        run_here(path)


def test_a_note_that_cannot_be_replaced_is_set_aside_without_its_text(
    archive: Archive, run_here: Deidentify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [{"id": str(n), "text": f"{NOTE} {n}"} for n in range(4)])

    def fail(text: str, *rest: Any) -> Any:
        if text.endswith("2"):
            raise ValueError(text)
        return found(text, *rest)

    from openbioner_batch.deid import deidentifier

    found = deidentifier.replace
    monkeypatch.setattr(deidentifier, "replace", fail)
    run_here(inputs, max_quarantined="50%")
    (quarantined,) = rows(tmp_path / "out", "quarantine")
    assert quarantined["reason"] == "de-identifying failed: ValueError"
    assert len(read(tmp_path / "out")) == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"policy": "surrogate"}, "keygen"),
        ({"policy": "surrogate", "key_file": "KEY"}, "--patient-field"),
        ({"keep_fields": "text"}, "--keep-fields: 'text' cannot be kept"),
        ({"keep_fields": "id"}, "--keep-ids"),
        ({"known_fields": "nonsense"}, "nonsense"),
        ({"known_fields": "fax"}, "no field 'fax'"),
        ({"policy": "nothing"}, "safe-harbor"),
        ({"format": "pubmed"}, "cannot be written back"),
        ({"format": "fhir"}, "keygen"),
        ({"audit_text": True}, "--audit-output"),
        ({"residual_sample": "5"}, "percentage"),
        ({"patient_scope": "ward"}, "patient, document"),
        ({"recognizers": "guess"}, "model, patterns, known"),
        ({"type_thresholds": "organization"}, "organization=0.8"),
        ({"type_thresholds": "ward=0.5"}, "'ward' is no type"),
        ({"type_thresholds": "organization=2"}, "from 0 to 1"),
        ({"reference_date": "soon"}, "--reference-date"),
        ({"spill_dir": "d", "ray_address": "ray://head:10001"}, "--spill-dir"),
        ({"key_file": "missing"}, "keygen"),
        ({"audit_text": True, "audit_output": "OUT"}, "place of their own"),
        ({"fhir_patients": "Patient.ndjson"}, "--format fhir"),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(
    archive: Archive, run_here: Deidentify, key_file: Path, more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [RECORD])
    if more.get("key_file") == "KEY":
        more = {**more, "key_file": key_file}
    if more.get("audit_output") == "OUT":
        more = {**more, "audit_output": tmp_path / "out" / "private"}
    with pytest.raises(UsageError, match=message):
        run_here(inputs, **more)
    assert not (tmp_path / "out").exists()


def test_a_note_is_a_patient_of_its_own_under_the_scope_document(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [{"id": str(n), "text": "Admitted on 03/04/2021."} for n in range(8)])
    run_here(inputs, policy="surrogate", key_file=key_file, patient_scope="document")
    assert len(Counter(record["text"] for record in read(tmp_path / "out"))) > 1

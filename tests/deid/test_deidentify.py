"""Whole runs: what comes out, whose ids, what is counted, what a model adds. Without Ray."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deid.notes import NOTE, RECORD, audit, read
from outputs import rows
from scorers import NameScorerFactory
from tiny import tiny_checkpoint

from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.replacing import Replaced
from openbioner_batch.errors import PlanMismatchError, RunFailedError

from .conftest import Archive, Deidentify

SAMPLE = Path(__file__).resolve().parents[2] / "openbioner_batch" / "data" / "sample_clinical.jsonl"
KNOWN = ("name", "mrn", "birth_date", "phone", "address", "provider")


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


def test_a_note_is_a_patient_of_its_own_under_the_scope_document(
    archive: Archive, run_here: Deidentify, key_file: Path, tmp_path: Path
) -> None:
    inputs = archive("a.jsonl", [{"id": str(n), "text": "Admitted on 03/04/2021."} for n in range(8)])
    run_here(inputs, policy="surrogate", key_file=key_file, patient_scope="document")
    assert len(Counter(record["text"] for record in read(tmp_path / "out"))) > 1

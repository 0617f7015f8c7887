"""What a run refuses, and what it says then: nothing that names a patient. Without Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deid.notes import RECORD, audit
from outputs import rows

import openbioner_batch
from openbioner_batch.deid.keys import generate_key
from openbioner_batch.errors import PlanMismatchError, RunFailedError, TooManyQuarantinedError, UsageError

from .conftest import Archive, Deidentify


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
        ({"type_thresholds": "ward=0.5"}, "'ward' is not a type"),
        ({"type_thresholds": "organization=2"}, "from 0 to 1"),
        ({"reference_date": "soon"}, "--reference-date"),
        ({"spill_dir": "d", "ray_address": "ray://head:10001"}, "--spill-dir"),
        ({"key_file": "missing"}, "keygen"),
        ({"audit_text": True, "audit_output": "OUT"}, "write originals to another folder"),
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

"""The READMEs' commands and code of de-identification, on the archive that the package carries."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, blocks, command, shell


def test_the_challenge_set_is_scored_by_the_readmes_command() -> None:
    assert "edits in traps" in shell(command("python benchmarks/deid_challenge.py"), ROOT)


def test_a_key_and_a_policy_of_the_readme_replace_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from openbioner_batch.deid.policy import load_policy

    (content,) = [block for block in blocks("yaml") if "my_policy" in block]
    (tmp_path / "my_policy.yaml").write_text(content)
    assert load_policy(tmp_path / "my_policy.yaml").action("phone_number") == "redact"
    shell(command("openbioner-batch keygen"), tmp_path)
    monkeypatch.chdir(tmp_path)
    (example,) = [block for block in blocks("python") if "deid.replacing" in block]
    exec(example, {})
    shown = re.fullmatch(
        r"(\w+), \w+ was seen on Tuesday, \d\d/\d\d/202\d; call Mrs. (\w+) at \d{3}-555-01\d\d.\n",
        capsys.readouterr().out,
    )
    assert shown
    assert shown[1].upper() == shown[2]


def test_the_identifiers_command_scores_notes(tmp_path: Path) -> None:
    text = "Patient: Ann Lee, MRN: 2208714."
    spans = [[9, 16, "patient_name"], [23, 30, "medical_record_number"]]
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "1", "text": text, "spans": spans}))
    table = shell(command("openbioner-batch evaluate --task deid --corpus notes.jsonl"), tmp_path)
    assert "medical_record_number" in table


def report_of(line: str, folder: Path) -> dict[str, Any]:
    """What a de-identification of the pages reports."""
    shell(line, folder)
    output = line.partition("--output ")[2].split()[0]
    report: dict[str, Any] = json.loads((folder / output / "report.json").read_text())
    return report


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_archive_is_deidentified_as_the_readme_says(tmp_path: Path) -> None:
    sample = ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl"
    (tmp_path / "clinical.jsonl").write_bytes(sample.read_bytes())
    shell(command("openbioner-batch keygen"), tmp_path)
    tagged = report_of(command("openbioner-batch deidentify clinical.jsonl --output tagged/"), tmp_path)
    invented = report_of(command("openbioner-batch deidentify clinical.jsonl --output invented/"), tmp_path)
    assert tagged["notes"] == invented["notes"] == 100
    assert invented["actions"]["shift"] > 50
    names = [json.loads(line)["name"] for line in sample.read_text("utf-8").splitlines()]
    texts = "".join(file.read_text("utf-8") for file in (tmp_path / "invented" / "data").iterdir())
    assert not any(name in texts for name in names)
    assert texts.count("note_type") == 100


def test_a_run_is_reviewed_as_the_readme_says(tmp_path: Path) -> None:
    from openbioner_batch.deid.run import deidentify as deidentify_notes
    from openbioner_batch.deid.settings import DeidentifySettings

    sample = str(ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl")
    values = {"inputs": (sample,), "output": str(tmp_path / "invented"), "policy": "tags", "model": "none"}
    values["executor"] = "in-process"
    deidentify_notes(DeidentifySettings.build(values | {"keep_fields": ("note_type",)}))
    assert "100 notes of 100" in shell(command("openbioner-batch review sample"), tmp_path)
    plan = json.loads((tmp_path / "review-plan.json").read_text("utf-8"))
    assert len(plan["drawn"]) > 5
    head = {"format": "openbioner-batch review answers", "version": 1, "package": plan["package"]}
    notes = {str(place): {"done": True, "marks": []} for place in range(100)}
    for reviewer in ("ann", "ben"):
        (tmp_path / f"{reviewer}.json").write_text(json.dumps({**head, "reviewer": reviewer, "notes": notes}))
    assert "none leaks" in shell(command("openbioner-batch review report"), tmp_path)
    assert (tmp_path / "review-result.html").stat().st_size > 5000
    assert json.loads((tmp_path / "review-result.json").read_text("utf-8"))["bound"] == 0.0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_fhir_is_deidentified_as_the_readme_says(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "fhir").mkdir()
    for file in (shared / "corpora" / "fhir").iterdir():
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)[:50]
        (tmp_path / "fhir" / file.name).write_bytes(gzip.compress(b"".join(lines)))
    shell(command("openbioner-batch keygen"), tmp_path)
    report = report_of(command("openbioner-batch deidentify fhir/"), tmp_path)
    assert (report["notes"], report["quarantined"]["total"]) == (63, 0)
    assert report["dropped_elements"]["narrative"] == 13


def test_the_known_corpora_are_scored_as_the_readme_says(tmp_path: Path) -> None:
    folder = tmp_path / "corpora" / "deid"
    folder.mkdir(parents=True)
    kinds = {"pii_anon_clinical": "PERSON_NAME", "presidio_synthetic": "PERSON"}
    for name, kind in kinds.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            for number, word in enumerate("amber birch cedar delta ember flint grove heron".split()):
                text = f"{word} {word}s say that {word} is seen by Ann Lee at {word} {word}"
                start = text.index("Ann")
                row = {"id": str(number), "text": text, "spans": [[start, start + 7, kind]], "language": "en"}
                file.write(json.dumps(row) + "\n")
    table = shell(command("openbioner-batch evaluate --task deid --corpus corpora/deid/"), tmp_path)
    assert all(name in table for name in kinds)


def test_notes_with_planted_identifiers_are_written_as_the_readme_says(tmp_path: Path) -> None:
    body = "The abdomen is soft and the wound is dry. She was given aspirin for her pain and felt better. "
    bodies = [{"id": str(number), "text": body * 3} for number in range(40)]
    with gzip.open(tmp_path / "mtsamples.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in bodies)
    line = command("python benchmarks/phi_notes.py").replace("benchmarks/", f"{ROOT}/benchmarks/")
    shell(line, tmp_path)
    rows = [json.loads(one) for one in (tmp_path / "notes.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 400
    assert all(row["spans"] for row in rows)

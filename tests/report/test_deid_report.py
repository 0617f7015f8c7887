"""The page on a de-identification run: what was done and what is left, and no text unless it is requested."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report.pages import data_of, parsed

from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import DeidentifyResult
from openbioner_batch.deid.run import deidentify as deidentify_notes
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import UsageError
from openbioner_batch.report.run_report import write_report

TEXT = " Maria Lopez, MRN 4471209, 1/2/2021."
NOTES = [
    {"id": f"n{number}", "patient": "p1", "name": "Maria Lopez", "text": "é🙂" * number + TEXT} for number in range(7)
]


def deidentify(folder: Path, source: Path, **more: Any) -> DeidentifyResult:
    key = folder / "key"
    if not key.exists():
        generate_key(str(key))
    values = {"inputs": (str(source),), "output": str(folder / "out"), "policy": "surrogate", "model": "none"}
    values |= {"key_file": str(key), "patient_field": "patient", "known_fields": "name", "shard_documents": 3}
    values["executor"] = "in-process"
    return deidentify_notes(DeidentifySettings.build({k: v for k, v in (values | more).items() if v is not None}))


def write_notes(path: Path, notes: Sequence[dict[str, Any]] = NOTES) -> Path:
    path.write_text("".join(json.dumps(note) + "\n" for note in notes))
    return path


def page_of(folder: Path, **more: Any) -> str:
    write_report(str(folder / "out"), str(folder / "page.html"), **more)
    return (folder / "page.html").read_text("utf-8")


def test_counts_are_those_of_the_runs_own_report(tmp_path: Path) -> None:
    finished = deidentify(tmp_path, write_notes(tmp_path / "in.jsonl"))
    report, page = finished.report, page_of(tmp_path)
    tree = parsed(page)
    told = {pair.xpath("string(dt)"): pair.xpath("string(dd)") for pair in tree.xpath("//dl[@class='tiles']/div")}
    assert told["notes"] == "7"
    assert told["identifiers replaced or kept"] == str(report["findings"]["total"])
    assert told["still found in the result"] == str(report["residual"]["total"])

    def counts(caption: str) -> dict[str, int]:
        (table,) = [found for found in tree.xpath("//main//table") if found.xpath("string(caption)") == caption]
        return {row.xpath("string(th)"): int(row.xpath("string(td[1])")) for row in table.xpath("./tbody/tr")}

    assert counts("Spans of each type and their scores") == report["findings"]["types"]
    assert counts("What was done") == report["actions"]
    assert counts("Who found them (one may be found by several)") == report["recognizers"]


def test_there_is_no_text_in_it_unless_asked(tmp_path: Path) -> None:
    deidentify(tmp_path, write_notes(tmp_path / "in.jsonl"))
    page = page_of(tmp_path)
    assert data_of(page)["documents"] == []
    assert not parsed(page).xpath("//*[@id='documents']")
    new = [json.loads(line)["text"] for file in sorted((tmp_path / "out/data").iterdir()) for line in file.open()]
    words = {word.strip(",.") for text in [*new, *(note["text"] for note in NOTES)] for word in text.split()}
    assert not [word for word in words if len(word) > 4 and word in page]


def test_residual_findings_are_told_as_they_are(tmp_path: Path) -> None:
    deidentify(tmp_path, write_notes(tmp_path / "in.jsonl"))
    store = Store(str(tmp_path / "out"))
    report = json.loads(store.get("report.json"))
    report["residual"] |= {"total": 5, "notes": 2, "types": {"phone_number": 3}}
    report["residual"]["model"] = {"notes": 1, "types": {"patient_name": 2}}
    store.put("report.json", json.dumps(report).encode())
    text = parsed(page_of(tmp_path)).xpath("string(//section[@id='residual'])")
    assert "2 have findings" in text
    assert "phone_number3" in text
    assert "patient_name2" in text
    store.remove(["report.json"])
    assert "at the end" in parsed(page_of(tmp_path)).xpath("string(//section[@id='residual'])")


def written(folder: Path, name: str) -> Path:
    """The notes in an input of this format."""
    if name == "text":
        (folder / "in").mkdir()
        for note in NOTES:
            (folder / "in" / f"{note['id']}.txt").write_text(note["text"], "utf-8")
        return folder / "in"
    if name == "jsonl":
        return write_notes(folder / "in.jsonl")
    table = pa.Table.from_pylist(NOTES)
    if name == "parquet":
        pq.write_table(table, folder / "in.parquet")
    else:
        table.to_pandas().to_csv(folder / "in.csv", index=False)
    return folder / f"in.{name}"


@pytest.mark.parametrize(
    ("name", "keep_ids"), [("jsonl", False), ("csv", True), ("parquet", False), ("text", False), ("text", True)]
)
def test_new_notes_come_with_what_was_replaced_in_them(name: str, keep_ids: bool, tmp_path: Path) -> None:
    more = {"patient_field": None, "known_fields": None, "patient_scope": "document"} if name == "text" else {}
    deidentify(tmp_path, written(tmp_path, name), keep_ids=keep_ids, **more)
    documents = data_of(page_of(tmp_path, include_text=True))["documents"]
    assert len(documents) == 7
    for document in documents:
        assert "Lopez" not in document["text"]
        assert document["marks"]
        for start, end, *_ in document["marks"]:
            replacement = document["text"][start:end]
            assert replacement.strip() == replacement
            assert replacement[0] not in "é🙂,"
    assert {tuple(note.split(";")[0] for *_, note in document["marks"]) for document in documents} == {
        ("surrogate", "surrogate", "shift")
    }
    assert len(data_of(page_of(tmp_path, include_text=True, sample=2))["documents"]) == 2


def test_what_a_page_on_deidentification_never_shows(tmp_path: Path) -> None:
    deidentify(tmp_path, write_notes(tmp_path / "in.jsonl"))
    with pytest.raises(UsageError, match="never shows original notes"):
        page_of(tmp_path, source=(str(tmp_path / "in.jsonl"),))
    attachment = {"contentType": "text/plain", "data": base64.b64encode(b"Maria Lopez came.").decode()}
    resource = {"resourceType": "DocumentReference", "id": "1", "content": [{"attachment": attachment}]}
    (tmp_path / "fhir").mkdir()
    source = write_notes(tmp_path / "in.ndjson", [resource])
    deidentify(
        tmp_path / "fhir", source, format="fhir", patient_field=None, known_fields=None, patient_scope="document"
    )
    assert "DocumentReference" not in page_of(tmp_path / "fhir")
    with pytest.raises(UsageError, match="FHIR resources are not shown"):
        page_of(tmp_path / "fhir", include_text=True)

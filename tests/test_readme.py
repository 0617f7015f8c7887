"""The commands and code of the READMEs, as they stand there, on the sample that the package carries."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from pages import SAMPLE, blocks, command, shell
from support import S3Server

from openbioner_batch.model import VARIANTS
from openbioner_batch.model.checkpoint import save_checkpoint
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.location import resolve_checkpoint


def test_a_run_from_the_readme_ends_with_rows_that_its_python_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pubmed").mkdir()
    (tmp_path / "pubmed" / "sample.xml.gz").write_bytes(gzip.compress(SAMPLE.read_bytes()))
    shell(command("openbioner-batch annotate pubmed/"), tmp_path)
    assert "finished" in shell(command("openbioner-batch status"), tmp_path)
    assert "disease" in shell(command("openbioner-batch show"), tmp_path)
    assert "bytes" in shell(command("openbioner-batch report"), tmp_path)
    assert '"text":"' in (tmp_path / "report.html").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    (reading,) = [block for block in blocks("python") if "pyarrow" in block]
    names: dict[str, object] = {}
    exec(reading, names)
    assert len(names["rows"]) == 24  # type: ignore[arg-type]
    assert "24 documents" in shell(command("openbioner-batch export spans/ --to parquet-long"), tmp_path)
    assert "24 documents" in shell(command("openbioner-batch export spans/ --to pubtator"), tmp_path)
    for library in ("duckdb", "pandas"):
        own = [block for block in blocks("python") if f"import {library}" in block and "named-long" not in block]
        exec(own[0], names)
    assert len(names["drugs"].fetchall()) == 10  # type: ignore[attr-defined]
    assert {row[0] for row in names["types"].fetchall()} == {"disease", "drug"}  # type: ignore[attr-defined]
    assert len(names["together"]) > 10  # type: ignore[arg-type]


def test_a_dictionary_of_the_readme_and_its_query_by_ancestors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = {
        "HP:0000118": ("Phenotypic abnormality", "HP:0000001"),
        "HP:0000119": ("Abnormality of the kidney", "HP:0000118"),
        "HP:0000107": ("Renal cyst", "HP:0000119"),
    }
    lines = [f"[Term]\nid: {id}\nname: {name}\nis_a: {parent}\n" for id, (name, parent) in terms.items()]
    (tmp_path / "hp.obo").write_text("format-version: 1.2\n\n" + "\n".join(lines))
    (tmp_path / "notes.jsonl").write_text(
        '{"id": "1", "text": "Two renal cysts were seen."}\n{"id": "2", "text": "No renal cysts."}\n'
        '{"id": "3", "text": "Her mother had renal cysts."}\n{"id": "4", "text": "Call us if renal cysts are found."}\n'
    )
    monkeypatch.chdir(tmp_path)
    shell(command("openbioner-batch vocabulary build hp.obo"), tmp_path)
    shell(command("openbioner-batch annotate notes.jsonl --dictionary"), tmp_path)
    shell(command("openbioner-batch vocabulary tables hp.vocab"), tmp_path)
    shell(command("openbioner-batch export named/"), tmp_path)
    names: dict[str, Any] = {}
    (querying,) = [block for block in blocks("python") if "named-long" in block]
    exec(querying, names)
    assert names["systems"].fetchall() == [("Abnormality of the kidney", 1)]


@pytest.mark.slow
def test_standard_input_for_a_quick_look(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "text": "Aspirin helps against fever."}) + "\n" for n in range(50)]
    (tmp_path / "notes.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode()))
    found = shell(command("zcat notes.jsonl.gz"), tmp_path)
    assert re.search(r"documents tagged +20\n", found)


def test_the_librarys_example_finds_aspirin(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [block for block in blocks("python") if "Tagger" in block]
    exec(example, {})
    assert "text='Aspirin'" in capsys.readouterr().out


def test_the_types_commands_print_types(tmp_path: Path) -> None:
    assert "biomedical" in shell(command("openbioner-batch types"), tmp_path)
    assert "contextual" in shell(command("openbioner-batch types disease"), tmp_path)
    assert "room_number" in shell(command("openbioner-batch types phi"), tmp_path)


def test_help_is_printed(tmp_path: Path) -> None:
    assert "annotate" in shell(command("openbioner-batch --help"), tmp_path)
    assert "--types" in shell(command("openbioner-batch annotate --help"), tmp_path)


def test_an_object_store_is_read_and_written_as_the_readme_says(tmp_path: Path, s3: S3Server, ray_here: None) -> None:
    bucket = s3.bucket()
    with fsspec.open(f"{bucket}/pubmed/sample.xml", "wb") as file:
        file.write(SAMPLE.read_bytes())
    shell(command("openbioner-batch annotate s3://").replace("s3://bucket", bucket), tmp_path)
    (data,) = fsspec.filesystem("s3").ls(f"{bucket}/spans/data")
    with fsspec.open(f"s3://{data}", "rb") as file:
        assert len(pq.read_table(file)) == 24


def notes_of(folder: Path, *texts: str) -> None:
    lines = (json.dumps({"id": str(number), "text": text}) + "\n" for number, text in enumerate(texts))
    (folder / "notes.jsonl").write_text("".join(lines))


def test_assertion_and_sections_are_written_as_the_readme_says(tmp_path: Path) -> None:
    notes_of(tmp_path, "PAST MEDICAL HISTORY:\nHypertension.\n\nPLAN:\nNo evidence of pneumonia.")
    shell(command("openbioner-batch annotate notes.jsonl --types disease,symptom --assertion"), tmp_path)
    (spans,) = pq.read_table(tmp_path / "asserted" / "data")["spans"].to_pylist()
    found = {span["text"]: span for span in spans}
    assert found["Hypertension"]["section"] == "past_medical_history"
    assert found["pneumonia"]["assertion"]["negated"]


def test_whole_documents_are_scored_as_the_readme_says(tmp_path: Path) -> None:
    title, abstract = "Aspirin (ASA) in migraine", "ASA helped. Migraine went."
    lines = [f"7|t|{title}", f"7|a|{abstract}", "7\t0\t7\tAspirin\tChemical\tD1", "7\t17\t25\tmigraine\tDisease\tD2"]
    with gzip.open(tmp_path / "BC5CDR_Test.PubTator.gz", "wt") as file:
        file.write("\n".join(lines) + "\n\n")
    table = shell(command("openbioner-batch evaluate --corpus BC5CDR_Test.PubTator.gz"), tmp_path)
    assert "Chemical" in table


def test_mentions_are_linked_during_a_run_and_after_it_as_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / "mondo.obo").write_text(
        'format-version: 1.2\n\n[Term]\nid: MONDO:1\nname: migraine disorder\nsynonym: "migraine" EXACT []\n'
    )
    shell("openbioner-batch vocabulary build mondo.obo --output mondo.vocab", tmp_path)
    notes_of(tmp_path, "Aspirin for migraine.")
    shell(command("openbioner-batch annotate notes.jsonl --types disease --link"), tmp_path)
    (tmp_path / "pubmed").mkdir()
    (tmp_path / "notes.jsonl").rename(tmp_path / "pubmed" / "notes.jsonl")
    shell("openbioner-batch annotate pubmed/ --types disease --output spans/", tmp_path)
    shell(command("openbioner-batch link spans/"), tmp_path)
    for output in ("linked", "linked-later"):
        (spans,) = pq.read_table(tmp_path / output / "data")["spans"].to_pylist()
        assert [(span["text"], span["concepts"][0]["id"]) for span in spans] == [("migraine", "MONDO:1")]


def test_separate_layers_are_compared_as_the_readme_of_benchmarks_says(tmp_path: Path) -> None:
    notes_of(tmp_path, "Aspirin for migraine.", "Metformin for type 2 diabetes.")
    published = CrossEncoder(replace(VARIANTS["tiny"].config, initializer_range=0.3))  # which finds something
    initialize(published, seed=3)
    save_checkpoint(published, tmp_path / "published", tokenizer_from=resolve_checkpoint("bundled"))
    for line in (
        command("openbioner-batch annotate notes.jsonl --model published/ --types disease,drug --limit 500 --output"),
        command("openbioner-batch annotate notes.jsonl --model published/ --types disease,drug --limit 500 --separate"),
    ):
        shell(line, tmp_path)
    assert "2 documents in both" in shell(command("openbioner-batch compare"), tmp_path)


def test_the_type_file_of_the_readme_is_one(tmp_path: Path) -> None:
    from openbioner_batch.catalog import resolve_types

    (content,) = [block for block in blocks("yaml") if "my_types" in block]
    (tmp_path / "my_types.yaml").write_text(content)
    ((drug, assay),) = resolve_types(str(tmp_path / "my_types.yaml"))
    assert (drug.name, assay.name) == ("drug", "assay")

"""The commands and code of the READMEs, as they stand there, on the sample that the package carries."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, SAMPLE, blocks, command, shell


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


@pytest.mark.slow
def test_a_dictionary_of_the_readme_and_its_query_by_ancestors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = {
        "HP:0000118": ("Phenotypic abnormality", "HP:0000001"),
        "HP:0000119": ("Abnormality of the kidney", "HP:0000118"),
        "HP:0000107": ("Renal cyst", "HP:0000119"),
    }
    lines = [f"[Term]\nid: {id}\nname: {name}\nis_a: {parent}\n" for id, (name, parent) in terms.items()]
    (tmp_path / "hp.obo").write_text("format-version: 1.2\n\n" + "\n".join(lines))
    (tmp_path / "notes.jsonl").write_text(
        '{"id": "1", "text": "Two renal cysts were seen."}\n{"id": "2", "text": "None."}\n'
    )
    monkeypatch.chdir(tmp_path)
    for beginning in (
        "vocabulary build hp.obo",
        "annotate notes.jsonl --dictionary",
        "vocabulary tables hp.vocab",
        "export named/",
    ):
        shell(command(f"openbioner-batch {beginning}"), tmp_path)
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


@pytest.mark.parametrize(
    "beginning", ["openbioner-batch types ", "openbioner-batch types disease", "openbioner-batch types phi"]
)
def test_the_types_commands_print_types(beginning: str, tmp_path: Path) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith(beginning)]
    assert shell(lines[0].partition("  #")[0], tmp_path)


def test_the_accuracy_commands_score_plot_and_calibrate(tmp_path: Path) -> None:
    folder = tmp_path / "benchmarks" / "NCBI-disease"
    folder.mkdir(parents=True)
    for split in ("devel", "test"):
        with gzip.open(folder / f"{split}.tsv.gz", "wt") as stream:
            stream.write("Lung\tB-Disease\ncancer\tI-Disease\nin\tO\nmice\tO\n\nNo\tO\nfever\tB-Disease\n\n")
    spans = [[0, 7, "Drug"], [12, 17, "Problem"]]
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "1", "text": "Aspirin for fever.", "spans": spans}))
    assert "NCBI-disease" in shell(command("openbioner-batch evaluate --corpus benchmarks/  "), tmp_path)
    assert "Problem" in shell(command("openbioner-batch evaluate --corpus notes.jsonl"), tmp_path)
    ablation = shell(command("openbioner-batch evaluate --corpus benchmarks/ --split devel"), tmp_path)
    assert "definition+examples" in ablation
    assert (tmp_path / "ablation.png").is_file()
    assert "NEG bias" in shell(command("openbioner-batch calibrate"), tmp_path)
    assert (tmp_path / "calibrated" / "model.safetensors").is_file()


def test_the_challenge_set_is_scored_by_the_readmes_command() -> None:
    line = command("python benchmarks/deid_challenge.py").replace("python", shlex.quote(sys.executable), 1)
    assert "edits in traps" in shell(line, ROOT)


def test_the_type_file_of_the_readme_is_one(tmp_path: Path) -> None:
    from openbioner_batch.catalog import resolve_types

    (content,) = [block for block in blocks("yaml") if "my_types" in block]
    (tmp_path / "my_types.yaml").write_text(content)
    ((drug, assay),) = resolve_types(str(tmp_path / "my_types.yaml"))
    assert (drug.name, assay.name) == ("drug", "assay")


def test_a_published_set_is_imported_as_the_readme_says(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"tokens": [str(["Aspirin", "helps"])], "ner_tags": [str(["B-drug", "O"])]})
    pq.write_table(table, tmp_path / "pile-ner.parquet")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "test.tsv").write_text("No\tO\nfever\tB-Disease\n")
    assert "drug" in shell(command("openbioner-batch silver import"), tmp_path)


def test_ontologies_become_training_data_as_the_readme_says(tmp_path: Path) -> None:
    names = {"1": "illness", "2": "angina", "3": "eczema", "4": "acne"}
    terms = "".join(
        f'[Term]\nid: HP:{id}\nname: {name}\ndef: "A state." []\n{"" if id == "1" else "is_a: HP:1"}\n\n'
        for id, name in names.items()
    )
    (tmp_path / "hp.obo").write_text(f"format-version: 1.2\n\n{terms}")
    nodes = [{"id": "http://purl.obolibrary.org/obo/MONDO_1", "lbl": "lupus", "type": "CLASS"}]
    (tmp_path / "mondo.json").write_text(json.dumps({"graphs": [{"id": "m", "nodes": nodes, "edges": []}]}))
    for folder, name in (("notes", "a.txt"), ("benchmarks", "test.tsv")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("No\tO\nfever\tB-Disease\n")
    text = "The patient, number {}, had angina and eczema but never acne beside all this."
    for number in range(20):
        quiet = text if number < 2 else "Nothing of the kind stood in note number {} of this patient here."
        (tmp_path / "notes" / f"{number}.txt").write_text(quiet.format(number))
    assert re.search(r"illness +6", shell(command("openbioner-batch silver ontology"), tmp_path))


def test_sentences_become_training_data_as_the_readme_says(tmp_path: Path) -> None:
    (taxonomy,) = [block for block in blocks("yaml") if "gout_medicine" in block]
    (tmp_path / "medicines.yaml").write_text(taxonomy)
    (tmp_path / "sentences.txt").write_text("The {medicine} was stopped <<today|at once>>, {gout_medicine} was not.\n")
    line = command("openbioner-batch silver sentences").replace("5000", "20")
    assert re.search(r"gout_medicine +(2|3)\d", shell(line, tmp_path))


def test_a_model_is_adapted_as_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("helper: a person who helps the patient at home\n")
    texts = ("Her aunt cooks at home.", "A friend of his drives him.", "The wound is dry.")
    spans = ([[0, 8, "helper"]], [[0, 15, "helper"]], [])
    rows = [{"text": text, "spans": found} for text, found in zip(texts, spans, strict=True)]
    (tmp_path / "spans.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "(chosen)" in shell(command("openbioner-batch adapt"), tmp_path)
    assert (tmp_path / "mine" / "adapted.json").is_file()


def test_types_are_held_out_and_scored_as_the_readme_says(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
    from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table

    silver = {
        "tree": ("A tall plant of wood.", "oak"),
        "city": ("Where many live.", "Oslo"),
        "drug": ("A remedy.", "zinc"),
    }
    for folder, types in (("silver", silver), ("gold", {"drug": silver["drug"]})):
        for part in ("passages", "descriptions"):
            (tmp_path / folder / part).mkdir(parents=True)
        passages = [
            AnnotatedPassage(f"{name}{n}", "s", word, (AnnotatedMention(0, len(word), name),))
            for n in range(60)
            for name, (_, word) in types.items()
        ]
        pq.write_table(passages_table(passages), tmp_path / folder / "passages" / "0.parquet")
        rows = [{"entity_type": name, "view": "definition", "description": text} for name, (text, _) in types.items()]
        table = pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)
        pq.write_table(table, tmp_path / folder / "descriptions" / "0.parquet")
    assert re.search(r"held out, with near ones +1\n", shell(command("openbioner-batch silver holdout"), tmp_path))
    line = command("openbioner-batch evaluate --zero-shot").replace("runs/smoke/model", "bundled --trained-on gold")
    assert re.search(r"unseen types +1 ", shell(line, tmp_path))


def test_silver_data_is_filled_as_the_readme_says(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from openbioner_batch.training.passages import AnnotatedPassage
    from openbioner_batch.training.silver.schema import passages_table

    (tmp_path / "silver" / "passages").mkdir(parents=True)
    passage = AnnotatedPassage("1", "llm", "The patient had asthma.", ())
    pq.write_table(passages_table([passage]), tmp_path / "silver" / "passages" / "0.parquet")
    shell(command("openbioner-batch annotate silver/passages"), tmp_path)
    assert re.search(r"disease +1\n", shell(command("openbioner-batch silver fill"), tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_model_trained_on_silver_data_tags_as_the_readme_says(tmp_path: Path) -> None:
    from threading import Thread

    from llm_server import LlmServer, Settings

    server = LlmServer(Settings(model="llama"))
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "notes").mkdir()
    texts = [f"The patient, number {n}, was given aspirin for chest pain and fever." for n in range(9)]
    (tmp_path / "notes" / "notes.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    for beginning in ("openbioner-batch silver annotate", "openbioner-batch silver describe"):
        shell(command(beginning).replace("http://localhost:8000/v1", server.url), tmp_path)
    server.shutdown()
    assert "drug" in (tmp_path / "silver" / "types.yaml").read_text()
    (tmp_path / "notes.jsonl").write_text('{"id": 1, "text": "The patient was given aspirin."}\n')
    shell(command("openbioner-batch pretrain --config smoke"), tmp_path)
    shell(command("openbioner-batch annotate notes.jsonl --types drug --model runs/"), tmp_path)
    assert list((tmp_path / "tagged" / "data").glob("*.parquet"))


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


def deidentification(output: str) -> str:
    """The READMEs' de-identification into this folder, which two of them may have."""
    lines = {line: 0 for block in blocks("sh") for line in block.splitlines() if f"--output {output}" in line}
    (line,) = [line for line in lines if line.startswith("openbioner-batch deidentify")]
    return line


@pytest.mark.parametrize("output", ["tagged/", "invented/", "shared/"])
def test_each_deidentification_is_one_command_in_all_readmes(output: str) -> None:
    assert "--policy" in deidentification(output)


def deidentify(output: str, folder: Path) -> dict[str, Any]:
    """What the README's de-identification into this folder reports."""
    shell(deidentification(output), folder)
    report: dict[str, Any] = json.loads((folder / output / "report.json").read_text())
    return report


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_archive_is_deidentified_as_the_readme_says(tmp_path: Path) -> None:
    sample = ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl"
    (tmp_path / "clinical.jsonl").write_bytes(sample.read_bytes())
    shell(command("openbioner-batch keygen"), tmp_path)
    tagged, invented = deidentify("tagged/", tmp_path), deidentify("invented/", tmp_path)
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
    report = deidentify("shared/", tmp_path)
    assert (report["notes"], report["quarantined"]["total"]) == (63, 0)
    assert report["dropped_elements"]["narrative"] == 13

"""The READMEs' commands that make training data, train, adapt and evaluate, on small synthetic input."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from pages import blocks, command, shell


def test_the_accuracy_commands_score_plot_and_calibrate(tmp_path: Path) -> None:
    folder = tmp_path / "corpora" / "NCBI-disease"
    folder.mkdir(parents=True)
    for split in ("devel", "test"):
        with gzip.open(folder / f"{split}.tsv.gz", "wt") as stream:
            stream.write("Lung\tB-Disease\ncancer\tI-Disease\nin\tO\nmice\tO\n\nNo\tO\nfever\tB-Disease\n\n")
    spans = [[0, 7, "Drug"], [12, 17, "Problem"]]
    (tmp_path / "notes.jsonl").write_text(json.dumps({"id": "1", "text": "Aspirin for fever.", "spans": spans}))
    assert "NCBI-disease" in shell(command("openbioner-batch evaluate --corpus corpora/"), tmp_path)
    assert "Problem" in shell(command("openbioner-batch evaluate --corpus notes.jsonl"), tmp_path)
    ablation = shell(command("openbioner-batch evaluate --corpus corpora/ --split devel"), tmp_path)
    assert "definition+examples" in ablation
    assert (tmp_path / "ablation.png").is_file()
    assert "NEG bias" in shell(command("openbioner-batch calibrate --corpus corpora/"), tmp_path)
    assert (tmp_path / "calibrated" / "model.safetensors").is_file()


def test_values_for_all_types_and_for_single_ones_are_fitted_to_different_data(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tiny import tiny_checkpoint

    from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
    from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table

    shutil.copytree(tiny_checkpoint(tmp_path / "tiny"), tmp_path / "runs" / "smoke" / "model")
    folder = tmp_path / "corpora" / "NCBI-disease"
    folder.mkdir(parents=True)
    for split in ("devel", "test"):
        (folder / f"{split}.tsv").write_text("Lung\tB-Disease\ncancer\tI-Disease\n\n" * 17)
    heldout = tmp_path / "apart" / "heldout"
    for name in ("passages", "descriptions"):
        (heldout / name).mkdir(parents=True)
    passages = [AnnotatedPassage(f"{n}/0", "llm", "zinc helps", (AnnotatedMention(0, 4, "metal"),)) for n in range(2)]
    pq.write_table(passages_table(passages), heldout / "passages" / "0.parquet")
    rows = [{"entity_type": "metal", "view": "definition", "description": "a metal"}]
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), heldout / "descriptions" / "0.parquet")
    assert "llm" in shell(command("openbioner-batch calibrate --model runs/smoke/model"), tmp_path)
    assert "in texts of 8" in shell(command("openbioner-batch calibrate --model fitted/"), tmp_path)


def test_a_published_set_is_imported_as_the_readme_says(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"tokens": [str(["Aspirin", "helps"])], "ner_tags": [str(["B-drug", "O"])]})
    pq.write_table(table, tmp_path / "pile-ner.parquet")
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "test.tsv").write_text("No\tO\nfever\tB-Disease\n")
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
    for folder, name in (("notes", "a.txt"), ("corpora", "test.tsv")):
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
    for line in (command("openbioner-batch silver annotate"), command("openbioner-batch silver describe")):
        shell(line.replace("http://localhost:8000/v1", server.url), tmp_path)
    server.shutdown()
    assert "drug" in (tmp_path / "silver" / "types.yaml").read_text()
    (tmp_path / "notes.jsonl").write_text('{"id": 1, "text": "The patient was given aspirin."}\n')
    shell(command("openbioner-batch pretrain --config smoke"), tmp_path)
    shell(command("openbioner-batch annotate notes.jsonl --types drug --model runs/"), tmp_path)
    assert list((tmp_path / "tagged" / "data").glob("*.parquet"))


def test_descriptions_of_identifiers_are_compared_as_the_readme_says(tmp_path: Path) -> None:
    line = command("openbioner-batch evaluate --model bundled --corpus presidio_synthetic.jsonl.gz")
    labels = [pair.partition("=")[0] for pair in line.partition("--types ")[2].split(",")]
    rows = [{"id": label, "text": "Ann", "spans": [[0, 3, label]]} for label in labels]
    with gzip.open(tmp_path / "presidio_synthetic.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    assert "definition+examples" in shell(line, tmp_path)

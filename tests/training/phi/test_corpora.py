"""What the corpora's labels mean, and what counts for neither side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openbioner_batch.catalog import load_catalog
from openbioner_batch.errors import UsageError
from openbioner_batch.training.phi.corpora import CLINICAL, NEUTRAL, phi_labels, read_phi_corpus


def write(folder: Path, name: str, *rows: dict) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_every_label_stands_for_a_type_of_the_catalog_that_a_class_names() -> None:
    phi = load_catalog().set_named("phi")
    assert phi is not None
    names = {kind.name for kind in phi.types}
    classed = [kind for kinds in phi_labels().classes.values() for kind in kinds]
    assert sorted(classed) == sorted(names)
    for labels in phi_labels().corpora.values():
        assert set(labels.values()) <= names | {NEUTRAL, CLINICAL}


def test_every_label_of_the_corpora_is_explained(shared: Path) -> None:
    for name, number in (("pii_anon_clinical", 3015), ("presidio_synthetic", 1500)):
        notes = read_phi_corpus(shared / "corpora" / "deid" / f"{name}.jsonl.gz")
        assert len(notes) == number


def test_ages_up_to_89_and_years_are_neutral_and_diseases_are_no_identifiers(tmp_path: Path) -> None:
    text = "Ann, 45, asthma since 1999; mother 93, seen 3/4/2021"
    labels = {
        "Ann": "PERSON_NAME",
        "45": "AGE",
        "asthma": "HEALTH_CONDITION",
        "1999": "TIMESTAMP",
        "93": "AGE",
        "3/4/2021": "TIMESTAMP",
    }
    spans = [[text.index(word), text.index(word) + len(word), label] for word, label in labels.items()]
    path = write(tmp_path, "pii_anon_clinical.jsonl", {"id": "1", "text": text, "spans": spans, "language": "en"})
    (note,) = read_phi_corpus(path, gaps=False)
    assert [text[span.start : span.end] for span in note.spans] == ["Ann", "93", "3/4/2021"]
    assert [text[start:end] for start, end in note.neutral] == ["45", "1999"]


def test_a_name_annotated_once_is_neutral_where_it_stands_again(tmp_path: Path) -> None:
    text = "Patient: Dr. Ann Lee. Lee c/o pain."
    path = write(tmp_path, "pii_anon_clinical.jsonl", {"id": "1", "text": text, "spans": [[9, 20, "PERSON_NAME"]]})
    (note,) = read_phi_corpus(path)
    assert [text[span.start : span.end] for span in note.spans] == ["Ann Lee"], "titles are no part of a name"
    assert (22, 25) in note.neutral
    (strict,) = read_phi_corpus(path, gaps=False)
    assert strict.neutral == ()


def test_a_file_of_ones_own_has_labels_of_the_catalog_and_no_sides(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.jsonl", {"id": "1", "text": "Ann", "spans": [[0, 3, "patient_name"]]})
    (note,) = read_phi_corpus(path)
    assert note.split == ""
    with pytest.raises(UsageError, match="only pii_anon_clinical, presidio_synthetic are split"):
        read_phi_corpus(path, split="test")
    path = write(tmp_path, "other.jsonl", {"id": "1", "text": "Ann", "spans": [[0, 3, "NOM"]]})
    with pytest.raises(UsageError, match="'NOM', which is not a type"):
        read_phi_corpus(path)
    with pytest.raises(UsageError, match="expected development or test"):
        read_phi_corpus(path, split="dev")

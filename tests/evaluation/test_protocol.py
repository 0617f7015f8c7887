"""What a model's card forbids, what figures are called, and what a corpus shares with training data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.evaluation import EvaluateSettings, evaluate, read_corpus
from openbioner_batch.evaluation.card import ModelCard, figure_kind, read_card, sharing_text
from openbioner_batch.evaluation.corpora import known_corpus
from openbioner_batch.evaluation.overlap import find_overlap
from openbioner_batch.report.scores import notes, print_result
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.schema import passages_table

GOLD = ModelCard(("CRAFT", "ncbi_disease"), "gold", ("disease",))
LONG = "the patient was given aspirin with no sign of fever"
OTHER = "lung cancer of the patient in a dose of mg given"


def write_card(folder: Path, front: str) -> Path:
    (folder / "README.md").write_text(f"---\n{front}\n---\n# A model\n")
    return folder


def test_a_card_is_read_from_the_front_matter(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
    write_card(tmp_path, "license: mit\ndatasets: [a/b, c]\nopenbioner:\n  supervision: mixed\n  gold_types: [drug]")
    assert read_card(tmp_path) == ModelCard(("a/b", "c"), "mixed", ("drug",))
    write_card(tmp_path, "datasets: [a]\nopenbioner: {derived_types: [drug_noun_phrase]}")
    assert read_card(tmp_path) == ModelCard(("a",), derived_types=("drug_noun_phrase",))
    write_card(tmp_path, "datasets: a/b")
    assert read_card(tmp_path) == ModelCard(("a/b",))
    for nothing in ("license: mit", "datasets: []", "just text"):
        assert read_card(write_card(tmp_path, nothing)) is None
    (tmp_path / "README.md").write_text("# No front matter\n")
    assert read_card(tmp_path) is None


@pytest.mark.parametrize(
    "front", ["datasets: [", "datasets: [1, 2]", "datasets: [a]\nopenbioner: {supervision: bronze}", "datasets: {a: b}"]
)
def test_a_malformed_card_is_refused(tmp_path: Path, front: str) -> None:
    with pytest.raises(CheckpointError, match=r"README\.md"):
        read_card(write_card(tmp_path, front))


def test_a_corpus_among_the_training_data_is_refused_unless_allowed() -> None:
    with pytest.raises(UsageError, match=r"NCBI-disease among its training data.*--allow-trained"):
        figure_kind(GOLD, "NCBI-disease", allow_trained=False)
    assert figure_kind(GOLD, "NCBI-disease", allow_trained=True) == "in-corpus"
    with pytest.raises(UsageError, match="among its training data"):
        figure_kind(GOLD, "craft", allow_trained=False)


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        (None, "unknown"),
        (GOLD, "cross-corpus"),
        (ModelCard(("CRAFT", "pile"), "mixed"), "cross-corpus"),
        (ModelCard(("pile",), "silver"), "zero-shot"),
        (ModelCard(("disi-unibo-nlp/Pile-NER-biomed-IOB",)), "zero-shot"),
        (ModelCard(("pile",)), "unknown"),
    ],
)
def test_figures_are_called_by_what_the_model_saw(card: ModelCard | None, kind: str) -> None:
    assert figure_kind(card, "BC2GM", allow_trained=False) == kind


def test_corpora_over_the_same_articles_are_named() -> None:
    card = ModelCard(("bionlp13cg", "CRAFT", "GENIA"), "gold")
    assert sharing_text(card, known_corpus("AnatEM")) == ["bionlp13cg"]
    assert sharing_text(card, known_corpus("JNLPBA")) == ["GENIA"]


@pytest.fixture
def model(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    tagged = LONG.replace(" ", "\tO\n").replace("aspirin\tO", "aspirin\tB-Drug") + "\tO\n"
    path.write_text(tagged + "\n" + OTHER.replace(" ", "\tO\n") + "\tO\n")
    return path


def settings(corpus: Path, model: Path, **options: object) -> EvaluateSettings:
    type_file = corpus.parent / "drug.yaml"
    type_file.write_text("drug: a drug that is given\n")
    return EvaluateSettings(str(corpus), str(model), types=f"Drug={type_file}", **options)  # type: ignore[arg-type]


def test_an_evaluation_keeps_to_the_protocol(corpus: Path, model: Path) -> None:
    write_card(model, "datasets: [someone/Mine]\nopenbioner: {supervision: gold, gold_types: [drug]}")
    with pytest.raises(UsageError, match="mine among its training data"):
        evaluate(settings(corpus, model))
    (entry,) = evaluate(settings(corpus, model, allow_trained=True))["corpora"].values()
    assert (entry["kind"], entry["gold_types_seen"]) == ("in-corpus", ["drug"])
    write_card(model, "datasets: [another]\nopenbioner: {supervision: silver}")
    (entry,) = evaluate(settings(corpus, model))["corpora"].values()
    assert entry["kind"] == "zero-shot"


def test_types_of_derived_labels_are_told_apart(corpus: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_card(model, "datasets: [another]\nopenbioner: {supervision: mixed, gold_types: [a], derived_types: [drug]}")
    result = evaluate(settings(corpus, model))
    (entry,) = result["corpora"].values()
    assert (entry["gold_types_seen"], entry["derived_types"]) == ([], ["drug"])
    print_result(result)
    assert "mine: the model learned drug from labels that rules derive, not from people's" in capsys.readouterr().out


def test_silver_passages_are_compared_by_sentence_whatever_their_spacing(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "silver"
    (folder / "passages").mkdir(parents=True)
    text = f"Before. {LONG.replace(' ', '  ').upper()}. After."
    pq.write_table(passages_table([AnnotatedPassage("d/0", "s", text, ())]), folder / "passages" / "a.parquet")
    overlap = find_overlap(read_corpus(corpus), folder)
    assert overlap.shared.tolist() == overlap.by_sentence.tolist() == [True, False]


def test_documents_are_compared_by_id_too(tmp_path: Path) -> None:
    corpus = tmp_path / "mine.jsonl"
    texts = {"7": "Short one.", "8": f"One more. Also {LONG}.", "9": "A third."}
    lines = [json.dumps({"id": name, "text": text, "spans": []}) for name, text in texts.items()]
    corpus.write_text("\n".join(lines))
    training = tmp_path / "training.jsonl"
    training.write_text(json.dumps({"id": 7, "text": f"Also {LONG}."}))
    overlap = find_overlap(read_corpus(corpus), training)
    assert overlap.by_id.tolist() == [True, False, False]
    assert overlap.by_sentence.tolist() == [False, True, False]


def test_scores_come_with_and_without_what_is_shared(corpus: Path, model: Path, tmp_path: Path) -> None:
    training = tmp_path / "training.jsonl"
    training.write_text(json.dumps({"id": "x", "text": LONG}))
    result = evaluate(settings(corpus, model, overlap_with=str(training)))
    (entry,) = result["corpora"].values()
    overlap = entry["overlap"]
    assert (overlap["sentences_shared"], overlap["texts_shared_by_sentence"]) == (1, 1)
    assert (overlap["with_overlap"]["gold"], overlap["without_overlap"]["gold"]) == (1, 0)
    parts = (overlap["with_overlap"], overlap["without_overlap"])
    assert np.sum([part["predicted"] for part in parts]) == entry["micro"]["predicted"]
    (note,) = notes(result)
    assert note.startswith("mine: 1 of 2 sentences stand in the training data (1 by sentence)")


def test_training_data_that_cannot_be_read_is_the_users_error(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jsonl").write_text('{"id": 1}')
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    for name, message in (
        ("empty", "expected a folder with"),
        ("bad.jsonl", "line 1: expected a JSON object"),
        ("bad.parquet", "cannot be read"),
    ):
        with pytest.raises(UsageError, match=message):
            find_overlap(read_corpus(corpus), tmp_path / name)

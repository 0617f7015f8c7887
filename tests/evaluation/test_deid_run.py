"""`evaluate --task deid`, from a corpus's file to figures."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.card import figure_kind, read_card
from openbioner_batch.evaluation.deid_run import evaluate_deid
from openbioner_batch.evaluation.settings import DeidEvaluateSettings
from openbioner_batch.model import resolve_checkpoint
from openbioner_batch.report.deid_scores import deid_table
from openbioner_batch.training.phi.corpora import phi_labels

TEXT = "Patient: Ann Lee, MRN: 2208714, phone (617) 555-0142."


def spans(**words: str) -> list[list]:
    return [[TEXT.index(word), TEXT.index(word) + len(word), kind] for kind, word in words.items()]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl"
    gold = spans(patient_name="Ann Lee", medical_record_number="2208714", phone_number="(617) 555-0142")
    rows = [{"id": str(number), "text": TEXT, "spans": gold} for number in range(5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_patterns_alone_find_what_has_a_form(notes: Path) -> None:
    told: list[tuple[str, int, int]] = []
    settings = DeidEvaluateSettings(str(notes), model="none", limit=3)
    result = evaluate_deid(settings, lambda *progress: told.append(progress))
    scores = result["corpora"]["notes"]
    assert scores["notes"] == 3
    assert scores["tokens"]["by_type"]["medical_record_number"]["recall"] == 1
    assert told == [("notes", 3, 3)]
    assert json.dumps(result)


def test_a_model_is_asked_the_types_told(notes: Path, checkpoint: Path, tmp_path: Path) -> None:
    types = tmp_path / "types.yaml"
    types.write_text("person_name: name of a patient\n")
    settings = DeidEvaluateSettings(str(notes), model=str(checkpoint), types=str(types), limit=2)
    with_model = evaluate_deid(settings)
    assert with_model["digest"]
    assert with_model["corpora"]["notes"]["notes"] == 2


def test_the_known_corpora_of_a_folder_are_scored_on_a_side(tmp_path: Path) -> None:
    words = "amber birch cedar delta ember flint grove heron".split()
    with gzip.open(tmp_path / "pii_anon_clinical.jsonl.gz", "wt") as lines:
        for number, word in enumerate(words):
            text = f"{word} {word}s say that {word} is seen by Ann Lee at {word} {word}"
            start = text.index("Ann Lee")
            row = {"id": number, "text": text, "language": "en", "spans": [[start, start + 7, "PERSON_NAME"]]}
            lines.write(json.dumps(row) + "\n")
    counts = {
        split: evaluate_deid(DeidEvaluateSettings(str(tmp_path), model="none", split=split))["corpora"]
        for split in ("test", "devel")
    }
    assert sum(one["pii_anon_clinical"]["notes"] for one in counts.values()) == len(words)


def test_mistakes_are_told_with_the_way_out(notes: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--split is 'dev': give one of test, devel"):
        DeidEvaluateSettings(str(notes), split="dev")
    with pytest.raises(UsageError, match="no notes are left; is --languages fr right"):
        evaluate_deid(DeidEvaluateSettings(str(notes), model="none", languages=("fr",)))
    with pytest.raises(UsageError, match=r"expected pii_anon_clinical\.jsonl\.gz or presidio_synthetic\.jsonl\.gz"):
        evaluate_deid(DeidEvaluateSettings(str(tmp_path), model="none"))
    with pytest.raises(UsageError, match="--corpora i2b2: not known"):
        DeidEvaluateSettings(str(tmp_path), corpora=("i2b2",))


def carded(checkpoint: Path, folder: Path, front_matter: str) -> str:
    """A copy of a checkpoint with a card."""
    shutil.copytree(checkpoint, folder)
    (folder / "README.md").write_text(f"---\n{front_matter}\n---\n")
    return str(folder)


def test_figures_are_called_what_the_models_card_makes_them(notes: Path, checkpoint: Path, tmp_path: Path) -> None:
    types = tmp_path / "types.yaml"
    types.write_text("person_name: name of a patient\n")

    def figures(model: str) -> str:
        result = evaluate_deid(DeidEvaluateSettings(str(notes), model=model, types=str(types), limit=1))
        assert result["corpora"]["notes"]["notes"] == 1
        scores = result["corpora"]["notes"]
        assert str(deid_table(scores).title).startswith(f"{scores['figures']}: 1 notes")
        return str(scores["figures"])

    trained = "datasets: [notes, CRAFT]\nopenbioner: {supervision: mixed}"
    assert figures("none") == "no model"
    assert figures(carded(checkpoint, tmp_path / "trained", trained)) == "in-corpus"
    assert figures(carded(checkpoint, tmp_path / "other", trained.replace("notes", "letters"))) == "cross-corpus"
    silver = "datasets: [pile]\nopenbioner: {supervision: silver}"
    assert figures(carded(checkpoint, tmp_path / "silver", silver)) == "zero-shot"


def test_the_bundled_models_card_lists_the_known_corpora() -> None:
    card = read_card(resolve_checkpoint("bundled-phi"))
    assert card is not None
    assert {figure_kind(card, name, allow_trained=True) for name in phi_labels().corpora} == {"in-corpus"}

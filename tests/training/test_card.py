"""The card names every corpus that the weights have seen, in this stage and those before, as `evaluate` reads it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from openbioner_batch.evaluation.card import read_card
from openbioner_batch.model import VARIANTS
from openbioner_batch.settings import build
from openbioner_batch.training.card import model_card
from openbioner_batch.training.settings import PretrainSettings

FACTS = {
    "parameters": 1000,
    "passages": {"CRAFT": 12_000, "PHEE": 3},
    "gold_types": ["gene"],
    "derived_types": ["gene_noun_phrase"],
    "types": 7,
    "steps": 40,
    "epochs": 0.5,
    "loss": 0.25,
    "f1": None,
    "chosen_step": 30,
    "workers": 2,
}


def card(folder: Path, start: Path | None = None, objective: str = "tagging", **more: Any) -> str:
    own = {"name": "m", "supervision": more.pop("supervision", "gold")}
    raw = {"output": "r", "sources": [{"path": "p"}], "recipe": {"objective": objective}, "card": own}
    raw["start"] = {"checkpoint": str(start)} if start else {"variant": "tiny", "vocabulary": "v"}
    config = dataclasses.replace(VARIANTS["tiny"].config, separate_layers=more.pop("separate_layers", 0))
    text = model_card(build(PretrainSettings, raw), {**FACTS, **more}, start or Path("/nowhere"), config)
    folder.mkdir()
    (folder / "README.md").write_text(text)
    return text


def test_evaluate_reads_what_the_model_saw(tmp_path: Path) -> None:
    text = card(tmp_path / "a", f1=0.5)
    assert "| CRAFT | 12,000 |" in text
    assert "50.0 (strict" in text
    assert "| descriptions of no type | 0% jumbled, 0% complements |" in text
    found = read_card(tmp_path / "a")
    assert found is not None
    assert (found.datasets, found.supervision, found.gold_types) == (("CRAFT", "PHEE"), "gold", ("gene",))
    assert found.derived_types == ("gene_noun_phrase",)
    assert "| types whose labels rules derived | gene_noun_phrase |" in text
    assert "| types with descriptions | 7, listed in `trained_types.jsonl.gz` |" in text


def test_a_second_stage_inherits_the_corpora_of_the_first(tmp_path: Path) -> None:
    card(tmp_path / "a")
    card(tmp_path / "b", tmp_path / "a", passages={"notes": 5}, gold_types=[], derived_types=[], supervision="silver")
    found = read_card(tmp_path / "b")
    assert found is not None
    assert found.derived_types == ("gene_noun_phrase",)
    assert found.datasets == ("CRAFT", "PHEE", "notes")
    assert (found.supervision, found.gold_types) == ("mixed", ("gene",))


def test_it_says_what_the_reference_cannot_run_and_what_differs_from_the_paper(tmp_path: Path) -> None:
    whole, split, late = (card(tmp_path / str(layers), separate_layers=layers) for layers in (0, 3, 4))
    assert "in the published OpenBioNER format" in whole
    assert "zshot" not in whole
    assert "A split encoder of 1,000 parameters" in split
    assert "A late-interaction model of 1,000 parameters" in late
    for text in (split, late):
        assert "(zshot) cannot run it" in text
    for text in (whole, split, late):
        assert "AdamW with decay 0.01" in text
        assert "none in attention" in text


def test_masked_language_pretraining_is_no_supervision(tmp_path: Path) -> None:
    card(tmp_path / "a", objective="masked-language", gold_types=[])
    card(tmp_path / "b", tmp_path / "a", passages={"notes": 5}, gold_types=[], supervision="silver")
    found = read_card(tmp_path / "b")
    assert found is not None
    assert (found.datasets, found.supervision) == (("CRAFT", "PHEE", "notes"), "silver")

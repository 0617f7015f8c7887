"""The card names every corpus that the weights have seen, in this stage and those before, as `evaluate` reads it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from openbioner_batch.evaluation.card import read_card
from openbioner_batch.model import VARIANTS
from openbioner_batch.settings import build
from openbioner_batch.training.card import model_card
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.settings_file import CONFIGS

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
    recipe = {"objective": objective, **more.pop("recipe", {})}
    raw = {"output": "r", "sources": [{"path": "p"}], "recipe": recipe, "card": own}
    raw["schedule"] = {"epochs": 1, **more.pop("schedule", {})}
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


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        (
            "negatives",
            {"in_batch": 0, "hard": 0.4},
            "`negatives` in_batch 0, hard 0.4, vocabulary 0.25, listed 0, beyond 0 |",
        ),
        ("near_above", 0.65, "`near_above` 0.65 |"),
        ("near_above", None, "`near_above` none |"),
        ("beyond_list", "all", "`beyond_list` all |"),
        ("unnamed", 0.25, "`unnamed` 0.25 |"),
        ("positives_share", 0.7, "`positives_share` 0.7 |"),
        ("favoured", ["drug", "gene"], "`favoured` drug, gene |"),
        ("favour", 4, "`favour` 4 |"),
        ("jumbled", 0.035, "| 3.5% jumbled, 0% complements |"),
        ("complements", 0.04, "| 0% jumbled, 4% complements |"),
        ("shared_types", 128, "| 128 shared by the passages of a step"),
        ("mask_probability", 0.12, "| entities masked | 12% |"),
    ],
)
def test_a_key_of_the_recipe_that_differs_from_its_default_is_written(
    tmp_path: Path, key: str, value: object, written: str
) -> None:
    plain = card(tmp_path / "a")
    assert written not in plain
    assert "further keys" not in plain
    assert written in card(tmp_path / "b", recipe={key: value})


def test_every_key_of_the_recipe_is_on_the_card_of_a_configuration_that_changes_it(tmp_path: Path) -> None:
    text = card(tmp_path / "a", recipe=yaml.safe_load((CONFIGS / "late-siblings.yaml").read_text())["recipe"])
    (row,) = [line for line in text.splitlines() if line.startswith("| further keys of `recipe` | ")]
    assert row.count("`") == 2 * (1 + len(row.split("; ")))
    assert "; `favoured` disease, chemical, " in row


def test_what_differs_from_the_paper_is_said(tmp_path: Path) -> None:
    def differs(name: str, start: Path | None = None, **more: Any) -> str:
        text = card(tmp_path / name, start, **more)
        return text.partition("Other than in the paper's recipe: ")[2].partition("\n")[0]

    rates = "(there 30%, and 50% in fine-tuning)"
    assert differs("a") == (
        "AdamW with decay 0.01 (there Adam without), no dropout in attention (there BERT's). "
        "What else differs stands above."
    )
    assert "decay" not in differs("b", schedule={"weight_decay": 0.0})
    assert f", 12% of entities masked {rates}. What" in differs("c", recipe={"mask_probability": 0.12})
    assert f"50% of entities masked {rates}" in differs("d", recipe={"mask_probability": 0.5})
    assert "masked" not in differs("e", tmp_path / "a", recipe={"mask_probability": 0.5})
    assert "masked" not in differs("f", objective="masked-language", recipe={"mask_probability": 0.15})
    assert "late interaction (there a cross-encoder)" in differs("g", separate_layers=4)
    assert "3 separate layers (there a cross-encoder)" in differs("h", separate_layers=3)


def test_masked_language_pretraining_is_no_supervision(tmp_path: Path) -> None:
    card(tmp_path / "a", objective="masked-language", gold_types=[])
    card(tmp_path / "b", tmp_path / "a", passages={"notes": 5}, gold_types=[], supervision="silver")
    found = read_card(tmp_path / "b")
    assert found is not None
    assert (found.datasets, found.supervision) == (("CRAFT", "PHEE", "notes"), "silver")

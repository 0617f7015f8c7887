"""The configuration: every carried file is one, changes win, and a mistake is named with the valid keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from openbioner_batch.errors import UsageError
from openbioner_batch.training.gold.corpora import derived_types
from openbioner_batch.training.settings_file import CONFIGS, load_settings

SMALLEST = {"output": "run", "seed": 42, "start": {"encoder": "e"}, "sources": [{"path": "silver"}]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(SMALLEST))
    return path


@pytest.mark.parametrize("name", sorted(file.stem for file in CONFIGS.glob("*.yaml")))
def test_every_carried_configuration_is_valid(name: str) -> None:
    assert load_settings(name).output == f"runs/{name}"


def test_data_of_the_gold_maker_is_mixed_since_rules_derive_some_of_its_labels() -> None:
    assert derived_types()
    of_gold = {
        settings.card.name: settings.card.supervision
        for settings in (load_settings(file.stem) for file in CONFIGS.glob("*.yaml"))
        if "gold" in {source.path for source in settings.sources}
    }
    assert {"bundled", "split", "late"} <= of_gold.keys()
    assert set(of_gold.values()) == {"mixed"}


def test_there_is_a_configuration_for_each_size_and_stage() -> None:
    names = {file.stem for file in CONFIGS.glob("*.yaml")}
    assert names >= {"split", "split-gpu", "late", "late-gpu"}
    assert names >= {"tiny", "small", "compact", "base", "phi-refine", "smoke", "bundled", "masked-language"}


def test_changes_win_and_reach_into_lists(config: Path) -> None:
    changes = ["schedule.steps=7", "sources.0.weight=2", "sources.1.path=more", "recipe.types_per_pass=[1, 5]"]
    settings = load_settings(str(config), [*changes, "schedule.encoder_rate=3e-5", "output=s3://b/r"])
    assert settings.schedule.steps == 7
    assert [(source.path, source.weight) for source in settings.sources] == [("silver", 2.0), ("more", 1.0)]
    assert settings.recipe.types_per_pass == (1, 5)
    assert settings.schedule.encoder_rate == 3e-5
    assert settings.output == "s3://b/r"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("recipe.maskprobability=0.3", "unknown key recipe.maskprobability: the keys of recipe are objective, loss"),
        ("sources.0.wieght=1", "unknown key sources.0.wieght: the keys of sources.0 are path, weight"),
        ("recipe.types_per_pass=[5, 1]", r"recipe.types_per_pass is \[5, 1\]"),
        ("recipe.types_per_pass=[5]", "give 2 values"),
        ("recipe.no_entity_weight=static", '"dynamic" or a number'),
        ("schedule.kind=cosine", "give one of constant, warmup, warmup-decay"),
        ("schedule.steps=ten", "schedule.steps is 'ten': give a whole number"),
        ("schedule={epochs: 1, steps: 2}", "one of epochs and steps"),
        ("parallel.zero_stage=3", "give one of 0, 1, 2"),
        ("parallel.dtype=float16", "float16 is for GPUs"),
        ("parallel.use_gpu=true", "parallel.use_gpu is now called parallel.devices: gpu for true, cpu for false"),
        ("parallel.devices=true", "parallel.devices is True, which is now spelled 'gpu'"),
        ("parallel.in_process=true", "parallel.in_process is now called executor: in-process for true, ray for false"),
        ("stored=float16", "stored is now called output_dtype"),
        ("log_every=0", "--log-every is 0: give a whole number from 1 up"),
        ("parallel.workers=true", "give a whole number"),
        ("parallel.workers=0", "parallel.workers is 0: give a whole number from 1 up"),
        ("schedule={steps: 0}", "schedule.steps is 0: give a whole number from 1 up"),
        ("schedule.clip=-1", "schedule.clip is -1: give a number from 0 up"),
        ("recipe.negatives.hard=-1", "recipe.negatives.hard is -1: give a number from 0 up"),
        ("recipe.negatives={in_batch: 0, hard: 0, vocabulary: 0}", "recipe.negatives: give one of in_batch"),
        ("start.variant=tiny", "start names encoder and variant"),
        ("start=tiny", "give a mapping"),
        ("sources=[]", "at least one"),
        ("recipe.mask_probability=1.5", "from 0 to 1"),
        ("nonsense", "expected key=value"),
        ("recipe.loss=softmax", "recipe.loss is 'softmax': give one of competing, per-type"),
        ("recipe.beyond_list=some", "give one of none, mentions, all"),
        ("recipe.negatives.beyond=1.5", "recipe.negatives.beyond is 1.5: give a number from 0 to 1"),
        ("recipe={beyond_list: none, negatives: {beyond: 0.2}}", "leave it out, or give recipe.beyond_list mentions"),
        ("recipe={shared_types: 9, negatives: {beyond: 0.2}}", "leave out it or recipe.shared_types"),
        ("recipe.near_above=2", "recipe.near_above is 2: give a number from -1 to 1"),
        ("recipe.positive_weight=0", "recipe.positive_weight is 0: give a number above 0"),
        ("recipe.shared_types=0", "recipe.shared_types is 0: give a whole number from 1 up"),
        ("recipe.distillation.weight=1", "key recipe.distillation.teacher is missing"),
        (
            "recipe.distillation={teacher: t, heat: 2}",
            "the keys of recipe.distillation are teacher, weight, temperature",
        ),
        (
            "recipe.distillation={teacher: t, temperature: 0}",
            "recipe.distillation.temperature is 0: give a number above",
        ),
        ("recipe.distillation=bundled", "give a mapping with the keys teacher, weight, temperature, types"),
        ("start.separate_layers=most", "start.separate_layers is 'most': give a whole number from 0 up, or \"all\""),
        ("start.projection=0", "start.projection is 0: give a whole number"),
        ("seed.x=1", "--set seed.x: seed is 42, which has no keys"),
        ("sources.7.path=x", "not an item of a list of 1"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(config: Path, change: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_settings(str(config), [change])
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(UsageError, match="bundled, compact"):
        load_settings("absent")

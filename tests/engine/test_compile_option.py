"""`--compile`: part of the plan where it is asked for, and what it means nothing for is refused before a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError


@pytest.fixture
def settings(checkpoint: Path, tmp_path: Path) -> AnnotateSettings:
    (tmp_path / "own.yaml").write_text("drug: a drug\n")
    return AnnotateSettings(("in",), "out", str(tmp_path / "own.yaml"), model=str(checkpoint), devices="cpu")


def test_it_is_in_the_plan_only_where_it_is_asked_for(settings: AnnotateSettings) -> None:
    factory = ModelScorerFactory.from_settings(settings, on_cluster=False)
    assert "compiled" not in factory.fingerprint(), "plans of runs without it stay as they were"
    with_it = dataclasses.replace(factory, compiled=True).fingerprint()
    assert with_it == {**factory.fingerprint(), "compiled": True}


def test_a_run_on_cpus_is_refused(settings: AnnotateSettings) -> None:
    with pytest.raises(UsageError, match="--compile is for GPUs, and the model runs on cpu"):
        ModelScorerFactory.from_settings(dataclasses.replace(settings, compile=True), on_cluster=False)


def test_the_scorer_of_a_worker_is_compiled(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    from openbioner_batch.model import tagger
    from openbioner_batch.model.ending import CompiledEnding

    monkeypatch.setattr(tagger, "check_compiled", lambda device, config: None)  # as if this were a GPU
    factory = ModelScorerFactory.from_settings(settings, on_cluster=False)
    encoder = dataclasses.replace(factory, compiled=True).scorer().encoder
    assert {type(layer._end) for layer in encoder.layers} == {CompiledEnding}


def test_de_identification_hands_it_on(tmp_path: Path) -> None:
    settings = DeidentifySettings(("in",), "out", policy="surrogate", compile=True, key_file=str(tmp_path / "key"))
    assert settings.tagging(("in",), "out").compile

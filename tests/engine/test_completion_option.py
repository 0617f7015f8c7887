"""`--abbreviations` and `--repeats`: part of the plan, and what the scorer of a run does."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.model import Completion


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, None),
        ({"repeats": True}, "repeats"),
        ({"abbreviations": True, "repeats": True}, "abbreviations, repeats"),
    ],
)
def test_what_completes_spans_is_in_the_plan_and_in_the_scorer(
    options: dict[str, bool], named: str | None, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text("drug: a drug\n")
    types = str(tmp_path / "own.yaml")
    settings = AnnotateSettings(("in",), "out", types, model=str(checkpoint), devices="cpu", dtype="float32", **options)
    factory = ModelScorerFactory.from_settings(settings, on_cluster=False)
    assert factory.fingerprint()["completed by"] == named
    assert factory.scorer().completion == Completion(**options)

"""Corpora, and a run as tests want it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from scorers import NameScorerFactory

from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.summary import Summary

Annotate = Callable[..., Summary]
Corpus = Callable[..., Path]


@pytest.fixture
def run(ray_here: None, run_here: Annotate) -> Annotate:
    """Tags a folder into `tmp_path/out`, on the shared Ray, with the scorer of the tests."""

    def run(inputs: object, factory: NameScorerFactory | None = None, **more: object) -> Summary:
        return run_here(inputs, factory, **{"executor": "ray", **more})

    return run


@pytest.fixture
def run_here(tmp_path: Path) -> Annotate:
    """The same without Ray, for what does not depend on who does the work."""

    def run_here(inputs: object, factory: NameScorerFactory | None = None, **more: object) -> Summary:
        values = {"inputs": (str(inputs),), "output": str(tmp_path / "out"), "types": "name", "actors": 1}
        settings = AnnotateSettings.build({**values, "executor": "in-process", **more})
        return annotate(settings, factory or NameScorerFactory(), lambda line: None)

    return run_here


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Writes JSONL files of given texts into `tmp_path/in`."""

    def corpus(name: str, texts: Sequence[str]) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        lines = [json.dumps({"id": f"{name}-{index}", "text": text}) for index, text in enumerate(texts)]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return corpus

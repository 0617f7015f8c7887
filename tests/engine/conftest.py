"""Corpora, a run as tests want it, and what exports of runs are made with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from engine.exports import DOCUMENTS, Export
from runs import write_pubmed
from scorers import NameScorerFactory

from openbioner_batch.engine.export.run import ExportSummary, export
from openbioner_batch.engine.export.settings import ExportSettings
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


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two PubMed files, of four documents and of three."""
    write_pubmed(tmp_path / "in/a.xml", DOCUMENTS[:4])
    write_pubmed(tmp_path / "in/b.xml", DOCUMENTS[4:])
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Export:
    """Exports a run into a folder of `tmp_path`, in this process."""

    def run(run: object, to: str, folder: str = "x", **more: Any) -> ExportSummary:
        values = {"run": str(run), "to": to, "output": str(tmp_path / folder), "workers": 1, "date": "2026-01-31"}
        return export(ExportSettings.build(values | more), lambda line: None)

    return run

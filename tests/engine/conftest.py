"""One Ray for the engine's tests, corpora, and a run as tests want it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from scorers import NameScorerFactory

from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.summary import Summary

Annotate = Callable[..., Summary]
Corpus = Callable[..., Path]


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """Starting Ray takes seconds: the tests of the engine share one. Its workers find the scorers of the tests."""
    tests = str(Path(__file__).parent.parent)
    paths = [tests, str(Path(tests).parent), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        environment.setenv("RAY_metrics_report_interval_ms", "1000")  # by default 10 s
        with ray_connection(None):
            yield


@pytest.fixture
def run(ray_here: None, tmp_path: Path) -> Annotate:
    """Tags a folder into `tmp_path/out`, on the shared Ray, with the scorer of the tests."""

    def run(inputs: object, factory: NameScorerFactory | None = None, **more: object) -> Summary:
        values = {"inputs": (str(inputs),), "output": str(tmp_path / "out"), "types": "name", "actors": 1, **more}
        return annotate(AnnotateSettings.build(values), factory or NameScorerFactory(), lambda line: None)

    return run


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

"""De-identification as tests run it: without Ray in this process, or on one Ray that the tests of the room share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import Finished, deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.cluster import Resources, ray_connection
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import SplitTask, TaggingJob, unrow

Deidentify = Callable[..., Finished]
Archive = Callable[[str, Sequence[dict[str, Any] | str]], Path]


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """Starting Ray takes seconds: the tests of this room share one. Its workers find the scorers of the tests."""
    tests = str(Path(__file__).parent.parent)
    paths = [tests, str(Path(tests).parent), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        with ray_connection(None):
            yield


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A new key."""
    return generate_key(tmp_path / "key")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Writes JSONL files of given objects (or raw lines) into `tmp_path/in`."""

    def archive(name: str, records: Sequence[dict[str, Any] | str]) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return archive


def request(inputs: object, output: Path, **more: Any) -> DeidentifySettings:
    """Settings with what most tests want: tags, no model."""
    values = {"inputs": (str(inputs),), "output": str(output), "policy": "tags", "model": "none", **more}
    return DeidentifySettings.build(
        {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    )


@pytest.fixture
def run(ray_here: None, tmp_path: Path) -> Deidentify:
    """De-identifies into `tmp_path/out` on the shared Ray."""

    def run(inputs: object, factory: ScorerFactory | None = None, **more: Any) -> Finished:
        output = more.pop("output", tmp_path / "out")
        return deidentify(request(inputs, output, **more), factory, lambda line: None)

    return run


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deidentify:
    """The same with the stages one after the other in this process."""

    def graph(
        tasks: Sequence[SplitTask],
        layout: object,
        read: Callable[[pa.Table], Iterator[pa.Table]],
        tagging: TaggingJob | None,
        commit: Callable[[pa.Table], pa.Table],
    ) -> Generator[dict[str, Any], None, None]:
        tag = TagShards(tagging) if tagging else None
        for task in tasks:
            for row in read(pa.table({"task": [task.to_json()]})):
                yield unrow(commit(tag(row) if tag else row))

    def run(inputs: object, factory: ScorerFactory | None = None, **more: Any) -> Finished:
        output = more.pop("output", tmp_path / "out")
        with monkeypatch.context() as patch:
            patch.setattr("openbioner_batch.deid.pipeline.run_graph", graph)
            patch.setattr(
                "openbioner_batch.deid.run.ray_connection",
                lambda *rest: nullcontext(Resources(cpus=2, gpus=0, nodes=1)),
            )
            return deidentify(request(inputs, output, **more), factory, lambda line: None)

    return run

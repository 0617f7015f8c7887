"""De-identification as tests run it: without Ray in this process, or on the Ray that all tests share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import DeidentifyResult, deidentify
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.scoring import ScorerFactory

Deidentify = Callable[..., DeidentifyResult]
Archive = Callable[[str, Sequence[dict[str, Any] | str]], Path]


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

    def run(inputs: object, factory: ScorerFactory | None = None, **more: Any) -> DeidentifyResult:
        output = more.pop("output", tmp_path / "out")
        return deidentify(request(inputs, output, **more), factory, lambda line: None)

    return run


@pytest.fixture
def run_here(tmp_path: Path) -> Deidentify:
    """The same without Ray."""

    def run(inputs: object, factory: ScorerFactory | None = None, **more: Any) -> DeidentifyResult:
        settings = request(inputs, more.pop("output", tmp_path / "out"), executor="in-process", **more)
        return deidentify(settings, factory, lambda line: None)

    return run

"""Which of the package's models a run takes where its request names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.engine.model_choice import choose_model
from openbioner_batch.engine.settings import AnnotateSettings

OWN = "colour of a pill: What a tablet looks like, such as round and blue.\n"


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return str(path)


def choice(types: str, said: list[str], **more: str) -> str:
    settings = AnnotateSettings(inputs=("notes.jsonl",), output="out", types=types, **more)  # type: ignore[arg-type]
    return choose_model(settings, said.append).model


def test_types_of_the_catalog_are_for_the_model_that_was_trained_on_them() -> None:
    said: list[str] = []
    assert choice("disease,clinical,phi.date", said) == "bundled"
    assert said == []


def test_a_type_of_ones_own_is_for_the_model_that_reads_descriptions(own: str) -> None:
    said: list[str] = []
    assert choice(f"disease,{own}", said) == "bundled-open"
    assert len(said) == 1
    assert "colour of a pill" in said[0]
    assert "--model" in said[0]


def test_a_model_that_is_named_is_taken(own: str) -> None:
    said: list[str] = []
    assert choice(own, said, model="bundled") == "bundled"
    assert said == []

"""Which of the package's models a run takes where its request names none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openbioner_batch.engine.model_choice import SHOWN, choose_model, say_architecture
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


@pytest.mark.parametrize("more", [0, 2])
def test_a_few_types_of_ones_own_are_named_and_the_others_counted(tmp_path: Path, more: int) -> None:
    names = [f"pill {number}" for number in range(SHOWN + more)]
    path = tmp_path / "pills.yaml"
    path.write_text("".join(f"{name}: Pills of the kind {name}.\n" for name in names))
    said: list[str] = []
    choice(str(path), said)
    shown = ", ".join(name.replace(" ", "_") for name in names[:SHOWN])
    assert re.sub("pill[ _]", "pill_", said[0].partition(": ")[2].partition(" are not")[0]) == (
        shown + (" and 2 more" if more else "")
    )


def test_what_a_user_should_know_of_an_architecture_is_said_once(encoders: dict[str, Path]) -> None:
    said: list[str] = []
    say_architecture("bundled-open", said.append)
    assert said == []
    say_architecture(str(encoders["roberta"]), said.append)
    assert len(said) == 1
    assert said[0].startswith("note: ")

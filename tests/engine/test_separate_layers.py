"""Separate layers and types that do not compete, as a run takes them and speaks of them."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console
from scorers import NameScorerFactory
from tiny import tiny_checkpoint

from openbioner_batch.cli.main import main
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.status import run_status
from openbioner_batch.engine.summary import notes_on, print_report
from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.reading import read_config

from .conftest import Annotate, Corpus

TEXT = "Aspirin 81 mg for the knee, then rest."


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def late(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = dataclasses.replace(read_config(checkpoint), separate_layers=2, late=LateSettings(8))
    model = LateEncoder(config)
    initialize(model, seed=3)
    folder = tmp_path_factory.mktemp("late")
    save_checkpoint(model, folder, tokenizer_from=checkpoint)
    return folder


def factory_of(
    model: Path, separate_layers: int | None = None, types: str = "disease,drug", nested: bool = False
) -> ModelScorerFactory:
    settings = AnnotateSettings(
        ("in",), "out", types, model=str(model), devices="cpu", dtype="float32", separate_layers=separate_layers,
        nested=nested,
    )  # fmt: skip
    return ModelScorerFactory.from_settings(settings, on_cluster=False)


def test_without_them_a_plan_is_what_it_was(checkpoint: Path) -> None:
    plain = factory_of(checkpoint).fingerprint()
    assert (plain["separated layers"], plain["types overlap"]) == (None, None)
    assert notes_on(plain) == ()
    assert list(plain) == [
        "model", "types", "descriptions", "words", "text tokens", "description tokens", "overlap tokens", "device",
        "dtype", "token budget", "calibration", "separated layers", "types overlap", "completed by",
    ]  # fmt: skip


def test_windows_of_a_users_own_size_overlap_by_a_quarter(checkpoint: Path) -> None:
    own, plain = (
        ModelScorerFactory.from_settings(
            AnnotateSettings(("in",), "out", "disease", model=str(checkpoint), devices="cpu", **more), on_cluster=False
        ).windows
        for more in ({"text_tokens": 100}, {"description_tokens": 200})
    )
    assert (own.text_tokens, own.description_tokens, own.overlap) == (100, 290, 25)
    assert (plain.text_tokens, plain.description_tokens, plain.overlap) == (200, 200, 20)


def test_separated_layers_are_part_of_the_plan_and_are_what_the_tagger_does(checkpoint: Path) -> None:
    factory = factory_of(checkpoint, 1)
    assert factory.fingerprint()["separated layers"] == 1
    found, expected = (
        tagger.logits(TEXT, factory.types[0])
        for tagger in (factory.scorer(), Tagger.from_pretrained(checkpoint, "cpu", "float32", separate_layers=1))
    )
    np.testing.assert_array_equal(found, expected)
    assert not np.allclose(found, factory_of(checkpoint).scorer().logits(TEXT, factory.types[0]), atol=1e-3)


@pytest.mark.parametrize(("layers", "expected"), [(2, "expected 0 to 1"), (0, "whole number from 1 up")])
def test_impossible_numbers_are_refused_before_a_run(checkpoint: Path, layers: int, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        factory_of(checkpoint, layers)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"separate_layers": 2}, "--separate-layers is 2; expected 0 to 1"),
        ({"text_tokens": 3}, "--text-tokens is 3; expected at least 8"),
        ({"description_tokens": 2}, "--description-tokens is 2; expected at least 4"),
        ({"text_tokens": 5000}, r"--text-tokens 5000 and --description-tokens \d+ need \d+ positions"),
    ],
)
def test_errors_of_the_model_name_the_flags(checkpoint: Path, given: dict[str, int], expected: str) -> None:
    settings = AnnotateSettings(("in",), "out", "disease", model=str(checkpoint), devices="cpu", **given)
    with pytest.raises(UsageError, match="^" + expected):
        ModelScorerFactory.from_settings(settings, on_cluster=False)


def test_all_sets_are_tagged_at_once_where_types_do_not_compete(late: Path) -> None:
    factory = factory_of(late, types="biomedical,clinical")
    (note,) = notes_on(factory.fingerprint())
    assert "spans of different types may overlap if their bounds are equal" in note
    assert "whatever their bounds" in notes_on(factory_of(late, types="drug", nested=True).fingerprint())[0]
    tagger = factory.scorer()
    prepared = factory.preparer().prepare([TEXT])
    assert len(prepared.groups) == sum(len(group) for group in factory.types) > 100
    names = {kind.name for group in factory.types for kind in group}
    assert {span.type for span in tagger.score(prepared)[0].spans} <= names
    shown = io.StringIO()
    about = dict.fromkeys(("shards", "records", "documents", "windows", "tokens", "deletions"), 0)
    nothing = {"splits": {"done": 0, "total": 0}, "quarantined": {"total": 0, "reasons": {}}}
    summary = {"output": "o", "finished": True, "notes": [note], "spans": {"total": 0, "types": {}}, **about, **nothing}
    print_report(summary, Console(file=shown))
    assert note in shown.getvalue()


@dataclasses.dataclass(frozen=True)
class LayeredFactory(NameScorerFactory):
    """A scorer of the tests that says of itself that it separates layers."""

    def fingerprint(self) -> dict[str, Any]:
        return super().fingerprint() | {"separated layers": 3}


def test_what_readers_must_know_is_in_the_summary_and_in_the_status(
    run_here: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    folder = corpus("a.jsonl", ["Anna"]).parent
    for output, factory in (("layered", LayeredFactory()), ("plain", NameScorerFactory())):
        run_here(folder, factory, output=str(tmp_path / output))
    status = run_status(str(tmp_path / "layered"))
    assert status["notes"] == ["separated layers: 3, for which the model was not trained"]
    assert json.loads((tmp_path / "layered" / "_run" / "summary.json").read_text())["notes"] == status["notes"]
    assert "notes" not in run_status(str(tmp_path / "plain"))


def test_a_run_says_so_and_another_number_is_another_run(
    ray_here: None, checkpoint: Path, corpus: Corpus, tmp_path: Path
) -> None:
    corpus("notes.jsonl", [f"Note {n}: {TEXT}" for n in range(5)])
    command = ["annotate", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--types", "disease,drug"]
    command += ["--model", str(checkpoint), "--devices", "cpu"]
    said = CliRunner().invoke(main, [*command, "--separate-layers", "1"])
    assert said.exit_code == 0, said.output
    assert "note: separated layers: 1, for which the model was not trained" in said.stdout
    status = json.loads(CliRunner().invoke(main, ["status", str(tmp_path / "out"), "--json"]).stdout)
    assert "not trained" in status["notes"][0]
    other = CliRunner().invoke(main, command)
    assert other.exit_code == 2
    assert "separated layers: 1 then, none now" in other.stderr

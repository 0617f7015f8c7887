"""`annotate` with models on encoders that `transformers` runs."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import Tagger, WindowSettings, save_checkpoint
from openbioner_batch.model.checkpoint import load_backbone
from openbioner_batch.model.reading import read_config

from .conftest import Corpus

TEXTS = ["Aspirin (81 mg) for the knee, then rest.", "No fever.", ""]


def model_on(encoder: Path, folder: Path) -> Path:
    config = dataclasses.replace(read_config(encoder), windows=WindowSettings(90, 120), encoder_dropout=0.0)
    model = load_backbone(encoder, config, seed=2)
    model.evidence.bias.data += 1.0  # type: ignore[union-attr]
    save_checkpoint(model, folder, tokenizer_from=encoder)
    return folder


def settings(model: Path, **more: object) -> AnnotateSettings:
    values = {"inputs": ("in",), "output": "out", "types": "disease,drug", "devices": "cpu", "dtype": "float32"}
    return AnnotateSettings.build({**values, "model": str(model), **more})


@pytest.mark.parametrize("family", ["modernbert", "deberta-v2"])
def test_what_workers_do_is_what_the_tagger_does(encoders: dict[str, Path], family: str, tmp_path: Path) -> None:
    factory = ModelScorerFactory.from_settings(settings(model_on(encoders[family], tmp_path)), on_cluster=False)
    assert factory.fingerprint()["model"]
    prepared = pickle.loads(pickle.dumps(factory.preparer())).prepare(TEXTS)
    found = factory.scorer().score(pickle.loads(pickle.dumps(prepared)))
    tagger = Tagger.from_pretrained(tmp_path, "cpu", "float32")
    assert [tagged.spans for tagged in found] == tagger.tag(TEXTS, factory.types)
    assert sum(len(tagged.spans) for tagged in found)


def test_a_plain_encoder_and_separate_layers_are_refused_before_a_run(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="a plain electra encoder, which cannot tag: train a model on it"):
        ModelScorerFactory.from_settings(settings(encoders["electra"]), on_cluster=False)
    folder = model_on(encoders["electra"], tmp_path / "model")
    command = [
        "annotate",
        str(tmp_path / "one.txt"),
        "--output",
        str(tmp_path / "out"),
        "--types",
        "drug",
        "--devices",
        "cpu",
    ]
    (tmp_path / "one.txt").write_text("Aspirin.")
    said = CliRunner().invoke(main, [*command, "--model", str(folder), "--separate-layers", "1"])
    assert said.exit_code == 2
    assert "only BERT's layers can be separated without training" in said.stderr
    (tmp_path / "decoder").mkdir()
    raw = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    (tmp_path / "decoder" / "config.json").write_text(json.dumps(raw))
    said = CliRunner().invoke(main, [*command, "--model", str(tmp_path / "decoder")])
    assert said.exit_code == 2
    assert "model_type is 'llama', a decoder; expected an encoder" in said.stderr


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_a_run_says_that_the_encoder_is_slower_and_writes_its_spans(
    encoders: dict[str, Path], family: str, corpus: Corpus, tmp_path: Path
) -> None:
    corpus("notes.jsonl", TEXTS)
    model = model_on(encoders[family], tmp_path / "model")
    command = ["annotate", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--types", "disease,drug"]
    command += ["--model", str(model), "--devices", "cpu", "--dtype", "float32", "--executor", "in-process"]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 0, said.output
    assert f"note: the model's encoder is of type {family}, which transformers runs: slower" in said.stderr
    rows = ds.dataset(tmp_path / "out" / "data").to_table().sort_by("record").to_pylist()
    expected = Tagger.from_pretrained(model, "cpu", "float32").tag(TEXTS, factory_types(model))
    assert [[(s["start"], s["end"], s["type"]) for s in row["spans"]] for row in rows] == [
        [(span.start, span.end, span.type) for span in spans] for spans in expected
    ]


def test_who_calls_from_python_is_told_too(encoders: dict[str, Path], tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(UsageError, match="nowhere"):
        annotate(settings(encoders["roberta"], inputs=(str(tmp_path / "nowhere"),)), say=said.append)
    assert [line for line in said if "note: the model's encoder is of type roberta" in line] == said != []


def factory_types(model: Path) -> tuple:
    return ModelScorerFactory.from_settings(settings(model), on_cluster=False).types

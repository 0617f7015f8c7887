"""Encoders that cannot be used are refused in a line, and no code that lies beside one is run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_backbone
from openbioner_batch.model.config import with_separate_layers
from openbioner_batch.model.reading import load_tokenizer, read_config


def refused(directory: Path, match: str, **raw: object) -> None:
    (directory / "config.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CheckpointError, match=match) as caught:
        read_config(directory)
    assert "\n" not in str(caught.value)
    assert str(directory) in str(caught.value)


def test_what_is_no_encoder_is_refused_in_a_line(tmp_path: Path) -> None:
    refused(
        tmp_path,
        "'llama', a decoder; expected an encoder: bert, .*modernbert",
        model_type="llama",
        architectures=["LlamaForCausalLM"],
    )
    refused(tmp_path, "model_type is 't5'; expected an encoder", model_type="t5")
    refused(tmp_path, "is_decoder is true", model_type="roberta", is_decoder=True)
    refused(
        tmp_path, r"encoder.model_type is 'gpt2'", model_type="openbioner-automodel", encoder={"model_type": "gpt2"}
    )
    refused(tmp_path, "no roberta config.json that transformers takes", model_type="roberta", hidden_size="wide")


def test_layers_of_other_encoders_are_separate_all_or_none(encoders: dict[str, Path], tmp_path: Path) -> None:
    config = read_config(encoders["modernbert"])
    for layers in (1, 2):
        with pytest.raises(CheckpointError, match=rf"separate_layers is {layers}; .* 0 .* or all 3"):
            dataclasses.replace(config, separate_layers=layers)
    with pytest.raises(UsageError, match="only BERT's layers"):
        with_separate_layers(config, 1)


def test_a_plain_encoder_does_not_tag_and_code_is_not_run(encoders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"a plain electra encoder, .* pretrain"):
        Tagger.from_pretrained(encoders["electra"])
    for path in encoders["roberta"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    raw = json.loads((tmp_path / "config.json").read_text())
    code = {"AutoConfig": "code.Config", "AutoModel": "code.Model", "AutoTokenizer": ["code.Tokenizer", None]}
    (tmp_path / "config.json").write_text(json.dumps({**raw, "auto_map": code}))
    (tmp_path / "code.py").write_text("raise SystemExit('ran')")
    assert load_backbone(tmp_path, read_config(tmp_path), 0).config.layers == 2
    assert load_tokenizer(tmp_path).ids("fever")


def test_weights_that_are_missing_or_more_than_tensors_are_refused(encoders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for path in encoders["electra"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    left_out = next(name for name in tensors if "layer.1" in name)
    save_file(
        {name: part for name, part in tensors.items() if name != left_out},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(CheckpointError, match=f"{left_out.removeprefix('electra.')}' is missing"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    torch.save({"encoder": Path("x")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="more than tensors"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    torch.save(tensors, tmp_path / "pytorch_model.bin")
    assert load_backbone(tmp_path, read_config(tmp_path), 0).config.layers == 2

"""Separate layers: in the lower ones a text does not see a description, nor a description a text."""

import dataclasses
import json

import pytest
import torch

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.checkpoint import load_encoder, save_checkpoint
from openbioner_batch.model.config import ModelConfig, WindowSettings
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.reading import config_from_json, config_to_json

SHAPE = ModelConfig(50, 16, 3, 2, 32, positions=64, windows=WindowSettings(20, 10))
TEXT, DESCRIPTION, OTHER = [2, 5, 6, 7], [3, 8, 9, 3], [3, 11, 12, 13, 3]


def encoder(separate: int) -> CrossEncoder:
    model = CrossEncoder(dataclasses.replace(SHAPE, separate_layers=separate))
    initialize(model, 1)
    for parameter in model.parameters():
        parameter.data.mul_(8)  # random BERT weights hardly attend
    return model.eval()


def states(model: CrossEncoder, text: list[int], description: list[int], layers: int | None = None) -> torch.Tensor:
    ids = torch.tensor([text + description])
    segments = torch.tensor([[0] * len(text) + [1] * len(description)])
    kept = model.layers
    if layers is not None:
        model.layers = kept[:layers]
    with torch.no_grad():
        found = model(ids, segments, torch.tensor([ids.shape[1]]))[0]
    model.layers = kept
    return found


@pytest.mark.parametrize("separate", [1, 2])
def test_neither_side_depends_on_the_other_in_the_separate_layers(separate: int) -> None:
    model = encoder(separate)
    together = states(model, TEXT, DESCRIPTION, separate)
    assert torch.allclose(together[:4], states(model, TEXT, OTHER, separate)[:4], atol=1e-5)
    assert torch.allclose(together[:4], states(model, TEXT, [], separate), atol=1e-5)
    assert torch.allclose(together[4:], states(model, [*TEXT, 4, 4], DESCRIPTION, separate)[6:], atol=1e-5)
    joined = states(model, TEXT, DESCRIPTION, separate + 1)
    assert not torch.allclose(joined[:4], states(model, TEXT, OTHER, separate + 1)[:4], atol=1e-3)
    assert not torch.allclose(joined[4:], states(model, [*TEXT, 4, 4], DESCRIPTION, separate + 1)[6:], atol=1e-3)


def test_padding_changes_nothing() -> None:
    model = encoder(2)
    ids = torch.tensor([TEXT + DESCRIPTION + [0] * 5])
    segments = torch.tensor([[0] * 4 + [1] * 4 + [0] * 5])
    with torch.no_grad():
        padded = model(ids, segments, torch.tensor([8]))[0, :8]
    assert torch.allclose(padded, states(model, TEXT, DESCRIPTION), atol=1e-5)


def test_a_checkpoint_keeps_them_under_a_name_that_older_programs_refuse(tmp_path) -> None:
    model = encoder(2)
    save_checkpoint(model, tmp_path, tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    assert raw["model_type"] == "openbioner-split"
    assert raw["openbioner_batch"]["separate_layers"] == 2
    loaded = load_encoder(tmp_path)
    assert (loaded.config.separate_layers, loaded.config.description_start) == (2, 21)
    assert torch.equal(states(loaded, TEXT, DESCRIPTION), states(model, TEXT, DESCRIPTION))


def test_without_them_the_format_is_the_published_one() -> None:
    raw = config_to_json(SHAPE)
    assert raw["model_type"] == "bert"
    assert raw["architectures"] == ["BertTaggerMultiClass"]
    assert "separate_layers" not in raw["openbioner_batch"]


@pytest.mark.parametrize(
    ("model_type", "layers", "expected"),
    [
        ("bert", 2, "openbioner-split"),  # another tool would take it for a cross-encoder
        (None, 3, "openbioner-late"),
        ("openbioner-split", 0, "bert"),
        ("openbioner-late", 2, "openbioner-split"),
        ("openbioner-cased", 0, "bert"),
    ],
)
def test_another_kind_of_model_than_its_name_says_is_refused(
    model_type: str | None, layers: int, expected: str
) -> None:
    raw = config_to_json(SHAPE)
    raw["openbioner_batch"]["separate_layers"] = layers
    del raw["model_type"]
    if model_type:
        raw["model_type"] = model_type
    with pytest.raises(CheckpointError, match=f"{layers} of 3 layers are separate; expected '{expected}'"):
        config_from_json(raw, "config.json")


def test_a_cross_encoder_that_reads_letter_case_has_a_name_of_its_own() -> None:
    shape = dataclasses.replace(SHAPE, letter_case=True)
    raw = config_to_json(shape)
    assert raw["model_type"] == "openbioner-cased"
    assert config_from_json(raw, "config.json") == shape
    assert config_from_json({**raw, "model_type": "bert"}, "config.json") == shape  # as once written


def test_more_than_the_model_has_are_refused() -> None:
    with pytest.raises(CheckpointError, match="separate_layers is 4; expected 0 to 3"):
        dataclasses.replace(SHAPE, separate_layers=4)

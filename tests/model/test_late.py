"""Late interaction: words and descriptions meet in a scaled cosine alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.checkpoint import (
    load_backbone,
    load_encoder,
    load_model,
    published_names,
    save_checkpoint,
)
from openbioner_batch.model.config import LateSettings, ModelConfig, WindowSettings
from openbioner_batch.model.encoder import PaddedSequences, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.prepare import check_windows
from openbioner_batch.model.reading import config_from_json, config_to_json
from openbioner_batch.model.variants import VARIANTS, count_parameters

SHAPE = ModelConfig(
    50, 16, 3, 2, 32, positions=40, windows=WindowSettings(30, 20), separate_layers=3, late=LateSettings(8)
)
TEXT, LONGER, DESCRIPTION, OTHER = [2, 5, 6, 7], [2, 5, 6, 7, 8, 9], [2, 8, 9, 3], [2, 11, 12, 13, 14, 3]


def late(**settings: object) -> LateEncoder:
    model = LateEncoder(dataclasses.replace(SHAPE, late=LateSettings(8, **settings)))  # type: ignore[arg-type]
    initialize(model, 1)
    for parameter in (p for p in model.parameters() if p.dim() > 1):
        parameter.data.mul_(8)  # random BERT weights hardly attend
    return model.eval()


def padded(*sequences: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, sequences))
    return (
        torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences]),
        torch.tensor([len(ids) for ids in sequences]),
    )


@torch.no_grad()
def logits(model: LateEncoder, text: list[int], *descriptions: list[int]) -> torch.Tensor:
    return model(*padded(text), *padded(*descriptions))[0]


@pytest.mark.parametrize("shared", [False, True])
def test_a_type_costs_a_cosine_whatever_is_asked_beside_it(shared: bool) -> None:
    model = late(shared_encoder=shared)
    both = logits(model, TEXT, DESCRIPTION, OTHER)
    torch.testing.assert_close(both[:, [0, 1]], logits(model, TEXT, DESCRIPTION), atol=1e-5, rtol=0)
    torch.testing.assert_close(both[:, [0, 2]], logits(model, TEXT, OTHER), atol=1e-5, rtol=0)
    together = model(*padded(TEXT, LONGER), *padded(DESCRIPTION, OTHER))[0, :4]
    torch.testing.assert_close(both, together, atol=1e-5, rtol=0)
    assert not torch.allclose(both, logits(model, LONGER, DESCRIPTION, OTHER)[:4], atol=1e-3)


@torch.no_grad()
def test_evidence_is_the_scaled_cosine_of_a_state_and_the_mean_of_a_description() -> None:
    model = late()
    states = model.text.read_alone(*padded(TEXT), 3)[0]
    mean = model.description.read_alone(*padded(DESCRIPTION), 3)[0].mean(0)
    word, kind = model.text_projection(states), model.description_projection(mean)
    cosine = torch.cosine_similarity(word, kind[None], dim=-1)
    found = logits(model, TEXT, DESCRIPTION)
    torch.testing.assert_close(found[:, 1], model.log_scale.exp() * cosine + model.bias)
    torch.testing.assert_close(found[:, 0], model.background(states)[:, 0])


@pytest.mark.parametrize("settings", [{}, {"shared_encoder": True}, {"competing": True}], ids=str)
def test_a_checkpoint_keeps_it_under_a_name_that_older_programs_refuse(
    tmp_path: Path, settings: dict[str, bool]
) -> None:
    model = late(**settings)
    save_checkpoint(model, tmp_path, tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    assert raw["model_type"] == "openbioner-late"
    assert raw["openbioner_batch"]["separate_layers"] == 3
    assert raw["openbioner_batch"]["late"] == dataclasses.asdict(model.config.late)
    loaded = load_model(tmp_path)
    assert isinstance(loaded, LateEncoder)
    assert loaded.config.late == model.config.late
    assert torch.equal(logits(loaded, TEXT, DESCRIPTION), logits(model, TEXT, DESCRIPTION))
    with pytest.raises(CheckpointError, match="a late-interaction model; expected a cross-encoder"):
        load_encoder(tmp_path)


def test_a_configuration_of_another_program_is_refused_in_one_line() -> None:
    raw = config_to_json(SHAPE)
    raw["openbioner_batch"]["late"]["heads"] = 3
    with pytest.raises(CheckpointError, match="expected projection, shared_encoder, competing"):
        config_from_json(raw, "config.json")
    with pytest.raises(UsageError, match="projection is 0"):
        LateSettings(0)


def test_a_text_and_a_description_need_not_fit_together() -> None:
    assert check_windows(WindowSettings(39, 38), SHAPE) == WindowSettings(39, 38)
    with pytest.raises(UsageError, match="need 41 positions"):
        check_windows(WindowSettings(40, 20), SHAPE)


@pytest.mark.parametrize("shared", [False, True])
def test_it_starts_from_encoders_whose_cosines_it_keeps(tmp_path: Path, shared: bool) -> None:
    donor = late(shared_encoder=True)
    save_checkpoint(donor, tmp_path / "ours", tmp_path)
    tensors = load_file(tmp_path / "ours" / "model.safetensors")
    for name, times in (("one", 1.0), ("two", 2.0)):
        (tmp_path / name).mkdir()
        plain = {key.removeprefix("bert."): times * value for key, value in tensors.items() if key.startswith("bert.")}
        save_file(plain, tmp_path / name / "model.safetensors")
    config = dataclasses.replace(SHAPE, late=LateSettings(16, shared_encoder=shared))
    model = load_backbone(tmp_path / "one", config, 3, None if shared else tmp_path / "two")
    assert isinstance(model, LateEncoder)
    ids = tensors["bert.embeddings.word_embeddings.weight"]
    assert torch.equal(model.text.token_embedding.weight, ids)
    assert torch.equal(model.description_encoder.token_embedding.weight, ids * (1 if shared else 2))
    for size in (8, 16, 24):
        narrow = LateEncoder(dataclasses.replace(SHAPE, late=LateSettings(size)))
        narrow.start_projections(1)
        matrix = narrow.text_projection.weight
        assert torch.equal(matrix, narrow.description_projection.weight)
        product = matrix @ matrix.T if size <= 16 else matrix.T @ matrix
        torch.testing.assert_close(product, torch.eye(min(size, 16)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_sizes_and_names_are_true_for_each_variant(name: str, shared: bool) -> None:
    plain = VARIANTS[name].config
    config = dataclasses.replace(plain, separate_layers=plain.layers, late=LateSettings(128, shared))
    with torch.device("meta"):
        model = LateEncoder(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == count_parameters(config)
    assert set(published_names(config)) == set(model.state_dict())


@pytest.mark.parametrize("shared", [False, True])
@torch.no_grad()
def test_sequences_of_many_lengths_are_read_together_as_each_alone(shared: bool) -> None:
    model = late(shared_encoder=shared)
    texts = [PaddedSequences(*padded(TEXT, LONGER)), PaddedSequences(*padded(LONGER, LONGER, TEXT))]
    descriptions = [PaddedSequences(*padded(OTHER)), PaddedSequences(*padded(DESCRIPTION, OTHER))]
    states, vectors = model.read(texts, descriptions)
    row = 0
    for part in texts:
        for ids, length in zip(part.token_ids, part.lengths, strict=True):
            alone = model.text.read_alone(ids[None, :length], length[None], 3)[0]
            torch.testing.assert_close(states[row : row + int(length)], alone, atol=1e-5, rtol=0)
            row += len(ids)
    assert row == len(states)
    for vector, ids in zip(vectors, [OTHER, DESCRIPTION, OTHER], strict=True):
        alone = model.read([PaddedSequences(*padded(TEXT))], [PaddedSequences(*padded(ids))])[1][0]
        torch.testing.assert_close(vector, alone, atol=1e-5, rtol=0)

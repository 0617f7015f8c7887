"""Encoders with separate layers, arranged for inference, say what the plain one with masks says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from openbioner_batch.model import ModelConfig, WindowSettings, native
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.split import SplitEncoder, Tail

CLS, SEP = 2, 3
LAYERS = 4
TOKENS = [40, 19, 19, 7, 7, 7, 1, 0]
DESCRIPTIONS = [5, 9, 5, 12, 1]
random = np.random.default_rng(3)
TEXTS = [np.append(CLS, random.integers(5, 90, size)) for size in TOKENS]
PLACES = [np.sort(random.choice(size + 1, max(1, size // 2), replace=False)) for size in TOKENS]
TAILS: list[Tail] = [(SEP, *random.integers(5, 90, size).tolist(), SEP) for size in DESCRIPTIONS]


def random_model(separate: int, heads: int = 4, spread: float = 0.2) -> CrossEncoder:
    windows = WindowSettings(text_tokens=40, description_tokens=20)
    config = ModelConfig(
        90, 24, LAYERS, heads, 48, 96, initializer_range=spread, windows=windows, separate_layers=separate
    )
    model = CrossEncoder(config).eval()
    initialize(model, seed=separate)
    generator = torch.Generator().manual_seed(5)
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.data.normal_(0.0, spread, generator=generator)
    return model


@torch.inference_mode()
def plain(model: CrossEncoder, texts: list[np.ndarray], places: list[np.ndarray], tails: list[Tail]) -> np.ndarray:
    """[2, 1 + descriptions, reads] through the module that is trained, one sequence at a time."""
    found = np.zeros((2, 1 + len(tails), sum(map(len, places))), np.float32)
    for column, tail in enumerate([(), *tails]):
        start = 0
        for text, read in zip(texts, places, strict=True):
            ids = torch.tensor([*text.tolist(), *tail])[None]
            segments = (torch.arange(ids.shape[1]) >= len(text)).long()[None]
            hidden = model(ids, segments, torch.tensor([ids.shape[1]]))[0, read]
            heads = (model.evidence, model.against) if column else (model.background, model.background)
            for row, head in enumerate(heads):
                found[row, column, start : start + len(read)] = head(hidden)[:, 0]
            start += len(read)
    found[0, 0] = 0  # evidence of no description
    return found


def compare(found: torch.Tensor, expected: np.ndarray, atol: float = 2e-5) -> None:
    heads = found.float().numpy().copy()
    heads[0, 0] = 0
    np.testing.assert_allclose(heads, expected, atol=atol, rtol=2e-6)


@pytest.mark.parametrize("separate", [1, 2, 3])
@pytest.mark.parametrize("budget", [1, 60, 1 << 20])
@pytest.mark.parametrize("types", [0, 1, 5])
def test_every_number_of_separate_layers_budget_and_number_of_types(separate: int, budget: int, types: int) -> None:
    model = random_model(separate)
    encoder = SplitEncoder(InferenceEncoder(model, torch.float32, "cpu"))
    expected = plain(model, TEXTS, PLACES, TAILS[:types])
    for shifted in (False, True):
        compare(encoder(TEXTS, PLACES, TAILS[:types], budget, shifted), expected)


@pytest.mark.parametrize("separate", [1, 2, 3])
@pytest.mark.parametrize("kernels", ["0", "1"])
def test_bfloat16_is_near_with_kernels_and_without(
    separate: int, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(native.SWITCH, kernels)
    model = random_model(separate, heads=2)
    found = SplitEncoder(InferenceEncoder(model, torch.bfloat16, "cpu"))(TEXTS, PLACES, TAILS, 200)
    expected = plain(model, TEXTS, PLACES, TAILS)
    compare(found, expected, atol=0.1 * float(np.abs(expected).max()))
    assert np.abs(found.numpy() - expected)[:, 1:].mean() < 0.01 * np.abs(expected).max()


@pytest.mark.parametrize("separate", [1, 3])
def test_scores_beyond_floats_are_noticed_and_guarded_against(separate: int) -> None:
    model = random_model(separate, spread=4.0)
    encoder = SplitEncoder(InferenceEncoder(model, torch.float32, "cpu"))
    assert not torch.isfinite(encoder(TEXTS, PLACES, TAILS, 200)).all()
    compare(encoder(TEXTS, PLACES, TAILS, 200, shifted=True), plain(model, TEXTS, PLACES, TAILS))


@pytest.mark.parametrize("separate", [1, 2, 3])
def test_a_text_says_the_same_whatever_it_is_batched_with(separate: int) -> None:
    encoder = SplitEncoder(InferenceEncoder(random_model(separate), torch.float32, "cpu"))
    together = encoder(TEXTS, PLACES, TAILS, 1 << 20)
    start = 0
    for text, read in zip(TEXTS, PLACES, strict=True):
        for number, tail in enumerate(TAILS):
            alone = SplitEncoder(encoder.encoder)([text], [read], [tail], 1 << 20)
            torch.testing.assert_close(
                alone[:, 1], together[:, 1 + number, start : start + len(read)], atol=1e-5, rtol=0
            )
        start += len(read)


def test_a_description_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(3)
    encoder = SplitEncoder(InferenceEncoder(model, torch.float32, "cpu"))
    read: list[int] = []
    compute = SplitEncoder._read

    def counted(self, batch, rows, described, shifted):  # type: ignore[no-untyped-def]
        if described:
            read.extend(number for block in batch.blocks for number in block.windows.tolist())
        return compute(self, batch, rows, described, shifted)

    monkeypatch.setattr(SplitEncoder, "_read", counted)
    first = encoder(TEXTS, PLACES, TAILS[:3], 200)
    assert len(read) == 3
    assert torch.equal(encoder(TEXTS, PLACES, TAILS[:3], 200), first)
    assert len(read) == 3
    again = encoder(TEXTS, PLACES, TAILS[1:], 200)
    assert len(read) == 5
    compare(again, plain(model, TEXTS, PLACES, TAILS[1:]))


def test_without_separate_layers_the_config_says_so() -> None:
    assert dataclasses.replace(random_model(1).config, separate_layers=0).description_start == 41

"""What follows attention, fused by torch's compiler: the same as unfused, and a compiler that fails costs nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model import ModelConfig, ending, fusing
from openbioner_batch.model.encoder import CrossEncoder, Layer, initialize
from openbioner_batch.model.ending import CompiledEnding, Ending
from openbioner_batch.model.fusing import CompiledFunction
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.tagger import check_compiled

DTYPES = (torch.float32, torch.bfloat16)


def model_of(activation: str = "gelu") -> CrossEncoder:
    config = ModelConfig(90, 24, 3, 4, 48, 512, activation=activation, initializer_range=0.2)
    model = CrossEncoder(config).eval()
    initialize(model, seed=3)
    return model


def layer_of(activation: str = "gelu") -> Layer:
    layer = model_of(activation).layers[0]
    assert isinstance(layer, Layer)
    return layer


def arguments(rows: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(rows)
    residual, context = (torch.randn(rows, 24, generator=random) for _ in range(2))
    return residual, context.to(dtype)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was given to torch's compiler, in whose place is one that changes nothing."""
    given: list[Any] = []
    monkeypatch.setattr(torch, "compile", lambda function: given.append(function) or function)
    monkeypatch.setattr(ending, "_fused", CompiledFunction(ending._end))
    return given


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_a_compiled_ending_is_the_plain_one(activation: str, dtype: torch.dtype, compiled: list[Any]) -> None:
    layer = layer_of(activation)
    for rows in (3, 64):
        residual, context = arguments(rows, dtype)
        found = CompiledEnding(layer, activation, dtype, "cpu")(residual, context)
        expected = Ending(layer, activation, dtype, "cpu")(residual.clone(), context)
        for ours, theirs, kind in zip(found, expected, (torch.float32, dtype), strict=True):
            assert ours.dtype == theirs.dtype == kind
            torch.testing.assert_close(ours, theirs, atol=2e-5 if dtype == torch.float32 else 0.05, rtol=0.02)
    assert compiled == [ending._end], "once for all blocks and numbers of rows"


def test_sums_and_norms_are_those_of_their_definition() -> None:
    random = torch.Generator().manual_seed(1)
    hidden, weight, bias = (torch.randn(*shape, generator=random) for shape in ((5, 24), (24,), (24,)))
    added = torch.randn(5, 24, generator=random).bfloat16()
    found, rounded = ending._add_norm(hidden, added, weight, bias, 1e-12)
    whole = hidden + added.float()
    expected = (whole - whole.mean(1, keepdim=True)) / whole.std(1, correction=0, keepdim=True) * weight + bias
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(rounded, found.bfloat16())


def test_the_layers_of_an_encoder_are_compiled_if_that_is_asked_for() -> None:
    model = model_of()
    for asked, kind in ((True, CompiledEnding), (False, Ending)):
        encoder = InferenceEncoder(model, torch.float32, "cpu", asked)
        assert [type(layer._end) for layer in encoder.layers] == [kind] * 3


def test_a_compiler_that_fails_is_said_once_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no Triton here")

    monkeypatch.setattr(torch, "compile", lambda function: refuse)
    one = CompiledFunction(torch.add)
    with caplog.at_level(logging.WARNING):
        found = [one(torch.ones(2), torch.ones(2)) for _ in range(2)]
    assert [tensor.tolist() for tensor in found] == [[2.0, 2.0]] * 2
    messages = [record.message for record in caplog.records]
    assert messages == ["--compile has no effect: torch.compile failed (no Triton here)"]


def test_want_of_memory_is_left_to_those_who_halve(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(torch, "compile", lambda function: refuse)
    with pytest.raises(MemoryError):
        CompiledFunction(torch.add)(torch.ones(2), torch.ones(2))


def test_what_cannot_be_compiled_is_refused() -> None:
    bert = model_of().config
    check_compiled("cuda:1", bert)
    with pytest.raises(UsageError, match="--compile is for GPUs, and the model runs on cpu: leave it out"):
        check_compiled("cpu", bert)
    other = ModelConfig(90, 24, 3, 4, 48, 512, architecture="automodel")
    with pytest.raises(UsageError, match="--compile is for BERT's layers, and this is a model of automodel"):
        check_compiled("cuda", other)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_real_compiler_agrees(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ending, "_fused", fusing.CompiledFunction(ending._end))
    layer = layer_of()
    one, plain = (kind(layer, "gelu", dtype, "cpu") for kind in (CompiledEnding, Ending))
    with caplog.at_level(logging.WARNING), torch.inference_mode():
        for rows in (3, 64, 65, 128):
            residual, context = arguments(rows, dtype)
            found, expected = one(residual, context), plain(residual.clone(), context)
            for ours, theirs in zip(found, expected, strict=True):
                torch.testing.assert_close(ours, theirs, atol=2e-5 if dtype == torch.float32 else 0.05, rtol=0.02)
    if caplog.records:
        pytest.skip(f"torch.compile does not work here: {caplog.records[0].message}")

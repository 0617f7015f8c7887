"""The encoder arranged for inference says what the plain one says, along every way through its attention."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from gpu.devices import emulated_varlen_attention

from openbioner_batch.model import ModelConfig, WindowSettings
from openbioner_batch.model import attention as attention_module
from openbioner_batch.model import inference as inference_module
from openbioner_batch.model.batching import batches
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.layout import ROWS, Layout, lay_out
from openbioner_batch.model.placing import place

CLS, SEP = 2, 3
WINDOWS = [7, 7, 19, 1, 40, 19, 7]
DESCRIPTIONS = [5, 9, 5, 12]


def random_model(layers: int, heads: int = 4, spread: float = 0.2, activation: str = "gelu") -> CrossEncoder:
    windows = WindowSettings(text_tokens=40, description_tokens=20)
    config = ModelConfig(
        90, 24, layers, heads, 48, 96, activation=activation, initializer_range=spread, windows=windows
    )
    model = CrossEncoder(config).eval()
    initialize(model, seed=layers)
    generator = torch.Generator().manual_seed(5)
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.data.normal_(0.0, spread, generator=generator)
    return model


def layouts(budget: int = 1 << 20) -> Iterator[tuple[Layout, list[np.ndarray]]]:
    """Batches of invented windows, and the places that are read of each sequence."""
    random = np.random.default_rng(3)
    texts = [np.append(CLS, random.integers(5, 90, size)) for size in WINDOWS]
    places = [np.sort(random.choice(size + 1, max(1, size // 2), replace=False)) for size in WINDOWS]
    tails = [np.concatenate([[SEP], random.integers(5, 90, size), [SEP]]) for size in DESCRIPTIONS]
    for batch in batches(np.array(WINDOWS), np.array(DESCRIPTIONS), budget):
        layout = lay_out(batch, texts, places, tails)
        yield layout, [places[w] for s in layout.groups for w in batch.blocks[s.block].windows.tolist()]


@pytest.mark.parametrize("budget", [1, 150, 1 << 20])
def test_matrices_have_few_numbers_of_rows(budget: int) -> None:
    for layout, places in layouts(budget):
        assert not any(len(rows) % ROWS for rows in (layout.ids, layout.source, layout.read))
        assert 0 <= len(layout.source) - layout.tokens < ROWS
        assert layout.tokens == sum(group.sequences * group.length for group in layout.groups)
        assert 0 <= len(layout.read) - layout.reads < ROWS
        assert layout.reads >= sum(map(len, places))


@torch.inference_mode()
def plain(model: CrossEncoder, layout: Layout) -> list[np.ndarray]:
    """[3, length] of each sequence, one at a time through the module that is trained."""
    found = []
    for group in layout.groups:
        for row in range(group.sequences):
            start = group.start + row * group.length
            distinct = layout.source[start : start + group.length]
            ids, segments = (torch.from_numpy(part[distinct])[None] for part in (layout.ids, layout.segments))
            hidden = model(ids, segments, torch.tensor([group.length]))[0]
            found.append(
                torch.cat([head(hidden) for head in (model.evidence, model.against, model.background)], 1).T.numpy()
            )
    return found


def compare(model: CrossEncoder, encoder: InferenceEncoder, shifted: bool = False, budget: int = 1 << 20) -> None:
    for layout, sequences in layouts(budget):
        found = encoder(layout, shifted=shifted).numpy()
        assert found.dtype == np.float32
        starts = [s.read_start + row * s.reads for s in layout.groups for row in range(s.sequences)]
        for start, places, expected in zip(starts, sequences, plain(model, layout), strict=True):
            np.testing.assert_allclose(found[:, start : start + len(places)], expected[:, places], atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("budget", [1, 150, 1 << 20])
def test_every_layer_count_and_budget(layers: int, budget: int) -> None:
    model = random_model(layers)
    compare(model, InferenceEncoder(model, torch.float32, "cpu"), budget=budget)


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_every_activation_and_a_head_size_of_no_power_of_two(activation: str) -> None:
    model = random_model(2, heads=2, activation=activation)
    compare(model, InferenceEncoder(model, torch.float32, "cpu"))


def test_products_without_packed_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    model = random_model(2)
    compare(model, InferenceEncoder(model, torch.float32, "cpu"))


def test_windows_are_attended_to_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_module, "_SCORES_AT_ONCE", 500)
    model = random_model(3)
    compare(model, InferenceEncoder(model, torch.float32, "cpu"))


def test_the_way_of_other_devices_through_torchs_own_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        inference_module,
        "attend",
        lambda q, k, v, placed, reads_only, shifted: attention_module.attend_with_torch(
            q, k, v, placed.layout.groups, reads_only
        ),
    )
    model = random_model(3)
    compare(model, InferenceEncoder(model, torch.float32, "cpu"), shifted=True)


@pytest.mark.parametrize("size", [16, 26])
@pytest.mark.parametrize("reads_only", [False, True])
def test_the_packed_attention_of_gpus_agrees_with_that_of_cpus(
    size: int, reads_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", emulated_varlen_attention)
    random = torch.Generator().manual_seed(size)
    for layout, _ in layouts():
        placed = place(layout, torch.device("cpu"))
        rows = len(layout.read) if reads_only else len(layout.source)
        query, key, value = (
            torch.randn(count, 3, size, generator=random) for count in (rows, len(layout.source), len(layout.source))
        )
        real = layout.reads if reads_only else layout.tokens
        expected = attention_module.attend(query, key, value, placed, reads_only, shifted=True)
        found = attention_module.attend_packed(query, key, value, placed, reads_only)
        torch.testing.assert_close(found[:real], expected[:real], atol=3e-6, rtol=0)


def test_scores_beyond_floats_are_noticed_and_guarded_against() -> None:
    model = random_model(2, spread=4.0)
    encoder = InferenceEncoder(model, torch.float32, "cpu")
    (layout, _) = next(layouts())
    assert not torch.isfinite(encoder(layout)).all()
    guarded = encoder(layout, shifted=True)
    assert torch.isfinite(guarded).all()
    compare(model, encoder, shifted=True)


def test_bfloat16_is_near() -> None:
    model = random_model(4)
    for layout, _ in layouts():
        exact, near = (InferenceEncoder(model, dtype, "cpu")(layout) for dtype in (torch.float32, torch.bfloat16))
        assert near.dtype == torch.float32
        assert (exact - near).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shifted", [False, True])
def test_what_stands_in_fresh_memory_reaches_no_result(dtype: torch.dtype, shifted: bool) -> None:
    windows = WindowSettings(text_tokens=40, description_tokens=20)
    model = CrossEncoder(ModelConfig(90, 312, 2, 12, 600, 96, windows=windows)).eval()  # 312: no multiple of 32
    initialize(model, seed=1)
    encoder = InferenceEncoder(model, dtype, "cpu")
    was = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)  # fresh memory is full of NaN
    try:
        assert torch.empty(3).isnan().all()
        for layout, _ in layouts():
            assert len(layout.read) > layout.reads
            assert torch.isfinite(encoder(layout, shifted)).all()
    finally:
        torch.use_deterministic_algorithms(was)

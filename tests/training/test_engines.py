"""Plain torch steps: passes are averaged, rates are followed, and a state that was kept goes on as if never left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from openbioner_batch.training.engines import PlainEngine
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.settings_file import build


class Model(nn.Module):
    """One weight in the encoder and one in a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"layers": nn.Linear(3, 3), "evidence": nn.Linear(3, 1)})

    def forward(self, batch: Tensor) -> Tensor:
        return self.encoder["evidence"](self.encoder["layers"](batch).relu()).square().mean()


def engine(accumulation: int = 1, **schedule: Any) -> PlainEngine:
    torch.manual_seed(0)
    raw = {
        "storage": "r",
        "start": {"encoder": "e"},
        "sources": [{"path": "p"}],
        "batch": {"accumulation": accumulation},
        "schedule": {"steps": 10, "encoder_rate": 1e-2, "head_rate": 1e-1, **schedule},
    }
    return PlainEngine(Model(), build(PretrainSettings, raw), torch.device("cpu"))


BATCHES = torch.randn(20, 8, 3, generator=torch.Generator().manual_seed(1))


def weights(one: PlainEngine) -> list[float]:
    return [value for tensor in one.module.state_dict().values() for value in tensor.flatten().tolist()]


def test_accumulated_passes_are_one_larger_pass() -> None:
    parts, whole = engine(accumulation=2), engine()
    for batch in BATCHES[:2]:
        parts.accumulate(batch)
    parts.step(1.0)
    whole.accumulate(BATCHES[:2].reshape(16, 3))
    whole.step(1.0)
    assert weights(parts) == pytest.approx(weights(whole), abs=1e-6)


def test_encoder_and_heads_have_rates_of_their_own() -> None:
    one = engine(weight_decay=0.0)
    before = {name: tensor.clone() for name, tensor in one.module.state_dict().items()}
    one.accumulate(BATCHES[0])
    one.step(0.5)
    moved = {name: (tensor - before[name]).abs().max() for name, tensor in one.module.state_dict().items()}
    # The first step of Adam is as long as its rate.
    assert float(moved["encoder.layers.weight"]) == pytest.approx(0.5e-2, rel=1e-3)
    assert float(moved["encoder.evidence.weight"]) == pytest.approx(0.5e-1, rel=1e-3)


def test_a_kept_state_goes_on_as_if_never_left(tmp_path: Path) -> None:
    whole, first, second = engine(), engine(), engine()
    for batch in BATCHES:
        whole.accumulate(batch)
        whole.step(1.0)
    for batch in BATCHES[:9]:
        first.accumulate(batch)
        first.step(1.0)
    first.save(tmp_path)
    second.load(tmp_path)
    for batch in BATCHES[9:]:
        second.accumulate(batch)
        second.step(1.0)
    assert weights(second) == pytest.approx(weights(whole), abs=1e-7)

"""Entries become files: a resumed run's replace those of the steps that it repeats; and they are shown."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from openbioner_batch.engine.store import Store
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.training.display import Display, draw_curves
from openbioner_batch.training.flops import peak_flops, training_flops
from openbioner_batch.training.monitor import METRICS, TENSORBOARD, Metrics

ENTRY = {"loss": 0.5, "tokens_per_second": 1000.0, "text_tokens_per_second": 90.0, "mfu": 0.123}


def steps(store: Store) -> list[tuple[int, float]]:
    entries = [json.loads(line) for line in store.get(METRICS).splitlines()]
    return [(entry["step"], entry["loss"]) for entry in entries]


def test_a_resumed_run_replaces_the_steps_that_it_repeats(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    first = Metrics(store, resumed=False)
    for step in (5, 10, 15):
        first.add({**ENTRY, "step": step})
    first.close()
    second = Metrics(store, resumed=True)
    second.add({**ENTRY, "step": 15, "loss": 0.25})
    second.add({"step": 15, "f1": 0.75})
    second.add({**ENTRY, "step": 20})
    second.close()
    assert steps(store) == [(5, 0.5), (10, 0.5), (15, 0.25), (20, 0.5)]
    assert second.entries[2]["f1"] == 0.75
    assert list((tmp_path / TENSORBOARD).glob("events.*"))


def test_without_a_terminal_each_entry_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    # Steps 5 and 10 were done before the run was resumed and are told at once; the next five take 20 s.
    clock = iter([100.0, 100.1, 120.1, 120.1, 120.1])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with Display(40, stream) as display:
        display.show({**ENTRY, "step": 5})
        display.show({**ENTRY, "step": 10})
        display.show({**ENTRY, "step": 15})
        display.show({"step": 15, "f1": 0.5})
    first, second, third, fourth = stream.getvalue().splitlines()
    assert first.startswith("step 5/40  loss 0.5000  tokens/s 1,000  text tokens/s 90  MFU 12.3%")
    assert first.endswith("left -")
    assert second.endswith("left -")
    assert third.endswith("left 0:01:40")
    assert "F1 0.500 at 15" in fourth


def test_a_terminal_gets_a_live_view() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with Display(40, stream) as display:
        display.show({**ENTRY, "step": 5})
    assert "5/40" in stream.getvalue()


def test_curves_are_a_picture() -> None:
    pytest.importorskip("matplotlib")
    image = draw_curves([{**ENTRY, "step": 5}, {**ENTRY, "step": 10, "f1": 0.5}])
    assert image is not None
    assert image.startswith(b"\x89PNG")


def test_operations_are_those_that_torch_counts(cross_encoder: CrossEncoder) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    config: ModelConfig = cross_encoder.config
    lengths = np.full(3, 40)
    counter = FlopCounterMode(display=False)
    with counter, torch.enable_grad():
        ids = torch.ones(3, 40, dtype=torch.int64)
        cross_encoder(ids, torch.zeros_like(ids), torch.from_numpy(lengths)).sum().backward()
    cross_encoder.zero_grad(set_to_none=True)
    assert training_flops(config, lengths) == pytest.approx(counter.get_total_flops(), rel=0.02)


def test_a_processors_rate_is_measured() -> None:
    peak = peak_flops(torch.device("cpu"), "float32")
    assert peak is not None
    assert 1e8 < peak < 1e15

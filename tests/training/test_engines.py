"""Plain torch steps: passes are averaged, rates are followed, and a kept state continues as if uninterrupted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import Encoder
from openbioner_batch.model.prepare import WindowSettings
from openbioner_batch.settings import build
from openbioner_batch.training.engines import PlainEngine
from openbioner_batch.training.settings import PretrainSettings


class Model(nn.Module):
    """One weight in the encoder and one in a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict({"layers": nn.Linear(3, 3), "evidence": nn.Linear(3, 1)})

    def forward(self, batch: Tensor) -> Tensor:
        return self.encoder["evidence"](self.encoder["layers"](batch).relu()).square().mean()


def engine(accumulation: int = 1, **schedule: Any) -> PlainEngine:
    torch.manual_seed(0)
    return engine_of(Model(), accumulation, **schedule)


def engine_of(module: nn.Module, accumulation: int = 1, **schedule: Any) -> PlainEngine:
    raw = {
        "output": "r",
        "start": {"encoder": "e"},
        "sources": [{"path": "p"}],
        "batch": {"accumulation": accumulation},
        "schedule": {"steps": 10, "encoder_rate": 1e-2, "head_rate": 1e-1, **schedule},
    }
    return PlainEngine(module, build(PretrainSettings, raw), torch.device("cpu"))


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


def test_vectors_of_letter_case_learn_at_the_rate_of_heads() -> None:
    windows = WindowSettings(text_tokens=8, description_tokens=8)
    shape = ModelConfig(30, 8, 1, 2, 8, windows=windows, letter_case=True)
    module = nn.Module()
    module.encoder = nn.ModuleDict({"text": Encoder(shape), "evidence": nn.Linear(8, 1)})
    rates = {id(p): group["lr"] for group in engine_of(module)._optimizer.param_groups for p in group["params"]}

    at_head_rate = {name for name, p in module.named_parameters() if rates[id(p)] == 1e-1}
    assert at_head_rate == {"encoder.text.case_embedding.weight", "encoder.evidence.weight", "encoder.evidence.bias"}


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


def gradients_at(one: PlainEngine, step: Any) -> dict[str, Tensor]:
    """What the optimizer is given in a step."""
    given: dict[str, Tensor] = {}
    hook = one._optimizer.register_step_pre_hook(
        lambda *_: given.update({name: p.grad.clone() for name, p in one.module.named_parameters()})
    )
    step()
    hook.remove()
    return given


def norm(gradients: dict[str, Tensor]) -> float:
    return float(torch.stack([gradient.norm() for gradient in gradients.values()]).norm())


def test_gradients_longer_than_the_clip_are_cut_to_it_and_others_left() -> None:
    for clip, cut in ((1e-3, True), (1e3, False)):
        clipped, free = engine(clip=clip), engine(clip=0.0)
        for one in (clipped, free):
            one.accumulate(BATCHES[0])
        found, whole = (gradients_at(one, lambda one=one: one.step(1.0)) for one in (clipped, free))
        assert norm(found) == pytest.approx(clip if cut else norm(whole), rel=1e-3)
        share = norm(found) / norm(whole)
        for name, gradient in whole.items():
            torch.testing.assert_close(found[name], share * gradient, atol=1e-6, rtol=1e-3)


def one_worker(rank: int, store: str, result: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    one = engine(clip=0.0)
    one._workers = 2
    one.accumulate(BATCHES[rank])
    torch.save(gradients_at(one, lambda: one.step(1.0)), result)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def test_two_workers_step_by_the_mean_of_their_gradients(tmp_path: Path) -> None:
    commands = [[sys.executable, __file__, rank, str(tmp_path / "store"), str(tmp_path / rank)] for rank in "01"]
    for worker in [subprocess.Popen(command) for command in commands]:
        assert worker.wait(200) == 0
    alone = []
    for batch in BATCHES[:2]:
        one = engine(clip=0.0)
        one.accumulate(batch)
        alone.append(gradients_at(one, lambda one=one: one.step(1.0)))
    for rank in "01":
        found = torch.load(tmp_path / rank, weights_only=True)
        for name, gradient in alone[0].items():
            torch.testing.assert_close(found[name], (gradient + alone[1][name]) / 2, atol=1e-6, rtol=1e-5)


def test_steps_in_fp16_scale_their_loss_and_leave_out_what_overflows(tmp_path: Path) -> None:
    raw = {
        "output": "r",
        "start": {"encoder": "e"},
        "sources": [{"path": "p"}],
        "schedule": {"steps": 10, "encoder_rate": 1e-2, "head_rate": 1e-1},
        "parallel": {"devices": "gpu", "dtype": "float16"},
    }
    torch.manual_seed(0)
    first, second = (PlainEngine(Model(), build(PretrainSettings, raw), torch.device("cpu")) for _ in range(2))
    before = weights(first)
    first.accumulate(BATCHES[0] * torch.inf)
    first.step(1.0)
    assert weights(first) == before
    first.accumulate(BATCHES[0])
    first.step(1.0)
    assert weights(first) != before
    first.save(tmp_path)
    second.load(tmp_path)
    for one in (first, second):
        one.accumulate(BATCHES[1])
        one.step(1.0)
    assert weights(second) == weights(first)


@pytest.mark.slow
def test_zero_1_in_bf16_keeps_master_weights_that_are_exported_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deepspeed", reason="the train extra is not installed")
    from openbioner_batch.training.engines import DeepSpeedEngine
    from openbioner_batch.training.export import open_state

    raw = {
        "output": "r",
        "start": {"encoder": "e"},
        "sources": [{"path": "p"}],
        "batch": {"accumulation": 2},
        "schedule": {"steps": 10, "encoder_rate": 1e-3, "head_rate": 1e-2},
        "parallel": {"zero_stage": 1, "dtype": "bfloat16"},
    }

    def train(one: DeepSpeedEngine, passes: Tensor) -> None:
        for number, batch in enumerate(passes):
            one.accumulate(batch.bfloat16())
            if number % 2:
                one.step(1.0)

    def begin() -> DeepSpeedEngine:
        torch.manual_seed(0)
        return DeepSpeedEngine(Model(), build(PretrainSettings, raw), torch.device("cpu"))

    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):  # as Ray Train sets them
        monkeypatch.setenv(name, "1" if name == "WORLD_SIZE" else "0")
    torch.distributed.init_process_group("gloo", f"file://{tmp_path / 'group'}", rank=0, world_size=1)
    try:
        first = begin()
        train(first, BATCHES[:6])
        (tmp_path / "half").mkdir()
        first.save(tmp_path / "half")
        kept = {name: tensor.read() for name, tensor in open_state(tmp_path / "half").items()}
        second = begin()
        second.load(tmp_path / "half")
        for one in (first, second):
            train(one, BATCHES[6:12])
        ours, theirs = (dict(one.module.named_parameters()) for one in (first, second))
    finally:
        torch.distributed.destroy_process_group()
    assert all(tensor.dtype == torch.float32 for tensor in kept.values())
    assert any(not torch.equal(tensor, tensor.bfloat16().float()) for tensor in kept.values()), "more than 8 bits"
    assert ours.keys() == kept.keys()
    for name, tensor in ours.items():
        assert tensor.dtype == torch.bfloat16
        assert torch.equal(tensor, theirs[name])


if __name__ == "__main__":
    one_worker(int(sys.argv[1]), *sys.argv[2:])

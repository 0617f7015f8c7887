"""Backward passes and optimizer steps: plain torch, or DeepSpeed with sharded states. One interface for the loop."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from openbioner_batch.training.objective import HEADS, LATE_HEADS
from openbioner_batch.training.settings import PretrainSettings, Schedule

MODEL_FILE = "model.pt"
OPTIMIZER_FILE = "optimizer.pt"
SCALER_FILE = "scaler.pt"
TAG = "state"
_HEADS = {*HEADS, *LATE_HEADS}


class Engine(Protocol):
    """What the loop needs of an engine."""

    module: Any

    def accumulate(self, batch: Any) -> Tensor:
        """Forward and backward of one pass; its loss, detached."""

    def step(self, factor: float) -> None:
        """One optimizer step with `factor` times the peak rates, with the accumulated gradients."""

    def precision(self) -> AbstractContextManager[Any]:
        """The number format in which the module is evaluated."""

    def save(self, folder: Path) -> None:
        """This worker's part of the state into `folder`, to be merged with the other workers'."""

    def load(self, folder: Path) -> None:
        """The state from a merged folder."""


def rate_factor(step: int, steps: int, schedule: Schedule) -> float:
    """Fraction of the peak learning rate at `step` of `steps`."""
    if schedule.kind == "constant":
        return 1.0
    rise = min(1.0, (step + 1) / max(1, schedule.warmup_steps))
    if schedule.kind == "warmup":
        return rise
    fall = schedule.decay_steps or max(1, steps - schedule.warmup_steps)
    return rise * max(0.0, min(1.0, (steps - step) / fall))


def make_engine(module: nn.Module, settings: PretrainSettings, device: torch.device) -> Engine:
    """The engine that `settings.parallel` names; `module` is moved to `device`."""
    module.to(device)
    engine = DeepSpeedEngine if settings.parallel.zero_stage else PlainEngine
    return engine(module, settings, device)


def _optimizer(module: nn.Module, schedule: Schedule, fused: bool) -> torch.optim.Optimizer:
    groups = []
    for heads, rate in ((False, schedule.encoder_rate), (True, schedule.head_rate)):
        parameters = [p for n, p in module.named_parameters() if p.requires_grad and _learns_as_head(n) == heads]
        if parameters:
            groups.append({"params": parameters, "peak": rate, "lr": rate})
    return torch.optim.AdamW(groups, weight_decay=schedule.weight_decay, fused=fused)


def _learns_as_head(name: str) -> bool:
    """Whether a parameter was not pretrained: the heads', and the vectors of letter case, which start at zero."""
    return not name.startswith("encoder.") or name.split(".")[1] in _HEADS or "case_embedding" in name


def _set_rates(groups: Sequence[dict[str, Any]], factor: float) -> None:
    for group in groups:
        group["lr"] = group["peak"] * factor


class PlainEngine:
    """Weights and states whole on every worker, gradients averaged between them; bfloat16 and float16 by autocast.

    Args:
        module: what is trained, on `device` already.
        settings: of the run.
        device: where this worker computes.
    """

    def __init__(self, module: nn.Module, settings: PretrainSettings, device: torch.device) -> None:
        self.module = module
        self._device = device
        self._dtype = getattr(torch, settings.parallel.dtype)
        self._optimizer = _optimizer(module, settings.schedule, fused=True)
        self._accumulation = settings.batch.accumulation
        self._clip = settings.schedule.clip
        self._workers = settings.parallel.workers
        # Gradients in float16 would vanish unscaled. Steps whose gradients are not finite are left out.
        self._scaler = torch.amp.GradScaler(device.type, enabled=settings.parallel.dtype == "float16")

    def precision(self) -> AbstractContextManager[Any]:
        """Autocast, except for float32."""
        return torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32)

    def accumulate(self, batch: Any) -> Tensor:
        """Forward and backward of one pass; its loss, detached and not divided."""
        with self.precision():
            loss = self.module(batch)
        self._scaler.scale(loss / self._accumulation).backward()
        return loss.detach()

    def step(self, factor: float) -> None:
        """Average gradients over the workers, clip them, and step."""
        parameters = [p for p in self.module.parameters() if p.requires_grad]
        if self._workers > 1:
            self._average(parameters)
        self._scaler.unscale_(self._optimizer)
        if self._clip:
            torch.nn.utils.clip_grad_norm_(parameters, self._clip)
        _set_rates(self._optimizer.param_groups, factor)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)

    def _average(self, parameters: list[nn.Parameter]) -> None:
        flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
        torch.distributed.all_reduce(flat)
        flat /= self._workers
        for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
            parameter.grad = part.view_as(parameter)

    def save(self, folder: Path) -> None:
        """Weights, optimizer and loss scale, by worker 0 alone: all workers hold the same."""
        if not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0:
            torch.save(self.module.state_dict(), folder / MODEL_FILE)
            torch.save(self._optimizer.state_dict(), folder / OPTIMIZER_FILE)
            if self._scaler.is_enabled():
                torch.save(self._scaler.state_dict(), folder / SCALER_FILE)

    def load(self, folder: Path) -> None:
        """The state of `save`, but with the settings' rates: a resumed run may change them."""
        self.module.load_state_dict(torch.load(folder / MODEL_FILE, map_location="cpu", weights_only=True))
        peaks = [group["peak"] for group in self._optimizer.param_groups]
        self._optimizer.load_state_dict(torch.load(folder / OPTIMIZER_FILE, map_location="cpu", weights_only=True))
        for group, peak in zip(self._optimizer.param_groups, peaks, strict=True):
            group["peak"] = peak  # a resumed run may change its rates
        if self._scaler.is_enabled():
            self._scaler.load_state_dict(torch.load(folder / SCALER_FILE, weights_only=True))


class DeepSpeedEngine:
    """ZeRO 1 or 2: optimizer states, and gradients, sharded over the workers; master weights in float32.

    Args:
        module: what is trained, on `device` already.
        settings: of the run.
        device: where this worker computes.
    """

    def __init__(self, module: nn.Module, settings: PretrainSettings, device: torch.device) -> None:
        if device.type == "cpu":
            os.environ["DS_ACCELERATOR"] = "cpu"
        os.environ.setdefault("DS_BUILD_OPS", "0")
        import deepspeed
        import deepspeed.ops

        # Compiled at run time otherwise, which takes a minute and a C++ compiler.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        precision = settings.parallel.dtype
        config = {
            "train_micro_batch_size_per_gpu": 1,
            "gradient_accumulation_steps": settings.batch.accumulation,
            "gradient_clipping": settings.schedule.clip,
            "zero_optimization": {"stage": settings.parallel.zero_stage},
            "zero_allow_untested_optimizer": True,
            "bf16": {"enabled": precision == "bfloat16"},
            "data_types": {"grad_accum_dtype": "fp32"},  # sums of many passes' gradients need more than 8 bits
            "fp16": {"enabled": precision == "float16"},
            "steps_per_print": 1 << 60,
        }
        optimizer = _optimizer(module, settings.schedule, fused=False)
        self._peaks = [group["peak"] for group in optimizer.param_groups]
        self._accumulation = settings.batch.accumulation
        self._engine, *_ = deepspeed.initialize(
            model=module, optimizer=optimizer, config=config, dist_init_required=False
        )
        self.module = self._engine.module

    def precision(self) -> AbstractContextManager[Any]:
        """No autocast: DeepSpeed casts the module."""
        return nullcontext()  # its weights have the format themselves

    def accumulate(self, batch: Any) -> Tensor:
        """Forward and backward of one pass, counted by DeepSpeed; its loss, detached."""
        loss = self._engine(batch)
        self._engine.backward(loss)
        if not self._engine.is_gradient_accumulation_boundary():
            self._engine.step()  # counts the pass; the last one of a step is counted by `step`
        return loss.detach()

    def step(self, factor: float) -> None:
        """Set the rates, and let DeepSpeed average, clip and step."""
        groups = self._engine.optimizer.param_groups
        for group, peak in zip(groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        self._engine.step()

    def save(self, folder: Path) -> None:
        """This worker's shard of the state, in DeepSpeed's own layout."""
        (folder / TAG).mkdir(exist_ok=True)
        self._engine.save_checkpoint(str(folder), tag=TAG)

    def load(self, folder: Path) -> None:
        """This worker's shard of the state of `save`."""
        self._engine.load_checkpoint(str(folder), tag=TAG)

"""What each worker does: steps, checkpoints and validation, on its share of the passes."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from openbioner_batch.model.checkpoint import Model
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.training.engines import Engine, make_engine, rate_factor
from openbioner_batch.training.flops import peak_flops, training_flops
from openbioner_batch.training.masked import MaskedObjective
from openbioner_batch.training.objective import TaggingObjective
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.separate import SharedObjective, Teacher
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.start import starting_model
from openbioner_batch.training.steps import Pass, parts_of
from openbioner_batch.training.validation import count_spans, f1

STATE_FILE = "training.json"
NO_F1 = -1.0
"""Score of a checkpoint that was not validated: never the best."""


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What a worker is told.

    Attributes:
        settings: of the run.
        steps: optimizer steps in all.
        monitor: the `Monitor` actor.
        validation: reference to the batches that F1 is measured on.
        threads: of torch, on a CPU.
    """

    settings: PretrainSettings
    steps: int
    monitor: Any
    validation: Any
    threads: int


def train_worker(config: dict[str, Any]) -> None:
    """Ray Train's training function: `config["task"]` is a `WorkerTask`."""
    Worker(config["task"]).train()


class Worker:
    """One of the processes that train side by side."""

    def __init__(self, task: WorkerTask) -> None:
        import ray
        import ray.train
        import ray.train.torch

        self._task = task
        self._settings = task.settings
        context = ray.train.get_context()
        self._rank, self._workers = context.get_world_rank(), context.get_world_size()
        self._device = ray.train.torch.get_device()
        if self._device.type == "cpu":
            torch.set_num_threads(task.threads)
        encoder = starting_model(self._settings)
        self._config = encoder.config
        tagging = self._settings.recipe.objective == "tagging"
        self._engine: Engine = make_engine(self._objective(encoder), self._settings, self._device)
        self._validation: Sequence[TaggingBatch | SharedBatch] = ray.get(task.validation)[self._rank :: self._workers]
        self._validated = bool(self._settings.validation.silver or self._settings.validation.iob) and tagging
        self._peak = peak_flops(self._device, self._settings.parallel.precision)
        self._meter = Meter()
        self._saved = time.monotonic()
        self._entries: list[dict[str, Any]] = []  # since the last checkpoint, which keeps them if the driver dies

    def _objective(self, encoder: Model) -> torch.nn.Module:
        recipe = self._settings.recipe
        if encoder.config.separate_layers and recipe.objective == "tagging":
            teacher = Teacher(recipe.distillation, self._device) if recipe.distillation else None
            return SharedObjective(encoder, recipe, teacher)
        assert not isinstance(encoder, LateEncoder)
        if recipe.objective == "tagging":
            return TaggingObjective(encoder, recipe.no_entity_weight)
        assert isinstance(encoder, CrossEncoder)
        return MaskedObjective(encoder)

    def train(self) -> None:
        """From the latest checkpoint, where there is one, to the last step."""
        import ray
        import ray.train

        first = self._restore()
        parts = first * self._workers
        if self._rank == 0:
            ray.get(self._task.monitor.begin.remote(parts))
        self._sum(torch.zeros(1))  # nobody reads before the beginning is told
        shard = ray.train.get_dataset_shard("passes")
        rows = shard.iter_rows()
        source = parts_of(rows, parts + self._rank, self._workers)
        for step, passes in zip(range(first, self._task.steps), source, strict=False):
            self._step(step, passes)
            self._after(step + 1)

    def _step(self, step: int, passes: Sequence[Pass]) -> None:
        # Dropout is a function of step and worker, so that a resumed run draws what an uninterrupted one does.
        torch.manual_seed((self._settings.seed * 1_000_003 + step) * 4099 + self._rank)
        self._engine.module.train()
        for batch in passes:
            loss = self._engine.accumulate(batch)
            self._meter.add(batch, loss, pass_flops(self._config, batch))
        self._engine.step(rate_factor(step, self._task.steps, self._settings.schedule))

    def _after(self, done: int) -> None:
        last = done == self._task.steps
        score = NO_F1
        validate = self._validated and (last or done % self._settings.validation.every_steps == 0)
        save = validate or last or self._is_due(done)
        if save or done % self._settings.log_every == 0:
            self._log(done)
        if validate:
            score = self._score(done)
        if save:
            self._save(done, score)

    def _is_due(self, done: int) -> bool:
        wanted = self._settings.checkpoints
        if wanted.every_steps and done % wanted.every_steps == 0:
            return True
        if wanted.every_minutes is None:
            return False
        late = self._rank == 0 and time.monotonic() - self._saved > wanted.every_minutes * 60
        return bool(self._sum(torch.tensor([float(late)]))[0])

    def _log(self, done: int) -> None:
        """Sums over the workers since the last entry become one."""
        loss, passes, text, tokens, flops = self._sum(self._meter.totals()).tolist()
        seconds = self._meter.restart()
        entry = {
            "step": done,
            "loss": loss / max(1.0, passes),
            "rate": rate_factor(done - 1, self._task.steps, self._settings.schedule)
            * self._settings.schedule.encoder_rate,
            "text_tokens_per_second": text / seconds,
            "tokens_per_second": tokens / seconds,
        }
        if self._peak:
            entry["mfu"] = flops / seconds / (self._peak * self._workers)
        self._report(entry)

    def _score(self, done: int) -> float:
        self._engine.module.eval()
        counts = torch.zeros(3)
        with torch.no_grad(), self._engine.precision():
            for batch in self._validation:
                counts += torch.tensor(count_spans(batch, self._engine.module.predict(batch)))
        gold, predicted, correct = (int(count) for count in self._sum(counts))
        score = f1(gold, predicted, correct)
        quality = {"precision": correct / max(1, predicted), "recall": correct / max(1, gold)}
        self._report({"step": done, "f1": score, **quality})
        self._meter.restart()
        return score

    def _report(self, entry: dict[str, Any]) -> None:
        if self._rank == 0:
            import ray

            self._entries.append(entry)
            ray.get(self._task.monitor.report.remote(entry))

    def _save(self, done: int, score: float) -> None:
        import ray.train

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._engine.save(folder)
            if self._rank == 0:
                (folder / STATE_FILE).write_text(json.dumps({"step": done, "entries": self._entries}))
                self._entries.clear()
            checkpoint = ray.train.Checkpoint.from_directory(folder) if os.listdir(folder) else None
            metrics = {"step": done, "f1": score}
            ray.train.report(metrics, checkpoint=checkpoint, checkpoint_dir_name=f"step-{done:08}")
        self._saved = time.monotonic()
        self._meter.restart()

    def _restore(self) -> int:
        import ray.train

        checkpoint = ray.train.get_checkpoint()
        if checkpoint is None:
            return 0
        with checkpoint.as_directory() as name:
            self._engine.load(Path(name))
            state = json.loads((Path(name) / STATE_FILE).read_text())
        for entry in state["entries"]:
            self._report(entry)
        self._entries.clear()
        return int(state["step"])

    def _sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the workers."""
        if self._workers == 1:
            return values
        values = values.to(self._device)
        torch.distributed.all_reduce(values)
        return values.cpu()


def pass_flops(config: ModelConfig, batch: Pass) -> float:
    """Operations of a pass: in separate layers once for each text and description, in joint ones for each pair."""
    if not isinstance(batch, SharedBatch):
        return training_flops(config, batch.sequence_lengths)
    separate = config.separate_layers
    return training_flops(config, batch.sequence_lengths, separate) + training_flops(
        config, batch.pair_lengths, config.layers - separate
    )


class Meter:
    """Losses and amounts since the last entry of the log; losses stay on their device until they are asked for."""

    def __init__(self) -> None:
        self._clear()
        self._began = time.monotonic()

    def _clear(self) -> None:
        self._losses: list[torch.Tensor] = []
        self._text = self._tokens = 0
        self._flops = 0.0

    def add(self, batch: Pass, loss: torch.Tensor, flops: float) -> None:
        """Count a pass."""
        self._losses.append(loss)
        self._text += batch.text_tokens
        self._tokens += int(batch.sequence_lengths.sum())
        self._flops += flops

    def totals(self) -> torch.Tensor:
        """[5] loss, passes, text tokens, encoder tokens, operations."""
        loss = float(torch.stack(self._losses).double().sum()) if self._losses else 0.0
        return torch.tensor([loss, len(self._losses), self._text, self._tokens, self._flops], dtype=torch.float64)

    def restart(self) -> float:
        """Begin anew; the seconds since the last beginning."""
        now = time.monotonic()
        seconds, self._began = now - self._began, now
        self._clear()
        return max(seconds, 1e-9)

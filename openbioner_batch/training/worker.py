"""The loop of each worker: steps, checkpoints and validation, on its share of the passes."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.models import Model
from openbioner_batch.training.engines import Engine, make_engine, rate_factor
from openbioner_batch.training.flops import peak_flops, training_flops
from openbioner_batch.training.hosts import Host
from openbioner_batch.training.masked import MaskedObjective
from openbioner_batch.training.monitor import Entry
from openbioner_batch.training.objective import TaggingObjective
from openbioner_batch.training.passes import Pass
from openbioner_batch.training.separate import SharedObjective, Teacher
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.start import starting_model
from openbioner_batch.training.validation import count_spans, f1

STATE_FILE = "training.json"
NO_F1 = -1.0
"""Score of a checkpoint that was not validated: never the best."""


class Worker:
    """One of the processes that train together.

    Args:
        settings: of the run.
        steps: optimizer steps in all.
        host: where it runs.
    """

    def __init__(self, settings: PretrainSettings, steps: int, host: Host) -> None:
        self._settings, self._steps, self._host = settings, steps, host
        encoder = starting_model(settings)
        self._config = encoder.config
        tagging = settings.recipe.objective == "tagging"
        self._engine: Engine = make_engine(self._objective(encoder), settings, host.device)
        self._validation = host.validation()
        self._validated = bool(settings.validation.silver or settings.validation.iob) and tagging
        self._peak = peak_flops(host.device, settings.parallel.dtype)
        self._meter = Meter()
        self._saved = time.monotonic()
        self._entries: list[Entry] = []  # since the last checkpoint, which keeps them if the driver dies

    def _objective(self, encoder: Model) -> torch.nn.Module:
        recipe = self._settings.recipe
        if encoder.config.separate_layers and recipe.objective == "tagging":
            teacher = Teacher(recipe.distillation, self._host.device) if recipe.distillation else None
            return SharedObjective(encoder, recipe, teacher)
        assert not isinstance(encoder, LateEncoder)
        if recipe.objective == "tagging":
            return TaggingObjective(encoder, recipe.no_entity_weight)
        assert isinstance(encoder, CrossEncoder)
        return MaskedObjective(encoder)

    def train(self) -> None:
        """From the latest checkpoint, where there is one, to the last step."""
        first = self._restore()
        source = self._host.parts(first * self._host.workers)
        for step, passes in zip(range(first, self._steps), source, strict=False):
            self._step(step, passes)
            self._after(step + 1)

    def _step(self, step: int, passes: Sequence[Pass]) -> None:
        # dropout is a function of step and worker, so that a resumed run equals an uninterrupted one
        torch.manual_seed((self._settings.seed * 1_000_003 + step) * 4099 + self._host.rank)
        self._engine.module.train()
        for batch in passes:
            loss = self._engine.accumulate(batch)
            self._meter.add(batch, loss, pass_flops(self._config, batch))
        self._engine.step(rate_factor(step, self._steps, self._settings.schedule))

    def _after(self, done: int) -> None:
        """Log, validate and save when due. Between log entries the workers exchange only gradients."""
        last = done == self._steps
        score = NO_F1
        wanted = self._settings.checkpoints
        validate = self._validated and (last or done % self._settings.validation.every_steps == 0)
        save = validate or last or bool(wanted.every_steps and done % wanted.every_steps == 0)
        if save or done % self._settings.log_every == 0:
            save |= self._log(done)
        if validate:
            score = self._score(done)
        if save:
            self._save(done, score)

    def _log(self, done: int) -> bool:
        """Log the sums over the workers since the last entry; returns whether a checkpoint is due."""
        minutes = self._settings.checkpoints.every_minutes
        late = self._host.rank == 0 and minutes is not None and time.monotonic() - self._saved > minutes * 60
        sums = torch.cat([self._meter.totals(), torch.tensor([float(late)], dtype=torch.float64)])
        loss, passes, text, tokens, flops, due = self._host.sum(sums).tolist()
        seconds = self._meter.restart()
        entry = {
            "step": done,
            "loss": loss / max(1.0, passes),
            "rate": rate_factor(done - 1, self._steps, self._settings.schedule) * self._settings.schedule.encoder_rate,
            "text_tokens_per_second": text / seconds,
            "tokens_per_second": tokens / seconds,
        }
        if self._peak:
            entry["mfu"] = flops / seconds / (self._peak * self._host.workers)
        self._report(entry)
        return bool(due)

    def _score(self, done: int) -> float:
        self._engine.module.eval()
        counts = torch.zeros(3)
        with torch.no_grad(), self._engine.precision():
            for batch in self._validation:
                counts += torch.tensor(count_spans(batch, self._engine.module.predict(batch)))
        gold, predicted, correct = (int(count) for count in self._host.sum(counts))
        score = f1(gold, predicted, correct)
        quality = {"precision": correct / max(1, predicted), "recall": correct / max(1, gold)}
        self._report({"step": done, "f1": score, **quality})
        self._meter.restart()
        return score

    def _report(self, entry: Entry) -> None:
        if self._host.rank == 0:
            self._entries.append(entry)
            self._host.report(entry)

    def _save(self, done: int, score: float) -> None:
        folder = Path(tempfile.mkdtemp(prefix="openbioner-checkpoint-"))
        self._engine.save(folder)
        if self._host.rank == 0:
            (folder / STATE_FILE).write_text(json.dumps({"step": done, "entries": self._entries}))
            self._entries.clear()
        self._host.save({"step": done, "f1": score}, folder)
        self._saved = time.monotonic()
        self._meter.restart()

    def _restore(self) -> int:
        with self._host.latest() as folder:
            if folder is None:
                return 0
            self._engine.load(folder)
            state = json.loads((folder / STATE_FILE).read_text())
        for entry in state["entries"]:
            self._report(entry)
        self._entries.clear()
        return int(state["step"])


def pass_flops(config: ModelConfig, batch: Pass) -> float:
    """Operations of a pass: separate layers once for each text and description, joint ones for each pair."""
    if not isinstance(batch, SharedBatch):
        return training_flops(config, batch.sequence_lengths)
    separate = config.separate_layers
    return training_flops(config, batch.sequence_lengths, separate) + training_flops(
        config, batch.pair_lengths, config.layers - separate
    )


class Meter:
    """Losses and amounts since the last entry of the log; losses stay on their device until they are read."""

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
        """Start again; returns the seconds since the last start."""
        now = time.monotonic()
        seconds, self._began = now - self._began, now
        self._clear()
        return max(seconds, 1e-9)

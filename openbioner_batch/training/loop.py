"""The training loop on one machine: batches, schedule, checkpoints that a killed run resumes from."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.objective import question_logits, weighted_loss
from openbioner_batch.training.passages import Passage
from openbioner_batch.training.sampling import Question, QuestionSampler

_POOL = 256
"""Passages sorted by length together before they are cut into batches."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The switches of the loop."""

    steps: int = 3000
    """Optimizer steps in all; a resumed run may change it."""
    decay_steps: int = 1200
    """Last steps, in which the learning rates fall to 0 in a line."""
    warmup_steps: int = 50
    """First steps, in which they rise."""
    encoder_rate: float = 1e-4
    """Peak learning rate of the encoder."""
    head_rate: float = 1e-3
    """Peak learning rate of the three heads."""
    weight_decay: float = 0.01
    batch_tokens: int = 1000
    """Text tokens of a batch, before the types multiply them."""
    no_entity_weight: float = 0.5
    """Weight of words of no entity in the loss."""
    autocast: bool = True
    """Whether matrix products run in bfloat16."""
    seed: int = 42
    save_minutes: float = 10.0


def batches(passages: Sequence[Passage], settings: TrainingSettings) -> Iterator[list[Passage]]:
    """Batches of passages of like length, for ever; a function of the passages and the seed alone."""
    weights = np.array([passage.corpus.weight for passage in passages])
    lengths = np.array([len(passage.token_ids) for passage in passages])
    epoch = 0
    while True:
        random = np.random.default_rng((settings.seed, epoch))
        # A weight of 1.3 means once for certain and once more with probability 0.3.
        repeats = np.floor(weights + random.random(len(passages))).astype(int)
        order = random.permutation(np.repeat(np.arange(len(passages)), repeats))
        found: list[list[Passage]] = []
        for low in range(0, len(order), _POOL):
            pool = order[low : low + _POOL]
            batch: list[Passage] = []
            for index in pool[np.argsort(lengths[pool], kind="stable")]:
                if batch and (len(batch) + 1) * lengths[index] > settings.batch_tokens:
                    found.append(batch)
                    batch = []
                batch.append(passages[index])
            found.append(batch)
        for index in random.permutation(len(found)):
            yield found[index]
        epoch += 1


def rate_factor(step: int, settings: TrainingSettings) -> float:
    """Share of the peak learning rate at `step`: a rise, a plateau, a fall to 0 at the end."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup_steps))
    fall = min(1.0, (settings.steps - step) / max(1, settings.decay_steps))
    return rise * max(0.0, fall)


def train(
    model: CrossEncoder,
    tokenizer: Tokenizer,
    sampler: QuestionSampler,
    passages: Sequence[Passage],
    settings: TrainingSettings,
    folder: Path,
) -> None:
    """Trains `model` in place; continues from `folder/state.pt` where there is one.

    Every step depends on the seed and its own number alone, so that a resumed run asks what an uninterrupted one does.
    `folder/log.jsonl` gets a line every 20 steps.
    """
    heads = {"evidence", "against", "background"}
    grouped = [
        {"params": [p for n, p in model.named_parameters() if (n.split(".")[0] in heads) == is_head], "peak": rate}
        for is_head, rate in ((False, settings.encoder_rate), (True, settings.head_rate))
    ]
    optimizer = torch.optim.AdamW(grouped, weight_decay=settings.weight_decay, fused=True)
    first = _restore(folder, model, optimizer)
    model.train()
    source = batches(passages, settings)
    for _ in range(first):
        next(source)
    saved = reported = time.monotonic()
    losses: list[float] = []
    tokens = 0
    for step in range(first, settings.steps):
        random = np.random.default_rng((settings.seed, 1, step))
        torch.manual_seed(settings.seed * 1_000_003 + step)
        questions = [sampler.draw(passage, random) for passage in next(source)]
        losses.append(_step(model, tokenizer, questions, optimizer, settings, step))
        tokens += sum(len(question.token_ids) for question in questions)
        if (step + 1) % 20 == 0:
            now = time.monotonic()
            entry = {
                "step": step + 1,
                "loss": float(np.mean(losses)),
                "text_tokens_per_second": tokens / (now - reported),
            }
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(entry) + "\n")
            losses, tokens, reported = [], 0, now
        if time.monotonic() - saved > settings.save_minutes * 60 or step + 1 == settings.steps:
            _save(folder, model, optimizer, step + 1)
            saved = time.monotonic()
    model.eval()


def _step(
    model: CrossEncoder,
    tokenizer: Tokenizer,
    questions: Sequence[Question],
    optimizer: torch.optim.Optimizer,
    settings: TrainingSettings,
    step: int,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * rate_factor(step, settings)
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.autocast):
        logits = question_logits(model, questions, tokenizer)
    loss = weighted_loss(logits, questions, settings.no_entity_weight)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _save(folder: Path, model: CrossEncoder, optimizer: torch.optim.Optimizer, step: int) -> None:
    temporary = folder / "state.pt.new"
    torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, temporary)
    os.replace(temporary, folder / "state.pt")


def _restore(folder: Path, model: CrossEncoder, optimizer: torch.optim.Optimizer) -> int:
    path = folder / "state.pt"
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])

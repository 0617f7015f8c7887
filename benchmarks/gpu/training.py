"""One step of training on a device: every shape, in the number formats of GPUs, with and without DeepSpeed."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common.models import first_types

from gpu.checks import Case, Finding
from gpu.models import config_of, random_model, release, texts, tokenizer
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.settings import build
from openbioner_batch.training.corpus import corpus_of, flatten
from openbioner_batch.training.engines import Engine, make_engine
from openbioner_batch.training.flops import peak_flops
from openbioner_batch.training.objective import TaggingObjective
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.passes import Pass, PassMaker, Preparation
from openbioner_batch.training.pieces import tokenize_passages
from openbioner_batch.training.plan import plan_training
from openbioner_batch.training.separate import SharedObjective
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.vocabulary import build_type_vocabulary
from openbioner_batch.training.worker import pass_flops

_NAMES = {"drug": "Aspirin", "gene": "BRCA1 gene", "disease": "colitis"}


def cases(device: str, variants: Sequence[str], precisions: Sequence[str], quick: bool) -> Iterator[Case]:
    """Every variant in every number format, in plain torch; then by ZeRO 1 where DeepSpeed is."""
    tokens, steps = (1_500, 1) if quick else (16_384, 5)
    for variant, precision in product(variants, precisions):
        yield Case(f"{variant} {precision}", partial(step, variant, precision, 0, device, tokens, steps))
    for variant, precision in product(() if quick else ("base", "base-late"), precisions):
        yield Case(f"{variant} {precision} ZeRO 1", partial(step, variant, precision, 1, device, tokens, steps))


def settings_of(config: ModelConfig, precision: str, zero: int, device: str, tokens: int) -> PretrainSettings:
    """A run of the published recipe; with late interaction, of a hundred types that passages share."""
    recipe: dict[str, Any] = {"types_per_pass": [15, 25], "near_above": None}
    if config.is_late:
        recipe.update(shared_types=100, loss="per-type")
    parallel = {"devices": "cpu" if device == "cpu" else "gpu", "dtype": precision, "zero_stage": zero}
    return build(
        PretrainSettings,
        {
            "output": "unused",
            "start": {"variant": "tiny", "vocabulary": "bundled"},
            "sources": [{"path": "made up"}],
            "recipe": recipe,
            "schedule": {"steps": 4},
            "batch": {"pass_tokens": tokens},
            "parallel": parallel,
        },
    )


@cache
def _passages() -> tuple[AnnotatedPassage, ...]:
    found = []
    for number, text in enumerate(texts(600, (3, 9), seed=4)):
        places = [(text.find(name), name, kind) for kind, name in _NAMES.items()]
        mentions = tuple(AnnotatedMention(at, at + len(name), kind) for at, name, kind in places if at >= 0)
        found.append(AnnotatedPassage(str(number), "made up", text, mentions))
    return tuple(found)


def pass_of(config: ModelConfig, settings: PretrainSettings) -> Pass:
    """The first pass of such a run."""
    flat = flatten(tokenize_passages(_passages(), tokenizer(), settings.start.text_tokens))
    corpus = corpus_of(flat, np.ones(len(flat.origins)), settings.sources)
    rows = [(kind.name, "definition", kind.description) for kind in first_types(110)]
    vocabulary = build_type_vocabulary(rows, (), tokenizer(), settings.start.description_tokens)
    joint = 1 - config.separate_layers / config.layers
    plan = plan_training(corpus.tokens, corpus.weights, vocabulary.mean_tokens, settings, joint)
    return PassMaker(Preparation(corpus, plan, vocabulary, tokenizer(), settings, config)).make(0)


def step(variant: str, precision: str, zero: int, device: str, tokens: int, steps: int) -> Finding:
    """Seconds, rates and memory of optimizer steps over one pass; its loss must not rise."""
    if zero and not importlib.util.find_spec("deepspeed"):
        return {"not_run": "DeepSpeed is not installed"}
    config = replace(config_of(variant), encoder_dropout=0.0, head_dropout=0.0)  # so that the loss falls for certain
    settings = settings_of(config, precision, zero, device, tokens)
    batch = pass_of(config, settings)
    with _group(zero, device):
        engine = _engine(config, settings, device)
        losses = [_one(engine, batch)]  # meets new shapes
        _wait(device)
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() if device != "cpu" else 0
        began = time.perf_counter()
        losses += [_one(engine, batch) for _ in range(steps)]
        _wait(device)
        seconds = (time.perf_counter() - began) / steps
        values = [float(loss) for loss in losses]
        peak = peak_flops(torch.device(device), precision)
        read = int(batch.sequence_lengths.sum())
        found: Finding = {
            "ok": bool(np.isfinite(values).all()) and values[-1] <= values[0],
            "milliseconds": 1000 * seconds,
            "tokens_per_second": read / seconds,
            "text_tokens_per_second": batch.text_tokens / seconds,
            "mfu": pass_flops(config, batch) / seconds / peak if peak else None,
            "losses": [round(value, 4) for value in values],
        }
        if device != "cpu":
            above = torch.cuda.max_memory_allocated() - before
            found.update(peak_memory_mib=torch.cuda.max_memory_allocated() >> 20, kib_a_token=above / 1024 / read)
        del engine
    release()
    return found


def _one(engine: Engine, batch: Pass) -> torch.Tensor:
    loss = engine.accumulate(batch)
    engine.step(1.0)
    return loss


def _engine(config: ModelConfig, settings: PretrainSettings, device: str) -> Engine:
    model = random_model(config).train()
    if isinstance(model, CrossEncoder):
        model.pooler.requires_grad_(False)
    if isinstance(model, LateEncoder) or config.separate_layers:
        return make_engine(SharedObjective(model, settings.recipe), settings, torch.device(device))
    return make_engine(TaggingObjective(model, "dynamic"), settings, torch.device(device))


@contextmanager
def _group(zero: int, device: str) -> Iterator[None]:
    """A group of one process, which DeepSpeed wants."""
    if not zero:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        backend = "gloo" if device == "cpu" else "nccl"
        torch.distributed.init_process_group(backend, f"file://{Path(folder) / 'group'}", rank=0, world_size=1)
        try:
            yield
        finally:
            torch.distributed.destroy_process_group()


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()

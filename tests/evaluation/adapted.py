"""What tests of `adapt` share: tiny models of each kind, and texts among whose words some are tools."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_checkpoint

from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.model.checkpoint import load_model, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.training import tuning
from openbioner_batch.training.tuning import Tuning

KINDS = ("cross", "split", "late")
WORDS = "the of with and was seen by many".split()
FAST = Tuning(layer_rate=1e-2, head_rate=1e-2, texts_at_once=4)
"""Random weights have all to learn."""


CALM = replace(FAST, layer_rate=5e-3, head_rate=5e-3, texts_at_once=16)
"""With some hundred texts; after `FAST` with a few, what a model says of one word hangs on the processor's rounding."""


def tune_fast(monkeypatch: pytest.MonkeyPatch, how: Tuning = FAST) -> None:
    """`adapt` learns faster."""
    monkeypatch.setattr(tuning, "Tuning", lambda **given: replace(how, **given))


def checkpoint_of(kind: str, folder: Path) -> Path:
    """A tiny model of one of `KINDS`, with random weights."""
    return {"cross": tiny_checkpoint, "split": _split, "late": _late}[kind](folder)


def _split(folder: Path) -> Path:
    """One layer is separate and one joint; types compete, as in `bundled`."""
    plain = tiny_checkpoint(folder / "cross")
    model = CrossEncoder(replace(load_model(plain).config, separate_layers=1))
    initialize(model, seed=3)
    save_checkpoint(model, folder / "split", tokenizer_from=plain)
    return folder / "split"


def _late(folder: Path) -> Path:
    plain = tiny_checkpoint(folder / "cross")
    config = load_model(plain).config
    model = LateEncoder(replace(config, separate_layers=config.layers, late=LateSettings(16)))
    initialize(model, seed=3)
    model.start_projections(3)
    save_checkpoint(model, folder / "late", tokenizer_from=plain)
    return folder / "late"


def examples(folder: Path, number: int, name: str = "tool") -> Path:
    """Texts of ordinary words among which every word of z and x is a tool."""
    random = np.random.default_rng(5)
    lines = []
    for _ in range(number):
        words = random.choice(WORDS, 6).tolist()
        words.insert(int(random.integers(6)), "".join(random.choice(list("zx"), 4)))
        text = " ".join(words)
        spans = [[text.index(word), text.index(word) + len(word), name] for word in words if set(word) <= set("zx")]
        lines.append(json.dumps({"text": text, "spans": spans}) + "\n")
    path = folder / "spans.jsonl"
    path.write_text("".join(lines))
    (folder / "mine.yaml").write_text("tool: a thing to work with\n")
    return path


def request(folder: Path, model: Path, number: int, **more: object) -> AdaptSettings:
    spans = examples(folder, number)
    values = {"model": str(model), "types": str(folder / "mine.yaml"), "output": str(folder / "adapted"), **more}
    return AdaptSettings(examples=str(spans), **values)  # type: ignore[arg-type]

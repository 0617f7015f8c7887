"""Training lowers the loss, and a run that was interrupted ends with the weights of one that was not."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.training.corpora import Corpus
from openbioner_batch.training.loop import TrainingSettings, batches, rate_factor, train
from openbioner_batch.training.passages import Passage
from openbioner_batch.training.sampling import QuestionSampler, SamplingSettings

CORPUS = Corpus("synthetic", "none", "none", 1.3, {"drug": ("C",), "disease": ("D",)})
SETTINGS = TrainingSettings(steps=40, decay_steps=20, warmup_steps=2, batch_tokens=60, autocast=False, head_rate=1e-2)


@pytest.fixture(scope="module")
def passages(tagger: Tagger) -> list[Passage]:
    found = []
    for number in range(1, 31):
        words = ["the"] * (number % 7) + ["aspirin"] + ["was"] * (number % 3) + ["cancer"]
        ids = np.array(tagger.tokenizer.ids(" ".join(words)))
        drug = words.index("aspirin")
        mentions = {"C": ((drug, drug + 1),), "D": ((len(words) - 1, len(words)),)}
        found.append(Passage(CORPUS, ids, np.arange(len(words)), mentions))
    return found


@pytest.fixture
def sampler(tagger: Tagger) -> QuestionSampler:
    views = {"drug": ["a drug given"], "disease": ["lung cancer or fever"]}
    return QuestionSampler(views, tagger.tokenizer, SamplingSettings(mask_probability=0.1), longest=20)


def _run(checkpoint: Path, tagger: Tagger, sampler, passages, folder: Path, *, steps: list[int]) -> CrossEncoder:  # type: ignore[no-untyped-def]
    folder.mkdir()
    for stop in steps:
        model = load_encoder(checkpoint)
        settings = dataclasses.replace(SETTINGS, steps=stop, decay_steps=0)
        train(model, tagger.tokenizer, sampler, passages, settings, folder)
    return model


def test_the_loss_falls_and_an_interrupted_run_ends_the_same(
    checkpoint: Path, tagger: Tagger, sampler: QuestionSampler, passages: list[Passage], tmp_path: Path
) -> None:
    whole = _run(checkpoint, tagger, sampler, passages, tmp_path / "whole", steps=[40])
    parts = _run(checkpoint, tagger, sampler, passages, tmp_path / "parts", steps=[13, 40])
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], tensor, atol=1e-6, rtol=0)
    log = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [20, 40]
    assert log[-1]["loss"] < 0.9 * log[0]["loss"]


def test_batches_hold_like_lengths_within_the_budget_and_follow_the_weights(passages: list[Passage]) -> None:
    epochs = 200
    seen = {id(passage): 0 for passage in passages}
    total = 0
    for batch in itertools.islice(batches(passages, SETTINGS), 4 * epochs):
        longest = max(len(passage.token_ids) for passage in batch)
        assert len(batch) == 1 or longest * len(batch) <= SETTINGS.batch_tokens
        total += len(batch)
        for passage in batch:
            seen[id(passage)] += 1
    assert min(seen.values()) > 0
    assert max(seen.values()) < 2 * min(seen.values())
    first, second = ([len(b) for b in itertools.islice(batches(passages, SETTINGS), 20)] for _ in range(2))
    assert first == second


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    settings = TrainingSettings(steps=100, decay_steps=50, warmup_steps=10)
    factors = [rate_factor(step, settings) for step in range(101)]
    assert factors[0] == 0.1
    assert factors[10] == factors[50] == 1.0
    assert factors[75] == 0.5
    assert factors[100] == 0.0

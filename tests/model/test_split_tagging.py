"""Tagging with separate layers: groups, windows that repeat, memory, and what a published cross-encoder makes of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model import EntityType, Tagger, save_checkpoint
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.split import SplitEncoder

SECTION = "aspirin was given in lung cancer. no sign of fever in the patient. "
MANY = [EntityType(f"type{number}", f"a drug {number}") for number in range(30)]


@pytest.fixture(params=[1, 2, 3])
def split(request: pytest.FixtureRequest, tagger: Tagger, tmp_path: Path) -> Tagger:
    """A random model of four layers, so many of them separate."""
    model = CrossEncoder(dataclasses.replace(tagger.encoder.config, layers=4, initializer_range=0.2))
    initialize(model, seed=1)
    save_checkpoint(model, tmp_path, tagger._directory)
    return Tagger.from_pretrained(tmp_path, "cpu", "float32", separate_layers=request.param)


def logits_of(tagger: Tagger, texts: list[str], groups: list[list[EntityType]]) -> list[np.ndarray]:
    return list(tagger.word_logits(tagger.preparer(groups).prepare(texts)))


def test_groups_share_a_text_and_compete_apart(split: Tagger, types: list[EntityType]) -> None:
    groups = [types, MANY[:7], types[:1], MANY]
    together = logits_of(split, [SECTION * 3, "fever"], groups)
    for group, found in zip(split.preparer(groups).groups, together, strict=True):
        kinds = [next(k for k in [*types, *MANY] if k.name == one.name) for one in group]
        (alone,) = logits_of(split, [SECTION * 3, "fever"], [kinds])
        np.testing.assert_allclose(found, alone, atol=1e-5)


def test_a_text_is_read_once_for_all_groups(
    split: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    compute = SplitEncoder.__call__

    def counted(self, texts, *others):  # type: ignore[no-untyped-def]
        read.append(len(texts))
        return compute(self, texts, *others)

    monkeypatch.setattr(SplitEncoder, "__call__", counted)
    first, second, third = split.annotate([SECTION, SECTION, "fever"], [types, MANY[:9], MANY[9:]])
    assert sum(read) == 2  # the copy and the further groups cost nothing
    assert first.spans == second.spans
    assert (first.repeated, second.repeated, third.repeated) == (0, second.windows, 0)


def test_what_memory_does_not_hold_is_computed_in_parts(
    split: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [SECTION * n for n in (1, 3, 2)] + ["fever"]
    whole = logits_of(split, texts, [types, MANY[:5]])
    compute = SplitEncoder.__call__
    most = min(len(SECTION), 8)

    def scarce(self, texts, places, tails, token_budget, shifted=False):  # type: ignore[no-untyped-def]
        if len(texts) > 1 or token_budget > 100 * most:
            torch.empty(1 << 60, dtype=torch.uint8)  # more than any machine has: torch's own error
        return compute(self, texts, places, tails, token_budget, shifted)

    monkeypatch.setattr(SplitEncoder, "__call__", scarce)
    for first, second in zip(whole, logits_of(split, texts, [types, MANY[:5]]), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_scores_beyond_floats_are_computed_again_with_care(
    split: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = logits_of(split, [SECTION, "fever"], [types])
    compute = SplitEncoder.__call__

    def beyond(self, texts, places, tails, token_budget, shifted=False):  # type: ignore[no-untyped-def]
        found = compute(self, texts, places, tails, token_budget, shifted)
        return found if shifted else found * torch.nan

    monkeypatch.setattr(SplitEncoder, "__call__", beyond)
    for first, second in zip(expected, logits_of(split, [SECTION, "fever"], [types]), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_separating_layers_when_loading_is_the_same_as_a_checkpoint_that_says_so(
    tagger: Tagger, types: list[EntityType], tmp_path: Path
) -> None:
    model = load_encoder(tagger._directory)
    model.config = dataclasses.replace(model.config, separate_layers=1)
    save_checkpoint(model, tmp_path, tagger._directory)
    stored = Tagger.from_pretrained(tmp_path, "cpu", "float32")
    loaded = Tagger.from_pretrained(tagger._directory, "cpu", "float32", separate_layers=1)
    for first, second in zip(*(logits_of(t, [SECTION], [types]) for t in (stored, loaded)), strict=True):
        np.testing.assert_array_equal(first, second)
    with pytest.raises(UsageError, match="trained with 1 separate layers, which cannot be changed"):
        Tagger.from_pretrained(tmp_path, "cpu", "float32", separate_layers=0)


def test_more_separate_layers_than_joinable_ones_are_refused(checkpoint: Path) -> None:
    with pytest.raises(UsageError, match="separate_layers is 2; expected 0 to 1"):
        Tagger.from_pretrained(checkpoint, "cpu", "float32", separate_layers=2)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_no_texts_and_no_words(split: Tagger, types: list[EntityType], dtype: str) -> None:
    assert split.tag([], types) == []
    assert split.tag(["", " \n"], types) == [[], []]
    assert split.logits("aspirin was given", MANY).shape == (4, 31)
    assert split.logits("aspirin", []).shape == (2, 1)

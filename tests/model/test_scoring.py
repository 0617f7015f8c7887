"""Windows that are alike are computed once, and a batch that memory does not hold is halved."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.layout import Layout
from openbioner_batch.model.scoring import find_windows

SECTION = "aspirin was given in lung cancer. no sign of fever in the patient. "


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Fills with the tokens of every batch that is computed."""
    tokens: list[int] = []
    compute = InferenceEncoder.__call__

    def count(encoder: InferenceEncoder, layout: Layout, shifted: bool = False) -> torch.Tensor:
        tokens.append(len(layout.source))
        return compute(encoder, layout, shifted)

    monkeypatch.setattr(InferenceEncoder, "__call__", count)
    return tokens


def test_copies_of_a_text_cost_nothing_and_say_the_same(
    tagger: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = counted(monkeypatch)
    (once,) = tagger.tag([SECTION], types)
    computed = sum(tokens)
    tokens.clear()
    assert tagger.tag([SECTION, "fever", SECTION, SECTION], types)[::2] == [once, once]
    assert sum(tokens) < 1.5 * computed
    first, _, *copies = tagger.annotate([SECTION, "fever", SECTION, SECTION], types)
    assert (first.repeated, [copy.repeated for copy in copies]) == (0, [first.windows] * 2)


def test_like_tokens_of_unlike_words_are_not_alike(tagger: Tagger, types: list[EntityType]) -> None:
    # "a b" and "ab": the same letters, but whitespace words that begin elsewhere
    prepared = tagger.preparer(types, words="whitespace").prepare(["- - fever", "-- fever", "- - fever"])
    windows = find_windows(prepared)
    assert windows.copies[:, 1].tolist() == [0, 1, 0]


def test_a_batch_that_memory_does_not_hold_is_halved(
    tagger: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [SECTION * n for n in (1, 3, 2)] + ["fever"]
    whole = [logits.copy() for logits in tagger.word_logits(tagger.preparer(types).prepare(texts))]
    compute = InferenceEncoder.__call__

    def scarce(encoder: InferenceEncoder, layout: Layout, shifted: bool = False) -> torch.Tensor:
        if len(layout.source) > 100:
            torch.empty(1 << 60, dtype=torch.uint8)  # more than any machine has: torch's own error
        return compute(encoder, layout, shifted)

    monkeypatch.setattr(InferenceEncoder, "__call__", scarce)
    halved = list(tagger.word_logits(tagger.preparer(types).prepare(texts)))
    for first, second in zip(whole, halved, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_another_error_is_not_taken_for_a_lack_of_memory(
    tagger: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(encoder: InferenceEncoder, layout: Layout, shifted: bool = False) -> torch.Tensor:
        raise RuntimeError("a kernel failed")

    monkeypatch.setattr(InferenceEncoder, "__call__", broken)
    with pytest.raises(RuntimeError, match="a kernel failed"):
        tagger.tag([SECTION], types)


def test_scores_that_are_no_numbers_are_computed_again_with_care(
    tagger: Tagger, types: list[EntityType], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = tagger.preparer(types).prepare([SECTION, "fever"])
    whole = list(tagger.word_logits(prepared))
    compute = InferenceEncoder.__call__

    def overflowing(encoder: InferenceEncoder, layout: Layout, shifted: bool = False) -> torch.Tensor:
        found = compute(encoder, layout, shifted)
        return found if shifted else found.clone().index_fill_(1, torch.tensor([0]), torch.nan)

    monkeypatch.setattr(InferenceEncoder, "__call__", overflowing)
    for first, second in zip(whole, list(tagger.word_logits(prepared)), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)

"""The objective reads the same logits as the tagger, and weighs and ignores words as it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.training.objective import question_logits, weighted_loss
from openbioner_batch.training.sampling import IGNORED, Question


def _question(tagger: Tagger, text: str, types: list[EntityType], targets: list[int]) -> Question:
    ids = np.array(tagger.tokenizer.ids(text))
    descriptions = tuple(tuple(tagger.tokenizer.ids(kind.description)) for kind in types)
    return Question(ids, np.arange(len(ids)), descriptions, np.array(targets))


def test_training_and_tagging_agree_on_every_logit(tagger: Tagger, types: list[EntityType]) -> None:
    first = _question(tagger, "aspirin was given in lung cancer", types, [0] * 6)
    second = _question(tagger, "no fever", types[:1], [0] * 2)
    with torch.inference_mode():
        logits = question_logits(tagger.model, [first, second], tagger.tokenizer).numpy()
    expected = tagger.logits("aspirin was given in lung cancer", types)[1:]
    np.testing.assert_allclose(logits[:6], expected, atol=1e-5)
    np.testing.assert_allclose(logits[6:, :2], tagger.logits("no fever", types[:1])[1:], atol=1e-5)
    assert np.isneginf(logits[6:, 2]).all()


def test_words_of_no_entity_weigh_less_and_ignored_words_nothing(tagger: Tagger, types: list[EntityType]) -> None:
    question = _question(tagger, "aspirin fever dose", types, [1, 0, IGNORED])
    logits = torch.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [9.0, -9.0, 0.0]])
    entity = -torch.log_softmax(logits[0], 0)[1]
    background = -torch.log_softmax(logits[1], 0)[0]
    expected = (entity + 0.5 * background) / 1.5
    assert float(weighted_loss(logits, [question], 0.5)) == pytest.approx(float(expected), abs=1e-6)


def test_the_pooler_alone_gets_no_gradient(tagger: Tagger, types: list[EntityType]) -> None:
    question = _question(tagger, "aspirin was given", types, [1, 0, 0])
    with torch.enable_grad():
        weighted_loss(question_logits(tagger.model, [question], tagger.tokenizer), [question], 1.0).backward()
    without = {name.split(".")[0] for name, p in tagger.model.named_parameters() if p.grad is None}
    tagger.model.zero_grad(set_to_none=True)
    assert without == {"pooler"}

"""The objective reads the same logits as the tagger, and weighs and ignores words as it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.training import packing
from openbioner_batch.training.objective import TaggingObjective, weighted_loss
from openbioner_batch.training.packing import pack_questions
from openbioner_batch.training.sampling import IGNORED, Question


def question(tagger: Tagger, text: str, types: list[EntityType], targets: list[int]) -> Question:
    ids = np.array(tagger.tokenizer.ids(text), np.int32)
    descriptions = tuple(tuple(tagger.tokenizer.ids(kind.description)) for kind in types)
    entities = sum(target > 0 for target in targets)
    return Question(ids, np.arange(len(ids)), descriptions, np.array(targets), entities)


@pytest.mark.parametrize("smallest", [0, 10_000], ids=["many rectangles", "one rectangle"])
def test_training_and_tagging_agree_on_every_logit(
    tagger: Tagger, types: list[EntityType], smallest: int, monkeypatch: pytest.MonkeyPatch, cross_encoder: CrossEncoder
) -> None:
    monkeypatch.setattr(packing, "_SMALLEST", smallest)
    first = question(tagger, "aspirin was given in lung cancer", types, [0] * 6)
    second = question(tagger, "no fever", types[:1], [0] * 2)
    batch = pack_questions([first, second], tagger.tokenizer)
    assert (len(batch.rectangles) == 1) == bool(smallest)
    with torch.inference_mode():
        logits = TaggingObjective(cross_encoder, 1.0).logits(batch).numpy()
    expected = tagger.logits("aspirin was given in lung cancer", types)[1:]
    np.testing.assert_allclose(logits[:6], expected, atol=1e-5)
    np.testing.assert_allclose(logits[6:, :2], tagger.logits("no fever", types[:1])[1:], atol=1e-5)
    assert np.isneginf(logits[6:, 2]).all()


def test_a_description_competes_for_the_words_that_it_is_compared_at(
    tagger: Tagger, types: list[EntityType], cross_encoder: CrossEncoder
) -> None:
    whole = question(tagger, "aspirin was given in fever", types, [1, 0, 0, 0, 2])
    compared = np.ones((5, len(types)), np.bool_)
    compared[1:, -1] = False
    batches = (
        pack_questions([one], tagger.tokenizer) for one in (whole, dataclasses.replace(whole, compared=compared))
    )
    with torch.inference_mode():
        (evidence, against), (fewer, fewer_against) = map(TaggingObjective(cross_encoder, 1.0).type_scores, batches)
    last = len(types)
    for scores, left in ((evidence, fewer), (against, fewer_against)):
        torch.testing.assert_close(left[:, :last], scores[:, :last])
        torch.testing.assert_close(left[0], scores[0])
        assert torch.isneginf(left[1:, last]).all()


def test_words_of_no_entity_weigh_less_and_ignored_words_nothing() -> None:
    targets = torch.tensor([1, 0, IGNORED])
    logits = torch.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [9.0, -9.0, 0.0]])
    entity = -torch.log_softmax(logits[0], 0)[1]
    background = -torch.log_softmax(logits[1], 0)[0]
    expected = (entity + 0.5 * background) / 1.5
    assert float(weighted_loss(logits, targets, 0.5)) == pytest.approx(float(expected), abs=1e-6)


def test_the_dynamic_weight_is_entities_by_words_of_none(
    tagger: Tagger, types: list[EntityType], cross_encoder: CrossEncoder
) -> None:
    batch = pack_questions([question(tagger, "aspirin was given in fever", types, [1, 0, 0, 0, 2])], tagger.tokenizer)
    with torch.inference_mode():
        dynamic = TaggingObjective(cross_encoder, "dynamic")(batch)
        fixed = TaggingObjective(cross_encoder, 2 / 3)(batch)
    torch.testing.assert_close(dynamic, fixed)


def test_the_pooler_alone_gets_no_gradient(
    tagger: Tagger, types: list[EntityType], cross_encoder: CrossEncoder
) -> None:
    batch = pack_questions([question(tagger, "aspirin was given", types, [1, 0, 0])], tagger.tokenizer)
    with torch.enable_grad():
        TaggingObjective(cross_encoder, 1.0)(batch).backward()
    without = {name.split(".")[0] for name, p in cross_encoder.named_parameters() if p.grad is None}
    cross_encoder.zero_grad(set_to_none=True)
    assert without == {"pooler"}


def test_every_word_is_read_once_from_each_sequence(tagger: Tagger, types: list[EntityType]) -> None:
    questions = [
        question(tagger, text, types[:number], [0] * len(text.split()))
        for text, number in (("aspirin " * 30, 2), ("fever", 0), ("lung cancer in mice", 1))
    ]
    batch = pack_questions(questions, tagger.tokenizer)
    read = sorted((int(w), int(c)) for r in batch.rectangles for w, c in zip(r.words, r.columns, strict=True))
    words = [(word, column) for word in range(30) for column in range(3)]
    assert read == [*words, (30, 0), *((word, column) for word in range(31, 35) for column in range(2))]
    assert batch.text_tokens == 35
    assert batch.sequence_lengths.sum() == sum(int((r.token_ids > 0).sum()) for r in batch.rectangles)

"""Models with separate layers: shared lower states change no logit, and what is unknown teaches nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.model import encoder as encoder_module
from openbioner_batch.model.checkpoint import build_model, load_backbone
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.models import Model
from openbioner_batch.training import packing
from openbioner_batch.training.objective import TaggingObjective
from openbioner_batch.training.packing import pack_questions
from openbioner_batch.training.recipe import Distillation, Recipe
from openbioner_batch.training.sampling import IGNORED, Question
from openbioner_batch.training.separate import (
    SharedObjective,
    Teacher,
    check_teacher,
    competing_loss,
    distillation_loss,
    per_type_loss,
)
from openbioner_batch.training.shared import UNKNOWN, as_shared, pack_shared

TEXTS = ("aspirin was given in lung cancer", "no fever in mice", "the patient")
DESCRIPTIONS = ("a drug that is given", "a sign of lung cancer or fever", "a gene of mice", "patient")
QUERIED = ((0, 1, 2), (1, 3), (0,))


def model_of(checkpoint: Path, separate: int, layers: int = 3, **late: object) -> Model:
    from openbioner_batch.model.reading import read_config

    config = dataclasses.replace(
        read_config(checkpoint), layers=layers, separate_layers=separate, late=LateSettings(16, **late)
    )
    model = build_model(config)
    initialize(model, 5)
    return model.eval()


def questions(tagger: Tagger) -> list[Question]:
    found = []
    for number, (text, queried) in enumerate(zip(TEXTS, QUERIED, strict=True)):
        ids = np.array(tagger.tokenizer.ids(text), np.int32)
        descriptions = tuple(tuple(tagger.tokenizer.ids(DESCRIPTIONS[kind])) for kind in queried)
        targets = np.zeros(len(ids), np.int64)
        targets[0], targets[-1] = 1, IGNORED if number else 0
        found.append(Question(ids, np.arange(len(ids)), descriptions, targets, 1))
    return found


@pytest.mark.parametrize("smallest", [0, 10_000], ids=["many rectangles", "one rectangle"])
@pytest.mark.parametrize("separate", [1, 2])
def test_shared_states_give_the_logits_of_whole_passes_and_their_gradients(
    tagger: Tagger, checkpoint: Path, separate: int, smallest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_SMALLEST", smallest)
    model = model_of(checkpoint, separate)
    assert isinstance(model, CrossEncoder)
    plain = TaggingObjective(model, 0.5)
    batch = pack_questions(questions(tagger), tagger.tokenizer)
    queried = as_shared(questions(tagger), [question.token_ids for question in questions(tagger)], 0)
    shared_batch = pack_shared(*queried, tagger.tokenizer, model.config)
    assert len(shared_batch.described) == 4  # each description once
    shared = SharedObjective(model, Recipe(no_entity_weight=0.5))
    expected, against = plain.type_scores(batch)
    evidence, ours_against, background = shared.type_scores(shared_batch)
    torch.testing.assert_close(background, against[:, 0], atol=1e-5, rtol=0)
    for row, targets in enumerate(shared_batch.targets):
        piece = int(np.searchsorted(batch.question_words, row, "right")) - 1
        for column, kind in enumerate(queried[0][piece].columns, 1):
            assert evidence[row, kind].item() == pytest.approx(expected[row, column].item(), abs=1e-5)
            least = max(against[row, column].item(), against[row, 0].item())
            assert ours_against[row, kind].item() == pytest.approx(least, abs=1e-5)
        assert targets.tolist().count(UNKNOWN) == 4 - len(QUERIED[piece]) * (batch.targets[row] != IGNORED)
    gradients = []
    for objective, one in ((plain, batch), (shared, shared_batch)):
        model.zero_grad(set_to_none=True)
        loss = objective(one)
        loss.backward()
        gradients.append((loss.item(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}))
    (loss, theirs), (ours_loss, ours) = gradients
    assert ours_loss == pytest.approx(loss, abs=1e-5)
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient, atol=2e-4, rtol=1e-3, msg=name)
    np.testing.assert_array_equal(
        shared.predict(shared_batch).any(1), (plain.predict(batch) > 0) & (batch.targets != IGNORED)
    )


def emulated_varlen_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, query_bounds: torch.Tensor, key_bounds: torch.Tensor,
    most: int, longest: int, *, scale: float,
) -> torch.Tensor:  # fmt: skip
    """What a GPU's kernel does, sequence by sequence, with gradients; sequences may be empty."""
    assert query.shape[-1] % 8 == 0
    assert query_bounds.dtype == key_bounds.dtype == torch.int32
    assert int(key_bounds.diff().max()) <= longest == most
    assert int(key_bounds[-1]) == len(key)
    found = []
    for low, high in zip(key_bounds.tolist(), key_bounds[1:].tolist(), strict=False):
        scores = torch.einsum("qhd,khd->hqk", query[low:high], key[low:high]) * scale
        found.append(torch.einsum("hqk,khd->qhd", scores.softmax(-1), value[low:high]))
    return torch.cat(found)


@pytest.mark.parametrize("separate", [0, 2, 3], ids=["cross-encoder", "split", "late"])
def test_one_launch_of_attention_trains_as_many_do(
    tagger: Tagger, checkpoint: Path, separate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_SMALLEST", 0)
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", emulated_varlen_attention)
    model = model_of(checkpoint, separate)
    queried = as_shared(questions(tagger), [question.token_ids for question in questions(tagger)], 0)
    objective: torch.nn.Module
    if separate:
        objective, batch = SharedObjective(model, Recipe()), pack_shared(*queried, tagger.tokenizer, model.config)
    else:
        assert isinstance(model, CrossEncoder)
        objective, batch = TaggingObjective(model, 0.5), pack_questions(questions(tagger), tagger.tokenizer)
    found = []
    for packed in (False, True):
        monkeypatch.setattr(encoder_module, "supports_varlen", lambda device, dtype, packed=packed: packed)
        model.zero_grad(set_to_none=True)
        loss = objective(batch)
        loss.backward()
        found.append((float(loss), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}))
    (loss, gradients), (packed_loss, packed_gradients) = found
    assert packed_loss == pytest.approx(loss, abs=1e-5)
    assert packed_gradients.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(packed_gradients[name], gradient, atol=2e-4, rtol=1e-3, msg=name)


@pytest.mark.parametrize("shared_encoder", [False, True])
def test_late_interaction_reads_each_side_once_and_agrees_with_its_own_forward(
    tagger: Tagger, checkpoint: Path, shared_encoder: bool
) -> None:
    model = model_of(checkpoint, 3, shared_encoder=shared_encoder)
    assert isinstance(model, LateEncoder)
    queried = as_shared(questions(tagger), [question.token_ids for question in questions(tagger)], 0)
    batch = pack_shared(*queried, tagger.tokenizer, model.config)
    assert batch.groups == ()
    assert batch.sequence_lengths.sum() == sum(len(q.token_ids) + 1 for q in questions(tagger)) + sum(
        len(ids) + 2 for ids in queried[1]
    )
    evidence, against, background = SharedObjective(model, Recipe(loss="per-type")).type_scores(batch)
    tokenizer, row = tagger.tokenizer, 0
    for text in TEXTS:
        ids = torch.tensor([[tokenizer.cls, *tokenizer.ids(text)]])
        for kind, description in enumerate(queried[1]):
            told = torch.tensor([[tokenizer.cls, *description, tokenizer.sep]])
            with torch.no_grad():
                alone = model(ids, torch.tensor([ids.shape[1]]), told, torch.tensor([told.shape[1]]))[0, 1:]
            torch.testing.assert_close(evidence[row : row + len(alone), kind], alone[:, 1], atol=1e-4, rtol=0)
            torch.testing.assert_close(background[row : row + len(alone)], alone[:, 0], atol=1e-4, rtol=0)
        row += len(alone)
    assert torch.equal(against, background[:, None].expand_as(against))


def test_unknown_words_and_types_teach_nothing_and_positives_weigh_more() -> None:
    margins = torch.tensor([[2.0, 5.0], [-1.0, 0.5], [9.0, 9.0]], requires_grad=True)
    targets = torch.tensor([[1, UNKNOWN], [0, 1], [UNKNOWN, UNKNOWN]])
    loss = per_type_loss(margins, targets, 3.0)
    wrong = -torch.nn.functional.logsigmoid(torch.tensor([2.0, 1.0, 0.5]))
    assert float(loss) == pytest.approx(float(3 * wrong[0] + wrong[1] + 3 * wrong[2]) / 2, abs=1e-5)
    loss.backward()
    assert (margins.grad[targets == UNKNOWN] == 0).all()


def test_words_of_another_type_weigh_more_for_the_types_that_they_are_none_of() -> None:
    margins = torch.tensor([[2.0, 0.5, 1.0], [-1.0, 0.5, 0.0]])
    targets = torch.tensor([[1, 0, UNKNOWN], [0, 0, 0]])
    plain, contrasted = (per_type_loss(margins, targets, 3.0, weight) for weight in (1.0, 4.0))
    other_type = -torch.nn.functional.logsigmoid(torch.tensor(-0.5))
    assert float(contrasted - plain) == pytest.approx(float(3 * other_type) / 2, abs=1e-5)


def test_of_several_right_types_in_one_softmax_any_is_right() -> None:
    evidence = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]], requires_grad=True)
    against, background = torch.full((2, 3), -1.0), torch.zeros(2)
    targets = torch.tensor([[1, 1, 0], [0, 0, UNKNOWN]])
    loss = competing_loss(evidence, against, background, targets, 0.5)
    first = -torch.log_softmax(torch.tensor([0.0, 2, 1, 0]), 0)[1:3].logsumexp(0)
    none = -torch.log_softmax(torch.tensor([0.0, 0, 1]), 0)[0]
    assert float(loss) == pytest.approx(float((first + 0.5 * none) / 1.5), abs=1e-5)
    loss.backward()
    assert torch.isfinite(evidence.grad).all()
    assert evidence.grad[1, 2] == 0


@pytest.mark.parametrize("competing", [False, True])
def test_a_lesson_is_learned_when_student_and_teacher_agree(competing: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    queried = torch.tensor([[True, True, False], [True, False, False]])
    side = lambda: (  # noqa: E731
        torch.randn(2, 3, generator=generator),
        torch.randn(2, 3, generator=generator),
        torch.randn(2, generator=generator),
    )
    theirs, ours = side(), tuple(part.requires_grad_() for part in side())
    theirs[0][~queried] = float("-inf")
    assert float(distillation_loss(theirs, theirs, queried, 2.0, competing)) == pytest.approx(0, abs=1e-6)
    loss = distillation_loss(ours, theirs, queried, 2.0, competing)
    assert float(loss.detach()) > 0.01
    loss.backward()
    assert all(torch.isfinite(part.grad).all() for part in ours if part.grad is not None)
    assert (ours[0].grad[~queried] == 0).all()
    assert (ours[0].grad[queried] != 0).all()


def test_a_teacher_judges_unmasked_texts_and_is_no_part_of_the_student(tagger: Tagger, checkpoint: Path) -> None:
    distillation = Distillation(str(checkpoint), types=2)
    recipe = Recipe(loss="per-type", distillation=distillation)
    masked = [
        dataclasses.replace(q, token_ids=np.full_like(q.token_ids, tagger.tokenizer.mask)) for q in questions(tagger)
    ]
    plain = [question.token_ids for question in questions(tagger)]
    student = model_of(checkpoint, 3)
    batch = pack_shared(*as_shared(masked, plain, 2), tagger.tokenizer, student.config)
    assert batch.teacher_batch is not None
    teacher = Teacher(distillation, torch.device("cpu"))
    evidence, _, background = teacher.type_scores(batch.teacher_batch)
    taught = [dataclasses.replace(q, descriptions=q.descriptions[:2]) for q in questions(tagger)]
    expected = TaggingObjective(load_encoder_of(checkpoint), 1.0).type_scores(pack_questions(taught, tagger.tokenizer))
    torch.testing.assert_close(evidence, expected[0][:, 1:])
    torch.testing.assert_close(background, expected[1][:, 0])
    objective = SharedObjective(student, recipe, teacher)
    assert all(name.startswith("encoder.") for name in objective.state_dict())
    without = SharedObjective(student, dataclasses.replace(recipe, distillation=None))
    assert float(objective(batch).detach()) > float(without(batch).detach())
    nothing_known = dataclasses.replace(batch, targets=np.full_like(batch.targets, UNKNOWN))
    loss = objective(nothing_known)
    assert float(loss.detach()) > 0
    assert float(without(nothing_known).detach()) == 0


def load_encoder_of(checkpoint: Path) -> CrossEncoder:
    from openbioner_batch.model.checkpoint import load_encoder

    return load_encoder(checkpoint)


def test_a_teacher_that_does_not_fit_is_refused_in_one_line(tagger: Tagger, checkpoint: Path, tmp_path: Path) -> None:
    from openbioner_batch.model.checkpoint import read_config, save_checkpoint

    config = read_config(checkpoint)
    vocabulary = tagger.tokenizer.vocabulary
    check_teacher(Distillation(str(checkpoint)), vocabulary, config)
    with pytest.raises(UsageError, match="has another vocabulary"):
        check_teacher(Distillation(str(checkpoint)), {**vocabulary, "more": 999}, config)
    save_checkpoint(model_of(checkpoint, 3), tmp_path, checkpoint)
    with pytest.raises(UsageError, match="is a late-interaction model: give a cross-encoder"):
        check_teacher(Distillation(str(tmp_path)), vocabulary, config)


def test_late_interaction_begins_with_what_a_cross_encoder_learned(
    checkpoint: Path, cross_encoder: CrossEncoder
) -> None:
    config = dataclasses.replace(cross_encoder.config, separate_layers=2, late=LateSettings(16))
    model = load_backbone(checkpoint, config, 1)
    assert isinstance(model, LateEncoder)
    for encoder in (model.text, model.description):
        assert torch.equal(encoder.layers[1].up.weight, cross_encoder.layers[1].up.weight)
    assert torch.equal(model.background.weight, cross_encoder.background.weight)

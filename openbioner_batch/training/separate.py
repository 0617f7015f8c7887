"""The objective of models with separate layers: texts and descriptions are read once, pairs joined or compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.errors import UsageError
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder, Layer, PaddedSequences
from openbioner_batch.model.joint import Pairs, join, rows_of
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.models import Model
from openbioner_batch.model.placing import send, send_together
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.training.objective import TaggingObjective, head_outputs
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.recipe import Distillation, Recipe
from openbioner_batch.training.shared import UNKNOWN, PairGroup, Sequences, SharedBatch


class SharedObjective(nn.Module):
    """A split or late-interaction model with its loss.

    Args:
        encoder: trained in place; some or all of its layers are separate.
        recipe: which loss, and the weights in it.
        teacher: judges types beside the labels; None learns from labels alone.
    """

    def __init__(self, encoder: Model, recipe: Recipe, teacher: Teacher | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self._recipe = recipe
        self._teacher = teacher

    def forward(self, batch: SharedBatch) -> Tensor:
        """The loss of the labels, plus that of a teacher's judgement if there is one."""
        recipe = self._recipe
        evidence, against, background = self.type_scores(batch)
        targets = torch.from_numpy(batch.targets).to(evidence.device)
        if recipe.loss == "per-type":
            loss = per_type_loss(evidence - against, targets, recipe.positive_weight, recipe.contrast_weight)
        else:
            weight = recipe.no_entity_weight
            if isinstance(weight, str):
                none = (batch.targets == 0).any(1) & ~(batch.targets == 1).any(1)
                weight = min(1.0, batch.entities / max(1, int(none.sum())))
            loss = competing_loss(evidence, against, background, targets, weight)
        distillation = recipe.distillation
        if self._teacher is not None and distillation is not None and batch.teacher_batch is not None:
            assert batch.teacher_columns is not None
            columns = torch.from_numpy(batch.teacher_columns).to(evidence.device)
            theirs = self._teacher.type_scores(batch.teacher_batch)
            ours = (evidence.gather(1, columns.clamp(min=0)), against.gather(1, columns.clamp(min=0)), background)
            competing = recipe.loss == "competing"
            loss = loss + distillation.weight * distillation_loss(
                ours, theirs, columns != UNKNOWN, distillation.temperature, competing
            )
        return loss

    def type_scores(self, batch: SharedBatch) -> tuple[Tensor, Tensor, Tensor]:
        """The scores for and against each type.

        Returns:
            float32 [words, types] evidence for a type and the same against it, 0 where a split model was not queried,
            and float32 [words] the evidence of the text alone against any.
        """
        if isinstance(self.encoder, LateEncoder):
            return self._compare(self.encoder, batch)
        return self._join(batch)

    def predict(self, batch: SharedBatch) -> np.ndarray:
        """[words, types] whether each type is found at each word."""
        evidence, against, background = self.type_scores(batch)
        queried = torch.from_numpy(batch.targets != UNKNOWN).to(evidence.device)
        found = (evidence > against) & queried
        if self._recipe.loss == "competing":
            masked = evidence.masked_fill(~queried, float("-inf"))
            highest = _highest(against, background, queried)
            found &= (masked == masked.amax(1, keepdim=True)) & (masked > highest[:, None])
        predicted: np.ndarray = found.cpu().numpy()
        return predicted

    def _compare(self, encoder: LateEncoder, batch: SharedBatch) -> tuple[Tensor, Tensor, Tensor]:
        device = encoder.bias.device
        states, vectors = encoder.read(_alone(batch.texts, device), _alone(batch.descriptions, device))
        words = rows_of(states, torch.from_numpy(batch.word_states[:, None]).to(device))[:, 0]
        evidence, background = encoder.type_scores(words, vectors[torch.from_numpy(batch.described).to(device)])
        return evidence, background[:, None].expand_as(evidence), background

    def _join(self, batch: SharedBatch) -> tuple[Tensor, Tensor, Tensor]:
        encoder = self.encoder
        assert isinstance(encoder, CrossEncoder)
        device = encoder.evidence.weight.device
        separate, position = encoder.config.separate_layers, encoder.config.description_start
        parts = [*_alone(batch.texts, device), *_alone(batch.descriptions, device, 1, position)]
        states = encoder.read_together(parts, separate)
        layers = cast(Sequence[Layer], encoder.layers[separate:])
        scores = []
        for group, hidden in zip(batch.groups, join(layers, states, _pairs(batch.groups, device)), strict=True):
            rows, slots = (torch.from_numpy(part).to(device) for part in (group.rows, group.slots))
            scores.append(head_outputs(encoder, encoder.head_dropout(hidden)[rows, slots]))
        scored = torch.cat(scores)
        words, columns = (np.concatenate([getattr(g, name) for g in batch.groups]) for name in ("words", "columns"))
        # selected on the host: on a GPU, counting them would need a synchronization
        alone, queried = np.flatnonzero(columns == 0), np.flatnonzero(columns)
        indices = (alone, words[alone], queried, words[queried], columns[queried] - 1)
        at_alone, alone_words, at_asked, *place = send_together([part.astype(np.int64) for part in indices], device)
        background = scored.new_zeros(len(batch.targets)).index_put((alone_words,), scored[at_alone, 2])
        empty = scored.new_zeros(batch.targets.shape)
        evidence, against = (empty.index_put(tuple(place), scored[at_asked, head]) for head in (0, 1))
        return evidence, torch.maximum(against, background[:, None]), background


class Teacher:
    """A teacher, a cross-encoder: it is not trained, and not part of the module that is."""

    def __init__(self, distillation: Distillation, device: torch.device) -> None:
        encoder = load_encoder(resolve_checkpoint(distillation.teacher))
        self._objective = TaggingObjective(encoder.requires_grad_(False).to(device), 1.0).eval()

    @torch.no_grad()
    def type_scores(self, batch: TaggingBatch) -> tuple[Tensor, Tensor, Tensor]:
        """As `SharedObjective.type_scores`, for the types that a teacher scores."""
        evidence, against = self._objective.type_scores(batch)
        return evidence[:, 1:], torch.maximum(against[:, 1:], against[:, :1]), against[:, 0]


def check_teacher(distillation: Distillation, vocabulary: dict[str, int], student: ModelConfig) -> None:
    """Find early what workers would fail on.

    Raises:
        CheckpointError: the teacher is not found.
        UsageError: the teacher is late-interaction, reads another vocabulary than the student, or shorter texts.
    """
    directory = resolve_checkpoint(distillation.teacher)
    config = read_config(directory)
    where = f"recipe.distillation.teacher {distillation.teacher}"
    if config.is_late:
        raise UsageError(f"{where} is a late-interaction model: give a cross-encoder")
    if config.architecture != student.architecture:
        raise UsageError(f"{where} has another architecture than the model: give one with the same encoder")
    if load_tokenizer(directory).vocabulary != vocabulary:
        raise UsageError(f"{where} has another vocabulary than the model: give one with the same vocabulary")
    needed = config.positions_for(student.windows)
    if needed > config.positions:
        raise UsageError(
            f"{where} has {config.positions} positions; start.text_tokens {student.windows.text_tokens} and "
            f"start.description_tokens {student.windows.description_tokens} need {needed}: lower one of them"
        )


def per_type_loss(margins: Tensor, targets: Tensor, positive_weight: float, contrast_weight: float = 1.0) -> Tensor:
    """Binary cross-entropies of [words, types] margins, summed over the types and averaged over the words.

    Args:
        margins: for a type, in logits.
        targets: 1, 0 or `UNKNOWN`.
        positive_weight: of a word and its type.
        contrast_weight: of a word of one type as a negative of another type; all others weigh 1.
    """
    known, positive = targets != UNKNOWN, targets == 1
    losses = F.binary_cross_entropy_with_logits(margins, positive.float(), reduction="none")
    negatives = torch.where(positive.any(1, keepdim=True), contrast_weight, 1.0)
    weights = torch.where(positive, positive_weight, negatives) * known
    return (losses * weights).sum() / known.any(1).sum().clamp(min=1)


def competing_loss(
    evidence: Tensor, against: Tensor, background: Tensor, targets: Tensor, no_entity_weight: float
) -> Tensor:
    """Cross-entropy between no entity and the types whose label is known; any of several right ones is right.

    Words of no entity weigh `no_entity_weight`, all others 1.
    """
    known, positive = targets != UNKNOWN, targets == 1
    none = _highest(against, background, known)
    masked = evidence.masked_fill(~known, float("-inf"))
    total = torch.logsumexp(torch.cat([none[:, None], masked], 1), 1)
    entity, judged = positive.any(1), known.any(1)
    # words without a right type: the maximum of an empty set must not pass a gradient
    right = torch.logsumexp(evidence.masked_fill(~positive & entity[:, None], float("-inf")), 1)
    losses = total - torch.where(entity, right, none)
    weights = torch.where(entity, 1.0, no_entity_weight) * judged
    return (losses * weights).sum() / weights.sum().clamp(min=1e-6)


def distillation_loss(
    ours: tuple[Tensor, Tensor, Tensor],
    theirs: tuple[Tensor, Tensor, Tensor],
    queried: Tensor,
    temperature: float,
    competing: bool,
) -> Tensor:
    """How far the student's probabilities are from the teacher's, in nats a word, times the squared temperature.

    Args:
        ours: the student's evidence for and against [words, types], and against any [words].
        theirs: the same for the teacher.
        queried: [words, types] whether the teacher was queried.
        temperature: of both sides.
        competing: whether types compete in a softmax, otherwise each competes only with no entity.
    """
    if competing:
        student, teacher = (
            torch.cat(
                [_highest(against, alone, queried)[:, None], evidence.masked_fill(~queried, float("-inf"))], 1
            ).log_softmax(1)
            for evidence, against, alone in (tuple(part / temperature for part in side) for side in (ours, theirs))
        )
        taken = F.pad(queried, (1, 0), value=True)
        difference = (teacher.exp() * (teacher - student)).masked_fill(~taken, 0.0)
    else:
        margins, wanted = (
            ((evidence - against) / temperature).masked_fill(~queried, 0.0) for evidence, against, _ in (ours, theirs)
        )
        chance = wanted.sigmoid()
        # minus the teacher's own entropy, so that 0 is agreement
        difference = F.binary_cross_entropy_with_logits(margins, chance, reduction="none")
        difference = difference - F.binary_cross_entropy_with_logits(wanted, chance, reduction="none")
        difference = difference.masked_fill(~queried, 0.0)
    return temperature**2 * difference.sum() / queried.any(1).sum().clamp(min=1)


def _highest(against: Tensor, background: Tensor, known: Tensor) -> Tensor:
    """[words] the logit of no entity: the maximum of the evidence against types that count, and of the text alone."""
    return torch.maximum(against.masked_fill(~known, float("-inf")).amax(1), background)


def _alone(
    parts: Sequence[Sequences], device: torch.device, segment: int = 0, position: int = 0
) -> list[PaddedSequences]:
    return [
        PaddedSequences(
            send(part.token_ids, device).long(),
            send(part.lengths, device),
            segment,
            position,
        )
        for part in parts
    ]


def _pairs(groups: Sequence[PairGroup], device: torch.device) -> list[Pairs]:
    return [
        Pairs(*(torch.from_numpy(part).to(device) for part in (group.source, group.lengths, group.places)))
        for group in groups
    ]

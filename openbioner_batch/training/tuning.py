"""Tunes the heads and top layers of a model with a few passes over a few texts, in one process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from openbioner_batch.model.models import Model
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.objective import HEADS, LATE_HEADS, TaggingObjective
from openbioner_batch.training.packing import TaggingBatch, pack_questions
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.pieces import Piece, tokenize_passages
from openbioner_batch.training.recipe import Recipe
from openbioner_batch.training.replay import Replay, ReplayedBatches
from openbioner_batch.training.sampling import Question, target_words
from openbioner_batch.training.separate import SharedObjective
from openbioner_batch.training.shared import UNKNOWN, QueriedPiece, SharedBatch, pack_shared

_LAYER = re.compile(r"(?:^|\.)layers?\.(\d+)\.")
CLIP = 1.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings of tuning."""

    layers: int = 2
    """How many top layers learn besides the heads."""
    epochs: int = 12
    """How many passes are made over the texts."""
    texts_at_once: int = 8
    """Texts of one optimizer step."""
    layer_rate: float = 5e-5
    """Learning rate of the layers; it falls linearly to 0."""
    head_rate: float = 3e-4
    """Learning rate of the heads, likewise."""
    mask_probability: float = 0.2
    """Chance that a mention is hidden, so that the model does not memorize its words."""


def tune(
    model: Model,
    tokenizer: Tokenizer,
    passages: Sequence[AnnotatedPassage],
    groups: Sequence[Sequence[DescribedType]],
    tuning: Tuning,
    seed: int,
    replay: Replay | None = None,
) -> Model:
    """Tune a model in place; the same arguments give the same weights on the same machine.

    Args:
        model: any of ours, on the device to use.
        tokenizer: of the model.
        passages: texts in which every mention of the types that each lists as annotated (or of all) is marked, outside
            of its unsure ranges.
        groups: the types as the model will be queried, group by group.
        tuning: how.
        seed: of order, masks and dropout.
        replay: other training data to learn too, so that the model keeps other types.

    Returns:
        The model, ready for inference.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    cut = tokenize_passages(passages, tokenizer, model.config.windows.text_tokens)
    pieces = [piece for piece in cut if _known(piece).any()]
    recipe = Recipe(loss="competing" if model.config.types_compete else "per-type")
    objective: TaggingObjective | SharedObjective
    if model.config.separate_layers:
        objective = SharedObjective(model, recipe)
    else:
        objective = TaggingObjective(model, recipe.no_entity_weight)  # type: ignore[arg-type] # late ones are separate
    optimizer = torch.optim.AdamW(_groups(model, tuning), weight_decay=0.01)
    batches = _Batches(pieces, tokenizer, groups, tuning, random)
    steps = tuning.epochs * batches.steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / max(1, steps))
    replayed = None
    if replay is not None:
        masked = replace(recipe, mask_probability=tuning.mask_probability)
        replayed = ReplayedBatches(replay, model, tokenizer, masked, tuning.texts_at_once, seed)
    objective.train()
    for _ in range(tuning.epochs):
        for batch in batches.epoch(model):
            optimizer.zero_grad()
            loss = objective(batch)
            if replay is not None and replayed is not None:
                loss = (1 - replay.share) * loss + replay.share * objective(replayed.draw())
            loss.backward()
            nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], CLIP)
            optimizer.step()
            schedule.step()
    return model.requires_grad_(True).eval()


def _groups(model: Model, tuning: Tuning) -> list[dict[str, object]]:
    """Parameters that learn, with their rates; all others are frozen."""
    first = model.config.layers - tuning.layers
    heads, layers = [], []
    for name, parameter in model.named_parameters():
        found = _LAYER.search(name)
        if name.split(".")[0] in (*HEADS, *LATE_HEADS):
            heads.append(parameter)
        elif found is not None and int(found[1]) >= first:
            layers.append(parameter)
        else:
            parameter.requires_grad_(False)
    found_groups = [{"params": heads, "lr": tuning.head_rate}, {"params": layers, "lr": tuning.layer_rate}]
    return [group for group in found_groups if group["params"]]


class _Batches:
    """The training batches, drawn anew in each epoch."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        tokenizer: Tokenizer,
        groups: Sequence[Sequence[DescribedType]],
        tuning: Tuning,
        random: np.random.Generator,
    ) -> None:
        self._pieces, self._tokenizer, self._groups = pieces, tokenizer, groups
        self._tuning, self._random = tuning, random
        self.steps = -(-len(pieces) // tuning.texts_at_once)

    def epoch(self, model: Model) -> Iterator[TaggingBatch | SharedBatch]:
        """Every piece once, in random order, each with one of the groups of competing types."""
        order = self._random.permutation(len(self._pieces))
        for first in range(0, len(order), self._tuning.texts_at_once):
            chosen = [self._pieces[place] for place in order[first : first + self._tuning.texts_at_once]]
            if model.config.separate_layers:
                types = [kind for group in self._groups for kind in group]
                described = [kind.description for kind in types]
                queried = [self._queried_piece(piece, types) for piece in chosen]
                yield pack_shared(queried, described, self._tokenizer, model.config)
            else:
                yield pack_questions([self._question(piece) for piece in chosen], self._tokenizer)

    def _question(self, piece: Piece) -> Question:
        groups = [queried for group in self._groups if (queried := [kind for kind in group if _labels(piece, kind)])]
        group = groups[int(self._random.integers(len(groups)))]
        targets, placed = target_words(piece, [kind.name for kind in group])
        descriptions = tuple(kind.description for kind in group)
        return Question(self._masked(piece), piece.word_starts, descriptions, targets, len(placed))

    def _queried_piece(self, piece: Piece, types: Sequence[DescribedType]) -> QueriedPiece:
        columns = [column for column, kind in enumerate(types) if _labels(piece, kind)]
        labels = np.zeros((len(piece.word_starts), len(columns)), np.int8)
        for place, column in enumerate(columns):
            for low, high, name in piece.mentions:
                if name == types[column].name:
                    labels[low:high, place] = 1
        labels[~_known(piece)] = UNKNOWN
        return QueriedPiece(
            self._masked(piece),
            piece.token_ids,
            piece.word_starts,
            np.array(columns),
            labels,
            np.zeros(0, np.int64),
            len(piece.mentions),
        )

    def _masked(self, piece: Piece) -> np.ndarray:
        token_ids = piece.token_ids.copy()
        bounds = np.append(piece.word_starts, len(token_ids))
        for low, high, _ in piece.mentions:
            if self._random.random() < self._tuning.mask_probability:
                token_ids[bounds[low] : bounds[high]] = self._tokenizer.mask
        return token_ids


def _labels(piece: Piece, kind: DescribedType) -> bool:
    """Whether the words of a piece have labels for a type."""
    return piece.annotated is None or kind.name in piece.annotated


def _known(piece: Piece) -> np.ndarray:
    """[words] whether a word has labels."""
    known = np.ones(len(piece.word_starts), np.bool_)
    for low, high in piece.unsure:
        known[low:high] = False
    return known

"""Passes, the units that workers train on, as functions of their index in any process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.prepare import named_description
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpus import Corpus
from openbioner_batch.training.exposure import TypeExposure
from openbioner_batch.training.masked import MaskedBatch, mask_pieces
from openbioner_batch.training.packing import TaggingBatch, pack_questions
from openbioner_batch.training.pieces import mentioned_types
from openbioner_batch.training.plan import TrainingPlan
from openbioner_batch.training.sampling import QuestionSampler
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.shared import SharedBatch, as_shared, pack_shared
from openbioner_batch.training.vocabulary import Likeness, TypeVocabulary

Pass = TaggingBatch | SharedBatch | MaskedBatch
NEGATIONS = ("anything that is not", "not", "everything except", "other than", "no", "all but")
"""Prefixes that turn a description into its complement."""
EMPTY_NAMES = ("mention", "entity", "type", "label", "span", "item", "concept", "my type")
"""Meaningless names of types."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything that a pass depends on besides its index."""

    corpus: Corpus
    plan: TrainingPlan
    vocabulary: TypeVocabulary | None
    tokenizer: Tokenizer
    settings: PretrainSettings
    config: ModelConfig
    likeness: Likeness | None = None


class PassMaker:
    """Makes passes; the same index gives the same arrays in every process."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        self._sampler: QuestionSampler | None = None
        self._exposure: TypeExposure | None = None
        if preparation.vocabulary is not None:
            recipe, mask = preparation.settings.recipe, preparation.tokenizer.mask
            negations = [tuple(preparation.tokenizer.ids(words)) for words in NEGATIONS]
            self._sampler = QuestionSampler(preparation.vocabulary, recipe, mask, negations, preparation.likeness)
            if recipe.shared_types:
                late = preparation.config.is_late
                empty = [tuple(preparation.tokenizer.ids(named_description(name, ""))) for name in EMPTY_NAMES]
                self._exposure = TypeExposure(
                    preparation.vocabulary, preparation.likeness, recipe, mask, late, negations, empty
                )

    def make(self, index: int) -> Pass:
        """The pass of an index of the plan."""
        plan, settings, tokenizer = (getattr(self._preparation, name) for name in ("plan", "settings", "tokenizer"))
        random = np.random.default_rng((settings.seed, 1, index))
        pieces = [self._preparation.corpus.pieces.piece(number) for number in plan.pieces(index)]
        if self._sampler is None:
            return mask_pieces(pieces, tokenizer, settings.recipe, random)
        config, types = self._preparation.config, int(plan.types[index])
        if self._exposure is not None:
            return pack_shared(*self._exposure.draw(pieces, types, random), tokenizer, config)
        batch_types = mentioned_types(pieces)
        questions = [self._sampler.draw(piece, types, batch_types, random) for piece in pieces]
        if not config.separate_layers:
            return pack_questions(questions, tokenizer)
        distillation = settings.recipe.distillation
        queried = as_shared(questions, [piece.token_ids for piece in pieces], distillation.types if distillation else 0)
        return pack_shared(*queried, tokenizer, config)

    def part(self, number: int) -> list[Pass]:
        """The passes of a part: what one worker does in one step."""
        accumulation = self._preparation.settings.batch.accumulation
        return [self.make(number * accumulation + place) for place in range(accumulation)]

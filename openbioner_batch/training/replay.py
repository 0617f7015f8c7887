"""Replays other training data while a model learns from a few examples, so that it does not forget other types."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.model.models import Model
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.exposure import TypeExposure
from openbioner_batch.training.likeness import description_vectors
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.packing import TaggingBatch, pack_questions
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.pieces import Piece, mentioned_types, tokenize_passages
from openbioner_batch.training.recipe import Recipe
from openbioner_batch.training.sampling import QuestionSampler
from openbioner_batch.training.shared import SharedBatch, pack_shared
from openbioner_batch.training.silver.holdout import without_types
from openbioner_batch.training.silver.typenames import normalise_type
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.trained_types import types_of_passages
from openbioner_batch.training.vocabulary import Likeness, TypeVocabulary, build_type_vocabulary

SAMPLED = 1000
"""How many passages are sampled from a folder."""
TYPES_SHARED, TYPES_OF_PAIRS = 64, 10
"""Types queried in the passages of a step: for all passages together where a type costs little, else for each."""
NEAR_ABOVE = 0.65
"""Cosine of descriptions' vectors above which two types may be one under two names."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A sample of other training data.

    Attributes:
        share: of the texts of each step.
        pieces: the sample.
        vocabulary: its types, none of them one of the examples.
        likeness: which of them are near; None for models that read each type with each text.
        types: the recipe for learning them.
    """

    share: float
    pieces: tuple[Piece, ...]
    vocabulary: TypeVocabulary
    likeness: Likeness | None
    types: tuple[TypeFacts, ...]


def read_replay(
    folder: str, share: float, names: Collection[str], model: Model, tokenizer: Tokenizer, seed: int
) -> Replay:
    """A sample of a folder's passages, without some types.

    Args:
        folder: with `passages/` and `descriptions/`.
        share: of the texts of each step, below 1.
        names: of the types that the examples teach; the folder's mentions of these are unlabelled.
        model: before tuning, on the CPU.
        tokenizer: of the model.
        seed: of the sample.

    Raises:
        UsageError: the folder has no passages, or does not describe their types.
    """
    taught = {name for name in (*names, *map(normalise_type, names)) if name}
    passages = sample_passages(folder, taught, seed)
    queried = {
        name for passage in passages for name in (*(m.type for m in passage.mentions), *(passage.annotated or ()))
    }
    rows = [row for row in read_descriptions(folder) if row[0] in queried]
    if not rows:
        raise UsageError(f"--replay {folder}: has no passages of other types that descriptions/*.parquet describes")
    windows = model.config.windows
    vocabulary = build_type_vocabulary(rows, (), tokenizer, windows.description_tokens)
    likeness = None
    if model.config.separate_layers:
        likeness = Likeness(description_vectors(model, vocabulary, tokenizer), NEAR_ABOVE)
    described: dict[str, tuple[str, ...]] = {}
    for name, _, text in rows:
        described[name] = (*described.get(name, ()), text)
    pieces = tuple(tokenize_passages(passages, tokenizer, windows.text_tokens))
    return Replay(share, pieces, vocabulary, likeness, tuple(types_of_passages(passages, described)))


def sample_passages(folder: str, names: Collection[str], seed: int) -> list[AnnotatedPassage]:
    """Up to `SAMPLED` of a folder's passages with labels for other types, drawn evenly from all its files.

    Raises:
        UsageError: the folder is not training data.
    """
    random = np.random.default_rng(seed)

    def drawn() -> Iterator[tuple[float, AnnotatedPassage]]:
        for group in passage_groups(folder):
            for passage in read_passages(group):
                chance = random.random()
                left = without_types(passage, names)
                if left.annotated is None or left.annotated:
                    yield chance, left

    return [passage for _, passage in heapq.nsmallest(SAMPLED, drawn(), key=lambda pair: pair[0])]


class ReplayedBatches:
    """Batches of a sample, drawn anew again and again.

    Args:
        replay: the sample.
        model: the model to tune.
        tokenizer: of the model.
        recipe: the recipe of tuning.
        beside: how many texts of a step are examples.
        seed: of order, types and masks.
    """

    def __init__(
        self, replay: Replay, model: Model, tokenizer: Tokenizer, recipe: Recipe, beside: int, seed: int
    ) -> None:
        self._pieces, self._config, self._tokenizer = replay.pieces, model.config, tokenizer
        self._random = np.random.default_rng((seed, 1))
        self._number = max(1, round(beside * replay.share / (1 - replay.share)))
        self._order: list[int] = []
        shared = replace(recipe, shared_types=TYPES_SHARED)
        late, mask = model.config.is_late, tokenizer.mask
        self._exposure = TypeExposure(replay.vocabulary, replay.likeness, shared, mask, all_columns=late)
        self._sampler = QuestionSampler(replay.vocabulary, recipe, mask)

    def draw(self) -> TaggingBatch | SharedBatch:
        """The next batch."""
        pieces = [self._pieces[place] for place in self._places()]
        if self._config.separate_layers:
            return pack_shared(
                *self._exposure.draw(pieces, TYPES_OF_PAIRS, self._random), self._tokenizer, self._config
            )
        types = mentioned_types(pieces)
        questions = [self._sampler.draw(piece, TYPES_OF_PAIRS, types, self._random) for piece in pieces]
        return pack_questions(questions, self._tokenizer)

    def _places(self) -> Sequence[int]:
        while len(self._order) < self._number:
            self._order += self._random.permutation(len(self._pieces)).tolist()
        taken, self._order = self._order[: self._number], self._order[self._number :]
        return taken

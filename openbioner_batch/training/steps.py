"""The passes that each worker trains on, prepared by Ray Data's CPU tasks ahead of the workers."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from openbioner_batch.errors import RunFailedError
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpus import Corpus, CorpusReader
from openbioner_batch.training.exposure import Likeness, TypeExposure
from openbioner_batch.training.masked import MaskedBatch, mask_pieces
from openbioner_batch.training.pacing import Pacing
from openbioner_batch.training.packing import TaggingBatch, pack_questions
from openbioner_batch.training.pieces import mentioned_types
from openbioner_batch.training.plan import Plan
from openbioner_batch.training.sampling import QuestionSampler
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.shared import SharedBatch, as_shared, pack_shared
from openbioner_batch.training.vocabulary import TypeVocabulary

if TYPE_CHECKING:
    import ray.data

Pass = TaggingBatch | SharedBatch | MaskedBatch
NEGATIONS = ("anything that is not", "not", "everything except", "other than", "no", "all but")
"""Before a description they make its complement."""
TASK_PARTS = 16
"""Parts of steps that one task prepares, one after another."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that a pass is a function of, beside its index."""

    corpus: Corpus
    plan: Plan
    vocabulary: TypeVocabulary | None
    tokenizer: Tokenizer
    settings: PretrainSettings
    config: ModelConfig
    likeness: Likeness | None = None


class PassMaker:
    """Makes passes; the same index gives the same arrays in every process."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        self._reader = CorpusReader(preparation.corpus)
        self._sampler: QuestionSampler | None = None
        self._exposure: TypeExposure | None = None
        if preparation.vocabulary is not None:
            recipe, mask = preparation.settings.recipe, preparation.tokenizer.mask
            self._sampler = QuestionSampler(preparation.vocabulary, recipe, mask)
            if recipe.shared_types:
                late = preparation.config.is_late
                negations = [tuple(preparation.tokenizer.ids(words)) for words in NEGATIONS]
                self._exposure = TypeExposure(
                    preparation.vocabulary, preparation.likeness, recipe, mask, late, negations
                )

    def make(self, index: int) -> Pass:
        """The pass of an index of the plan."""
        plan, settings, tokenizer = (getattr(self._preparation, name) for name in ("plan", "settings", "tokenizer"))
        random = np.random.default_rng((settings.seed, 1, index))
        pieces = [self._reader.piece(number) for number in plan.pieces(index)]
        if self._sampler is None:
            return mask_pieces(pieces, tokenizer, settings.recipe, random)
        config, types = self._preparation.config, int(plan.types[index])
        if self._exposure is not None:
            return pack_shared(*self._exposure.draw(pieces, types, random), tokenizer, config)
        company = mentioned_types(pieces)
        questions = [self._sampler.draw(piece, types, company, random) for piece in pieces]
        if not config.separate_layers:
            return pack_questions(questions, tokenizer)
        lesson = settings.recipe.distillation
        asked = as_shared(questions, [piece.token_ids for piece in pieces], lesson.types if lesson else 0)
        return pack_shared(*asked, tokenizer, config)


def step_dataset(preparation: Any, first_step: Any, parts: int, accumulation: int) -> ray.data.Dataset:
    """A dataset with one row for each part (what one worker does in one step), in order.

    Split evenly in order, row k goes to worker k modulo their number: the rows are single blocks, their order is
    preserved, and the splitter gives each block to the worker that has had fewest rows. `parts_of` checks it.

    Args:
        preparation: reference to a `Preparation`.
        first_step: an actor whose method `first_part` gives the part to begin with.
        parts: of the whole training.
        accumulation: passes in a part.
    """
    import ray.data

    tasks = -(-parts // TASK_PARTS)
    # Not `range`: its reading tasks want a whole CPU each, which a machine with one core never has beside a worker.
    dataset = ray.data.from_items([{"id": number} for number in range(tasks)], override_num_blocks=tasks)
    # A row is a block of its own however small it is.
    dataset.context.target_max_block_size = 1
    dataset.context.custom_execution_callback_classes = [Pacing]  # type: ignore[list-item]
    return dataset.map_batches(
        _prepare,  # type: ignore[arg-type] # keyword arguments are not in Ray's type
        fn_kwargs={
            "preparation": [preparation],  # in a list, so that Ray hands on the reference
            "first_step": first_step,
            "parts": parts,
            "accumulation": accumulation,
        },
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0.5,
    )


def parts_of(rows: Iterator[Mapping[str, Any]], first: int, stride: int) -> Iterator[list[Pass]]:
    """The passes of each of a worker's parts.

    Args:
        rows: of this worker's share of the dataset.
        first: the part that must come first.
        stride: how far apart the worker's parts are.

    Raises:
        RunFailedError: another part came: going on would not be the same training.
    """
    expected = first
    for row in rows:
        if row["part"] != expected:
            raise RunFailedError(f"Ray Data gave part {row['part']} where part {expected} was due")
        yield pickle.loads(row["passes"])
        expected += stride


_makers: dict[Any, PassMaker] = {}


def _prepare(
    rows: pa.Table, preparation: list[Any], first_step: Any, parts: int, accumulation: int
) -> Iterator[pa.Table]:
    import ray

    if preparation[0] not in _makers:
        _makers.clear()
        _makers[preparation[0]] = PassMaker(ray.get(preparation[0]))
    maker = _makers[preparation[0]]
    first = ray.get(first_step.first_part.remote())
    for task in rows.column("id").to_pylist():
        begin = first + task * TASK_PARTS
        for part in range(begin, min(begin + TASK_PARTS, parts)):
            passes = [maker.make(part * accumulation + number) for number in range(accumulation)]
            payload = pickle.dumps(passes, pickle.HIGHEST_PROTOCOL)
            yield pa.table({"part": pa.array([part], pa.int64()), "passes": pa.array([payload], pa.large_binary())})

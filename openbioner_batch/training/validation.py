"""F1 during training: the development data as fixed queries, scored strictly by words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from openbioner_batch.catalog import load_catalog
from openbioner_batch.catalog.views import NAMED_VIEW
from openbioner_batch.errors import UsageError
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.prepare import named_description
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.packing import TaggingBatch, pack_questions
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.pieces import mentioned_types, tokenize_passages
from openbioner_batch.training.recipe import Negatives, Recipe
from openbioner_batch.training.sampling import IGNORED, Question, QuestionSampler
from openbioner_batch.training.settings import ALL_LAYERS, IobFile, PretrainSettings
from openbioner_batch.training.shared import UNKNOWN, SharedBatch, as_shared, pack_shared
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.vocabulary import TypeVocabulary

MOST_TYPES = 25
"""Most types queried in a passage: all that were annotated throughout, or those present and others of the data."""
_TOGETHER = 4
"""Passages in a batch."""
_RECIPE = Recipe(
    types_per_pass=(MOST_TYPES, MOST_TYPES),
    positives_share=1.0,
    mask_probability=0.0,
    negatives=Negatives(in_batch=1.0, hard=0.0, vocabulary=0.0),
)

Descriptions = Mapping[str, Mapping[str, str]]
"""Texts by type and view."""


@dataclass(frozen=True, slots=True)
class ValidationData:
    """The development data before tokenization.

    Attributes:
        groups: the passages of each development file, and of the folder of passages.
        texts: the descriptions of their types, by type and view.
    """

    groups: list[list[AnnotatedPassage]]
    texts: Descriptions


def read_validation(settings: PretrainSettings, descriptions: Descriptions) -> ValidationData:
    """The development data of a run; none where no validation is requested.

    Args:
        settings: of the run.
        descriptions: of the sources; `validation.silver` and the catalog add missing ones.

    Raises:
        UsageError: a file cannot be read, or a label has no type with a description.
    """
    wanted = settings.validation
    groups: list[list[AnnotatedPassage]] = [list(islice(_iob_passages(file), wanted.limit)) for file in wanted.iob]
    texts = {kind: dict(views) for kind, views in descriptions.items()}
    if wanted.silver:
        passages = (p for group in passage_groups(wanted.silver) for p in read_passages(group))
        groups.append(list(islice(passages, wanted.limit)))
        for kind, view, text in read_descriptions(wanted.silver):
            texts.setdefault(kind, {}).setdefault(view, text)
    for file in wanted.iob:
        for kind in label_types(file).values():
            if kind not in texts:
                texts[kind] = dict(load_catalog().lookup(kind).descriptions)
    return ValidationData(groups, texts)


def validation_batches(
    settings: PretrainSettings, data: ValidationData, tokenizer: Tokenizer, config: ModelConfig | None = None
) -> list[TaggingBatch] | list[SharedBatch]:
    """The queries for measuring F1, the same at every call.

    Args:
        settings: of the run.
        data: as `read_validation` gives it.
        tokenizer: of the model.
        config: of the model; None is a cross-encoder without separate layers.

    Raises:
        UsageError: no type has a description.
    """
    questions = [question for group in data.groups for question in _questions(group, data.texts, settings, tokenizer)]
    if config is None or not config.separate_layers:
        return [pack_questions(some, tokenizer) for some in questions]
    plain = ([question.token_ids for question in some] for some in questions)
    return [
        pack_shared(*as_shared(some, texts, 0), tokenizer, config) for some, texts in zip(questions, plain, strict=True)
    ]


def label_types(file: IobFile) -> dict[str, str]:
    """The type of each label of a development file.

    Raises:
        UsageError: a pair without `=`.
    """
    pairs = [pair.partition("=") for pair in file.types.split(",")]
    if wrong := [label for label, equals, kind in pairs if not (equals and label.strip() and kind.strip())]:
        raise UsageError(f"validation.iob types {wrong[0]!r}: expected Label=type, such as Disease=disease")
    return {label.strip(): kind.strip() for label, _, kind in pairs}


def count_spans(batch: TaggingBatch | SharedBatch, predicted: np.ndarray) -> tuple[int, int, int]:
    """Entities in the gold, among the predictions, and in both: runs of words of one type.

    Neighbouring mentions of one type are one entity on both sides; unlabelled words end a run.

    Args:
        batch: with targets.
        predicted: [words] the winning column, or [words, types] whether each type was found.
    """
    if isinstance(batch, TaggingBatch):
        layers = [(0, batch.targets, np.where(batch.targets == IGNORED, IGNORED, predicted))]
    else:
        predicted = np.where(batch.targets == UNKNOWN, UNKNOWN, predicted)
        layers = [(k, batch.targets[:, k], predicted[:, k]) for k in range(batch.targets.shape[1])]
    gold, found = (
        {(layer, *span) for layer, *sides in layers for span in _spans(sides[side], batch.question_words)}
        for side in (0, 1)
    )
    return len(gold), len(found), len(gold & found)


def f1(gold: int, predicted: int, correct: int) -> float:
    """Harmonic mean of precision and recall; 0 where there is nothing."""
    return 2 * correct / (gold + predicted) if gold + predicted else 0.0


def _spans(columns: np.ndarray, question_words: np.ndarray) -> set[tuple[int, int, int]]:
    columns = columns.astype(np.int64)
    edges = np.flatnonzero(np.diff(columns, prepend=IGNORED - 1, append=IGNORED - 1))
    bounds = np.union1d(edges, question_words)
    return {(int(a), int(b), int(columns[a])) for a, b in pairwise(bounds) if columns[a] > 0}


def _questions(
    passages: Sequence[AnnotatedPassage], texts: Descriptions, settings: PretrainSettings, tokenizer: Tokenizer
) -> Iterator[list[Question]]:
    wanted = settings.validation
    pieces = list(tokenize_passages(passages, tokenizer, settings.start.text_tokens))
    kinds = dict.fromkeys([*mentioned_types(pieces), *(kind for piece in pieces for kind in piece.annotated or ())])
    views = {}
    for kind in kinds:
        if kind in texts:
            text = texts[kind].get(wanted.view) or next(iter(texts[kind].values()))
            if settings.start.separate_layers == ALL_LAYERS and NAMED_VIEW in settings.recipe.views:
                text = named_description(kind, text)
            views[kind] = {wanted.view: tuple(tokenizer.ids(text)[: settings.start.description_tokens])}
    if passages and not views:
        raise UsageError("validation: none of its types has a description in the sources or the catalog")
    sampler = QuestionSampler(TypeVocabulary(views, dict.fromkeys(views, ()), 0), _RECIPE, tokenizer.mask)
    random = np.random.default_rng((settings.seed, 2))
    pieces.sort(key=lambda piece: len(piece.token_ids))
    for low in range(0, len(pieces), _TOGETHER):
        some = pieces[low : low + _TOGETHER]
        yield [sampler.draw(piece, MOST_TYPES, list(views), random) for piece in some]


def _iob_passages(file: IobFile) -> Iterator[AnnotatedPassage]:
    from openbioner_batch.formats.iob import read_iob

    types = label_types(file)
    for number, sentence in enumerate(read_iob(file.path)):
        if unknown := sorted({span.type for span in sentence.spans} - types.keys()):
            raise UsageError(f"{file.path} has a label without a type: {unknown[0]} (given: {', '.join(types)})")
        mentions = tuple(AnnotatedMention(span.start, span.end, types[span.type]) for span in sentence.spans)
        annotated = tuple(dict.fromkeys(types.values()))
        yield AnnotatedPassage(str(number), file.path, sentence.text, mentions, (), annotated)

"""Corpora in which each text has its own list of types: folders of training data, and labelled corpora in that form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openbioner_batch.catalog.views import NAME_VIEW, NAMED_VIEW
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import words_for
from openbioner_batch.evaluation.labels import parse_views
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.evaluation.tasks import Task
from openbioner_batch.records import MOST_TYPES_IN_A_GROUP, EntityType, Span
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.trained_types import types_of_passages
from openbioner_batch.training.validation import Descriptions

_TOGETHER = 64
"""How many texts with the same types are tagged together."""


@dataclass(frozen=True, slots=True)
class QueriedCorpus:
    """Texts with gold spans, and the types queried in each.

    Attributes:
        name: of the corpus.
        texts: the texts.
        spans: of each text, gold spans of the types queried in it.
        type_groups: of each text, the types queried, in groups that compete.
        unsure: of each text, ranges in which found spans count neither way.
        documents: [texts] index of the document that each text belongs to.
        types: the facts about every queried type.
        descriptions: of every type queried.
        views: those for the model; several are an ensemble.
        words: the units of spans.
        undescribed: types of gold spans that are left out because they have no description.
    """

    name: str
    texts: tuple[str, ...]
    spans: tuple[tuple[Span, ...], ...]
    type_groups: tuple[tuple[tuple[str, ...], ...], ...]
    unsure: tuple[tuple[tuple[int, int], ...], ...]
    documents: np.ndarray
    types: Mapping[str, TypeFacts]
    descriptions: Descriptions
    views: tuple[str, ...]
    words: str
    undescribed: tuple[str, ...] = ()

    def portions(self) -> Iterator[range]:
        """Consecutive texts that are queried for the same types, at most 64 together."""
        first = 0
        for last in range(1, len(self.texts) + 1):
            is_end = last == len(self.texts) or last - first == _TOGETHER
            if is_end or self.type_groups[last] != self.type_groups[first]:
                yield range(first, last)
                first = last

    def described(self, groups: Sequence[Sequence[str]], view: str) -> list[list[EntityType]]:
        """Groups of types with their descriptions for a model."""
        return [[EntityType(name, describe(name, self.descriptions[name], view)) for name in group] for group in groups]


def describe(name: str, views: Mapping[str, str], view: str) -> str:
    """A type's description in a view; in the nearest that it has where it lacks that."""
    words = name.replace("_", " ")
    if view == NAME_VIEW:
        return words
    definition = views.get("definition") or next(iter(views.values()))
    return f"{words}: {definition}" if view == NAMED_VIEW else views.get(view, definition)


def is_training_folder(path: Path) -> bool:
    """Whether a folder has the layout of training data."""
    return (path / "passages").is_dir()


def read_queried(settings: EvaluateSettings) -> list[QueriedCorpus]:
    """The corpora in a folder of training data, one for each `source` of its passages.

    A passage with a closed list (`annotated`) is queried for that; another one for the types that it mentions.

    Raises:
        UsageError: there is nothing to read, or no such source, or types are given.
    """
    if settings.types:
        raise UsageError("--types is for a corpus of labels: the folder's passages say which types are queried")
    descriptions: dict[str, dict[str, str]] = {}
    for name, view, text in read_descriptions(settings.corpus):
        descriptions.setdefault(name, {}).setdefault(view, text)
    by_source: dict[str, list[AnnotatedPassage]] = {}
    for group in passage_groups(settings.corpus):
        for passage in read_passages(group):
            by_source.setdefault(passage.source, []).append(passage)
    if missing := [name for name in settings.corpora if name not in by_source]:
        raise UsageError(f"--corpora {missing[0]}: the passages' sources are {', '.join(sorted(by_source)) or 'none'}")
    wanted = settings.corpora or sorted(by_source)
    return [_of_passages(source, _some(by_source[source], settings.limit), descriptions, settings) for source in wanted]


def of_task(task: Task) -> QueriedCorpus:
    """A labelled corpus, with all texts queried for all its types."""
    corpus, labels = task.corpus, task.labels
    spans = tuple(map(labels.typed, corpus.spans))
    descriptions = {kind.name: dict(kind.descriptions) for kind in labels.unique_types}
    group = tuple(kind.name for kind in labels.unique_types)
    passages = [
        AnnotatedPassage(str(n), corpus.name, text, tuple(AnnotatedMention(s.start, s.end, s.type) for s in of_text))
        for n, (text, of_text) in enumerate(zip(corpus.texts, spans, strict=True))
    ]
    return QueriedCorpus(
        corpus.name,
        corpus.texts,
        spans,
        ((group,),) * len(corpus.texts),
        ((),) * len(corpus.texts),
        corpus.documents,
        _facts(passages, descriptions, group),
        descriptions,
        parse_views(task.view),
        words_for(corpus),
    )


def compatible_groups(
    names: Sequence[str], spans: Sequence[Span], most: int = MOST_TYPES_IN_A_GROUP
) -> list[list[str]]:
    """Types in groups so that no two whose mentions overlap compete for a word: the first group that takes each.

    A broad and a fine type of the same mention are both right, and training does not query them together either.

    Args:
        names: the types.
        spans: the gold spans of the text.
        most: types of a group.
    """
    overlapping: dict[str, set[str]] = {name: set() for name in names}
    ordered = sorted(spans, key=lambda span: span.start)
    for place, span in enumerate(ordered):
        for other in ordered[place + 1 :]:
            if other.start >= span.end:
                break
            if span.type != other.type:
                overlapping[span.type].add(other.type)
                overlapping[other.type].add(span.type)
    groups: list[list[str]] = []
    for name in names:
        room = next((g for g in groups if len(g) < most and overlapping[name].isdisjoint(g)), None)
        if room is None:
            groups.append(room := [])
        room.append(name)
    return groups


def _of_passages(
    source: str, passages: Sequence[AnnotatedPassage], descriptions: Descriptions, settings: EvaluateSettings
) -> QueriedCorpus:
    spans: list[tuple[Span, ...]] = []
    type_groups: list[tuple[tuple[str, ...], ...]] = []
    for passage in passages:
        present = tuple(dict.fromkeys(mention.type for mention in passage.mentions))
        names = [n for n in (present if passage.annotated is None else passage.annotated) if n in descriptions]
        gold = tuple(
            Span(m.start, m.end, m.type, 1.0, passage.text[m.start : m.end])
            for m in passage.mentions
            if m.type in names
        )
        spans.append(gold)
        type_groups.append(tuple(map(tuple, compatible_groups(names, gold))))
    names = sorted({name for groups in type_groups for group in groups for name in group})
    found = {mention.type for passage in passages for mention in passage.mentions}
    documents = [passage.passage_id.rpartition("/")[0] or passage.passage_id for passage in passages]
    return QueriedCorpus(
        source,
        tuple(passage.text for passage in passages),
        tuple(spans),
        tuple(type_groups),
        tuple(passage.unsure for passage in passages),
        np.unique(documents, return_inverse=True)[1],
        _facts(passages, descriptions, names),
        descriptions,
        parse_views(settings.view or "definition"),
        settings.words or "basic",
        tuple(sorted(found - descriptions.keys())),
    )


def _facts(
    passages: Sequence[AnnotatedPassage], descriptions: Descriptions, names: Sequence[str]
) -> dict[str, TypeFacts]:
    texts = {name: tuple(views.values()) for name, views in descriptions.items()}
    known = {kind.name: kind for kind in types_of_passages(passages, texts)}
    return {name: known.get(name, TypeFacts(name, texts.get(name, ()))) for name in names}


def _some(passages: Sequence[AnnotatedPassage], limit: int | None) -> Sequence[AnnotatedPassage]:
    if limit is None or limit >= len(passages):
        return passages
    return [passages[index * len(passages) // limit] for index in range(limit)]

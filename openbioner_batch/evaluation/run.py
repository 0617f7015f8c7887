"""Scores a model on corpora: reads, refuses what the protocol forbids, tags, and collects the figures."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.evaluation.benchmark import (
    Estimate,
    Progress,
    average,
    check_labels,
    count_found,
    estimate,
    find_spans,
    model_finder,
    words_for,
)
from openbioner_batch.evaluation.card import ModelCard, figure_kind, read_card, sharing_text
from openbioner_batch.evaluation.corpora import known_corpus
from openbioner_batch.evaluation.labels import parse_views
from openbioner_batch.evaluation.metrics import CountsByDocument
from openbioner_batch.evaluation.overlap import find_overlap
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.evaluation.tasks import Task, find_corpora, read_task

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger


def evaluate(settings: EvaluateSettings, progress: Progress | None = None) -> dict[str, Any]:
    """The strict scores of a model on each corpus, with intervals, and their average: plain values for JSON.

    Corpora that the model's card lists are refused before anything is tagged.

    Raises:
        UsageError: the request, a corpus or its labels are wrong, or the protocol forbids it.
        CheckpointError: the model or its card cannot be read.
    """
    tasks, kinds, card = prepare_tasks(settings)
    tagger = load_tagger(settings)
    corpora: dict[str, Any] = {}
    estimates: list[Estimate] = []
    for task in tasks:
        start = perf_counter()
        words = settings.words or words_for(task.corpus)
        finder = model_finder(tagger, [task.labels.described(view) for view in parse_views(task.view)], words)
        counts = count_found(task.corpus, task.labels, find_spans(finder, task.corpus, progress))
        figures = estimate(counts, task.corpus.name, settings.resamples, settings.seed)
        estimates.append(figures)
        corpora[task.corpus.name] = {
            "kind": kinds[task.corpus.name],
            **describe_task(task, card),
            "words": words,
            "seconds": round(perf_counter() - start, 1),
            **figures.as_dict(),
        }
        if settings.overlap_with:
            corpora[task.corpus.name]["overlap"] = _overlap(task, counts, settings)
    return {**describe_run(settings, tagger), "corpora": corpora, "average": average(estimates)}


def prepare_tasks(settings: EvaluateSettings) -> tuple[list[Task], dict[str, str], ModelCard | None]:
    """The corpora to score, the kind of figures on each, and the model's card.

    Raises:
        UsageError: see `evaluate`.
        CheckpointError: the model's card cannot be read.
    """
    from openbioner_batch.model import resolve_checkpoint

    card = read_card(resolve_checkpoint(settings.model))
    tasks = [read_task(settings, name, path) for name, path in find_corpora(settings).items()]
    for task in tasks:
        check_labels(task.corpus, task.labels)
    names = [task.corpus.name for task in tasks]
    return tasks, {name: figure_kind(card, name, settings.allow_trained) for name in names}, card


def load_tagger(settings: EvaluateSettings) -> Tagger:
    """The model that the settings name.

    Raises:
        UsageError: the glossary cannot be read, or the model has no use for it.
        CheckpointError: the model cannot be read.
    """
    from openbioner_batch.model import Completion, Tagger

    tagger = Tagger.from_pretrained(
        settings.model,
        device=settings.devices,
        dtype=settings.dtype,
        calibrated=not settings.no_calibration,
        threshold=settings.threshold,
        glossary=settings.glossary_choice,
    )
    tagger.completion = Completion(settings.abbreviations, settings.repeats)
    tagger.nested = settings.nested
    return tagger


def describe_run(settings: EvaluateSettings, tagger: Tagger) -> dict[str, Any]:
    """What figures depend on besides the corpora."""
    return {
        "model": settings.model,
        "digest": tagger.digest,
        "split": settings.split,
        "dtype": tagger.dtype,
        "device": tagger.device,
        "calibrated": _calibrated(settings, tagger),
        **({"glossary": chosen.digest} if (chosen := settings.glossary_choice) else {}),
        **({"threshold": settings.threshold} if settings.threshold is not None else {}),
        "completed by": tagger.completion.names,
        "nested": tagger.nested,
        "limit": settings.limit,
        "resamples": settings.resamples,
        "seed": settings.seed,
    }


def _calibrated(settings: EvaluateSettings, tagger: Tagger) -> str | bool:
    """What the checkpoint's calibration was fitted on, or whether one is used; a threshold of the request is none."""
    from openbioner_batch.model import Calibration

    used = tagger.calibration
    if used is None or (settings.threshold is not None and replace(used, threshold=0.0) == Calibration()):
        return False
    return used.fitted_on or True


def describe_task(task: Task, card: ModelCard | None) -> dict[str, Any]:
    """The description of a corpus and the types queried in it."""
    corpus, labels = task.corpus, task.labels
    known = known_corpus(corpus.name)
    seen, derived = (set(card.gold_types), set(card.derived_types)) if card else (set(), set())
    return {
        "level": corpus.level,
        "texts": len(corpus.texts),
        "resampled": corpus.unit,
        "units": int(corpus.documents.max()) + 1,
        "view": task.view,
        "types": {label: kind.name for label, kind in labels.types.items()},
        "gold_types_seen": [kind.name for kind in labels.unique_types if kind.name in seen],
        "derived_types": [kind.name for kind in labels.unique_types if kind.name in derived],
        "left_out_labels": sorted(labels.left_out),
        "discontinuous_left_out": corpus.discontinuous,
        "training_corpora_sharing_articles": sharing_text(card, known),
        "citation": known.citation if known else None,
    }


def _overlap(task: Task, counts: CountsByDocument, settings: EvaluateSettings) -> dict[str, Any]:
    """How much of a corpus is in training data, and the scores of the documents with and without it."""
    assert settings.overlap_with is not None
    corpus = task.corpus
    overlap = find_overlap(corpus, settings.overlap_with)
    shared = np.zeros(len(counts.counts), np.bool_)
    shared[corpus.documents[overlap.shared]] = True
    parts = {"with_overlap": shared, "without_overlap": ~shared}
    found: dict[str, Any] = {
        "training": settings.overlap_with,
        "ids_compared": corpus.ids is not None,
        "texts_shared_by_id": int(overlap.by_id.sum()),
        "texts_shared_by_sentence": int(overlap.by_sentence.sum()),
        f"{corpus.unit}_shared": int(shared.sum()),
    }
    for name, chosen in parts.items():
        part = CountsByDocument(counts.types, counts.counts[chosen])
        found[name] = (
            estimate(part, corpus.name, settings.resamples, settings.seed).as_dict()["micro"] if chosen.any() else None
        )
    return found

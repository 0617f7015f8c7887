"""Scores a model separately on types that it was trained on and on unseen ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from openbioner_batch.catalog import load_catalog
from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.evaluation.benchmark import MEASURES, Estimate, Progress, estimate, intervals, model_finder
from openbioner_batch.evaluation.bootstrap import macro_measures
from openbioner_batch.evaluation.card import ModelCard, figure_kind, read_card
from openbioner_batch.evaluation.metrics import CountsByDocument, SpanKey, count_by_document
from openbioner_batch.evaluation.questions import QueriedCorpus, is_training_folder, of_task, read_queried
from openbioner_batch.evaluation.run import describe_run, load_tagger, prepare_tasks
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.model import Tagger, resolve_checkpoint
from openbioner_batch.records import Span
from openbioner_batch.training.nearness import NearTypes, TypeFacts
from openbioner_batch.training.trained_types import read_trained_types, types_of_sources

SEEN, UNSEEN = "seen", "unseen"
FREQUENT = 3
"""The fewest gold mentions of a type in `macro_frequent`; scores of rarer ones are noise."""


def evaluate_zero_shot(settings: EvaluateSettings, progress: Progress | None = None) -> dict[str, Any]:
    """Scores of a model on each corpus, separately for seen and unseen types.

    A type is seen where the model was trained on one that is near it by name, description or mentions
    (`training/nearness.py`). What it was trained on, the checkpoint lists, or the folders of `settings.trained_on` are.

    Args:
        settings: `corpus` is anything that `evaluate` takes, or a folder of training data (`passages/*.parquet`), whose
            passages are queried for their closed lists; see `read_queried`.
        progress: called with how far it is.

    Returns:
        Plain values for JSON: `corpora[NAME]` has for "seen" and "unseen" the scores, strict and by overlap: micro,
        macro, macro of frequent types, and per type, all with intervals; for each seen type the trained one that is
        near it and why; and the queried types whose labels of training rules derived.

    Raises:
        UsageError: see `evaluate`; or it is unknown what the model was trained on.
        CheckpointError: the model, its card or its list of types cannot be read.
    """
    directory = resolve_checkpoint(settings.model)
    card = read_card(directory)
    trained, source = trained_types(directory, card, settings)
    near = NearTypes(trained)
    if is_training_folder(Path(settings.corpus)):
        corpora = read_queried(settings)
        kinds = {corpus.name: figure_kind(card, corpus.name, settings.allow_trained) for corpus in corpora}
    else:
        tasks, kinds, _ = prepare_tasks(settings)
        corpora = [of_task(task) for task in tasks]
    tagger = load_tagger(settings)
    derived = set(card.derived_types) if card else set()
    found: dict[str, Any] = {}
    for corpus in corpora:
        start = perf_counter()
        spans = list(find_queried(tagger, corpus, progress))
        found[corpus.name] = {
            "kind": kinds[corpus.name],
            "texts": len(corpus.texts),
            "units": int(corpus.documents.max()) + 1,
            "views": list(corpus.views),
            "undescribed_types_left_out": list(corpus.undescribed),
            "derived_types": sorted(derived.intersection(corpus.types)),
            **_parts(corpus, spans, near, settings),
            "seconds": round(perf_counter() - start, 1),
        }
    return {
        **describe_run(settings, tagger),
        "trained_types": {"number": len(trained), "from": source, "mentions known": any(t.mentions for t in trained)},
        "corpora": found,
    }


def trained_types(directory: Path, card: ModelCard | None, settings: EvaluateSettings) -> tuple[list[TypeFacts], str]:
    """The types that a model was trained on, and the source of that.

    Raises:
        UsageError: nothing does.
        CheckpointError: its list is damaged.
    """
    if settings.trained_on:
        return types_of_sources(settings.trained_on), ", ".join(settings.trained_on)
    listed = read_trained_types(directory)
    if listed is not None:
        return listed, "the checkpoint's list"
    if card is None or not card.gold_types:
        raise UsageError(
            f"model {settings.model}: neither its list nor its card says which types it was trained on; "
            f"give the folders of its training data as --trained-on"
        )
    return [_of_catalog(name) for name in card.gold_types], "the checkpoint's card"


def find_queried(tagger: Tagger, corpus: QueriedCorpus, progress: Progress | None = None) -> Iterator[list[Span]]:
    """The model's spans in each text, in order; consecutive texts with the same types are tagged together."""
    for texts in corpus.portions():
        groups = corpus.type_groups[texts.start]
        if groups:
            views = [corpus.described(groups, view) for view in corpus.views]
            finder = model_finder(tagger, views, corpus.words)
            yield from map(list, finder(corpus.texts[texts.start : texts.stop]))
        else:
            yield from ([] for _ in texts)
        if progress:
            progress(corpus.name, texts.stop, len(corpus.texts))


def count_queried(corpus: QueriedCorpus, found: Sequence[Iterable[Span]], overlap: bool = False) -> CountsByDocument:
    """Counts of the spans found in each text against its gold spans; those in an unsure range count neither way.

    Args:
        corpus: the texts.
        found: spans of each.
        overlap: whether a shared character makes a found span right, instead of equal offsets. Each gold span makes one
            found span right at most, and each found one finds one gold span at most: in the order of their starts.
    """
    gold: list[SpanKey] = []
    predicted: list[SpanKey] = []
    for index, (of_gold, of_found) in enumerate(zip(corpus.spans, found, strict=True)):
        unsure = corpus.unsure[index]
        sure = [s for s in of_found if not any(s.start < high and low < s.end for low, high in unsure)]
        gold += ((index, span.start, span.end, span.type) for span in of_gold)
        if overlap:
            # a found span counts as the gold one that it overlaps, or as one that is not in the gold
            touched = _touched(of_gold, sure)
            places = [touched.get(place, (-1, place)) for place in range(len(sure))]
        else:
            places = [(span.start, span.end) for span in sure]
        predicted += ((index, *place, span.type) for place, span in zip(places, sure, strict=True))
    return count_by_document(gold, predicted, corpus.documents.tolist(), sorted(corpus.types))


def scores_of(
    counts: CountsByDocument, names: Sequence[str], corpus: str, settings: EvaluateSettings
) -> dict[str, Any] | None:
    """Scores of some types with intervals; None where they have neither gold spans nor found ones.

    Args:
        counts: of all types.
        names: the types scored.
        corpus: its name.
        settings: number and seed of the resamples.
    """
    columns = [column for column, name in enumerate(counts.types) if name in set(names)]
    part = CountsByDocument(tuple(counts.types[column] for column in columns), counts.counts[:, columns])
    if not part.counts.any():
        return None
    figures = estimate(part, corpus, settings.resamples, settings.seed)
    scores = figures.as_dict()
    return {
        "micro": scores["micro"],
        "macro": scores["macro"],
        "macro_frequent": _macro_frequent(figures),
        "per_type": scores["per_type"],
    }


def _touched(gold: Sequence[Span], found: Sequence[Span]) -> dict[int, tuple[int, int]]:
    """For each found span that shares a character with a gold one of its type, the offsets of that one."""
    pairs: dict[int, tuple[int, int]] = {}
    used: set[tuple[int, int, str]] = set()
    for place in sorted(range(len(found)), key=lambda place: (found[place].start, found[place].end)):
        span = found[place]
        for other in sorted(gold, key=lambda one: (one.start, one.end)):
            key = (other.start, other.end, other.type)
            if other.type == span.type and other.start < span.end and span.start < other.end and key not in used:
                used.add(key)
                pairs[place] = other.start, other.end
                break
    return pairs


def _parts(
    corpus: QueriedCorpus, found: Sequence[Iterable[Span]], near: NearTypes, settings: EvaluateSettings
) -> dict[str, Any]:
    reasons = {name: near.near(kind) for name, kind in corpus.types.items()}
    counts = {"strict": count_queried(corpus, found), "overlap": count_queried(corpus, found, overlap=True)}
    parts: dict[str, Any] = {}
    for part, names in (
        (SEEN, [name for name, like in reasons.items() if like]),
        (UNSEEN, [name for name, like in reasons.items() if not like]),
    ):
        scores = {measure: scores_of(of, names, corpus.name, settings) for measure, of in counts.items()}
        parts[part] = {"types": len(names), **scores}
    return {**parts, "near": {name: _first(like) for name, like in reasons.items() if like}}


def _macro_frequent(figures: Estimate) -> dict[str, Any] | None:
    """The macro scores of the types with `FREQUENT` gold spans and more, the same types in each resample."""
    pooled = figures.counts.counts.sum(axis=0)
    frequent = pooled[:, 0] >= FREQUENT
    if not frequent.any():
        return None
    means = dict(zip(MEASURES, macro_measures(pooled[frequent]).tolist(), strict=True))
    resampled = macro_measures(figures.resampled[:, frequent])
    return {"types": int(frequent.sum()), "least_gold": FREQUENT, **means, **intervals(resampled)}


def _first(like: dict[str, str]) -> dict[str, str]:
    name, reason = next(iter(like.items()))
    return {"to": name, "by": reason}


def _of_catalog(name: str) -> TypeFacts:
    try:
        return TypeFacts(name, tuple(load_catalog().lookup(name).descriptions.values()))
    except OpenBioNERError:
        return TypeFacts(name)

"""Compares scores by the description of types: each view alone, and ensembles of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.catalog.views import NAME_VIEW, VIEWS
from openbioner_batch.evaluation.benchmark import (
    Estimate,
    Progress,
    average,
    count_found,
    estimate,
    intervals,
    mean_logits,
    portions,
    words_for,
)
from openbioner_batch.evaluation.run import describe_run, describe_task, load_tagger, prepare_tasks
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.evaluation.tasks import Task
from openbioner_batch.records import Span

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger

SINGLE = (NAME_VIEW, *VIEWS)
ENSEMBLES = (
    ("definition", "examples"),
    ("definition", "contextual"),
    ("examples", "contextual"),
    ("definition", "examples", "contextual"),
    SINGLE,
)
BASELINE = "definition"


def ablate(settings: EvaluateSettings, progress: Progress | None = None) -> dict[str, Any]:
    """Micro scores of each corpus with each view of the types' descriptions and with ensembles of views.

    A type is described by its bare name, a definition, one with examples, or its contexts. An
    ensemble queries each description in passes of its own and takes the mean of the logits. Every view is run once.

    Args:
        settings: as for `evaluate`; `view` is not used.
        progress: called with how far it is.

    Returns:
        Plain values for JSON: `views` lists the rows, `corpora[NAME]["views"][VIEW]` holds micro scores with intervals,
        `average[VIEW]` their mean over the corpora, and `against_definition[VIEW]` the paired difference of that
        mean's F1 from the definition's, with its interval.

    Raises:
        UsageError: see `evaluate`.
    """
    tasks, kinds, card = prepare_tasks(settings)
    tagger = load_tagger(settings)
    rows = {view: (view,) for view in SINGLE} | {"+".join(views): views for views in ENSEMBLES}
    corpora: dict[str, Any] = {}
    estimates: dict[str, list[Estimate]] = {row: [] for row in rows}
    for task in tasks:
        found = _spans_by_row(tagger, task, settings.words or words_for(task.corpus), rows, progress)
        for row, spans in found.items():
            counts = count_found(task.corpus, task.labels, spans)
            estimates[row].append(estimate(counts, task.corpus.name, settings.resamples, settings.seed))
        views = {row: estimates[row][-1].as_dict()["micro"] for row in rows}
        about = {key: value for key, value in describe_task(task, card).items() if key != "view"}
        corpora[task.corpus.name] = {"kind": kinds[task.corpus.name], **about, "views": views}
    return {
        **describe_run(settings, tagger),
        "views": list(rows),
        "corpora": corpora,
        "average": {row: average(found) for row, found in estimates.items()},
        "against_definition": {row: _difference(found, estimates[BASELINE]) for row, found in estimates.items()},
    }


def _spans_by_row(
    tagger: Tagger, task: Task, words: str, rows: Mapping[str, Sequence[str]], progress: Progress | None
) -> dict[str, list[list[Span]]]:
    found: dict[str, list[list[Span]]] = {row: [] for row in rows}
    for texts in portions(task.corpus, progress):
        prepared = {view: tagger.preparer(task.labels.described(view), words).prepare(texts) for view in SINGLE}
        logits = {view: list(tagger.word_logits(one)) for view, one in prepared.items()}
        for row, views in rows.items():
            of_groups = [mean_logits(group) for group in zip(*(logits[view] for view in views), strict=True)]
            found[row] += tagger.decode(prepared[views[0]], of_groups)
    return found


def _difference(found: Sequence[Estimate], baseline: Sequence[Estimate]) -> dict[str, Any]:
    """The difference of mean F1; the same resamples are drawn for both, so its interval is that of a paired test."""
    resampled = [a.resampled_micro - b.resampled_micro for a, b in zip(found, baseline, strict=True)]
    difference = average(found)["f1"] - average(baseline)["f1"]
    return {"f1": difference, "f1_interval": intervals(np.mean(resampled, axis=0))["f1_interval"]}

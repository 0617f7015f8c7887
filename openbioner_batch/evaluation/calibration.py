"""Fits a NEG bias, biases of types and thresholds to development splits, and stores them with the checkpoint.

Training shows other proportions of entities than a corpus has, and weights no-entity words down: the logits are shifted
against NEG and against each other.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import Progress, check_labels, portions, view_logits, words_for
from openbioner_batch.evaluation.fitting import STAGES, ScoredCorpus, ScoredPart, fit_stages, scored_part
from openbioner_batch.evaluation.labels import parse_views
from openbioner_batch.evaluation.reading import without_texts
from openbioner_batch.evaluation.run import describe_run, load_tagger, prepare_tasks
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.evaluation.tasks import Task, find_corpora, read_task
from openbioner_batch.model.calibration import Calibration, read_calibration, write_calibration

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger


def calibrate(
    settings: EvaluateSettings, output: str | Path, test: bool = True, progress: Progress | None = None
) -> dict[str, Any]:
    """Fit a calibration on the devel splits and write the checkpoint with it.

    The number of parameters is chosen on held-out data: each half of devel is scored with the calibration of the other
    half, and the stage with the best mean F1 is fitted again on all of devel.

    Args:
        settings: as for `evaluate`; the split is devel, and of a calibration that the checkpoint carries only the
            loose words stay.
        output: the folder of the calibrated checkpoint; the model's own folder is calibrated in place.
        test: whether to score the test splits too, where they exist: on the devel split that a calibration was
            fitted on, its scores are too good.
        progress: called with how far it is.

    Returns:
        Plain values for JSON: the calibration and its stage, the mean F1 of each stage on the other half
        ("held_out_by_stage"), and for each corpus micro F1 before and after, on devel and on test.

    Raises:
        UsageError: see `evaluate`; or the output is another checkpoint's folder.
    """
    from openbioner_batch.model import resolve_checkpoint

    settings = replace(settings, split="devel", no_calibration=True)
    source, target = resolve_checkpoint(settings.model), Path(output)
    _check_output(source, target)
    tasks, kinds, _ = prepare_tasks(settings)
    test_tasks = _test_tasks(settings, set(kinds)) if test else []
    tagger = load_tagger(settings)

    def scored(task: Task) -> ScoredCorpus:
        return score_corpus(tagger, task, settings.words or words_for(task.corpus), progress)

    corpora = [scored(task) for task in tasks]
    loose_words = (read_calibration(source) or Calibration()).loose_words
    held_out = _held_out(corpora, loose_words)
    stage = max(held_out, key=lambda name: held_out[name])  # the simplest of equals
    fitted_on = f"devel of {', '.join(corpus.name for corpus in corpora)}"
    calibration = replace(fit_stages(corpora, loose_words)[stage], fitted_on=fitted_on)
    figures: dict[str, dict[str, Any]] = {name: {"kind": kind} for name, kind in kinds.items()}
    for part, of_part in (("devel", corpora), ("test", [scored(task) for task in test_tasks])):
        for corpus in of_part:
            figures[corpus.name][part] = {"before": corpus.f1(Calibration()), "after": corpus.f1(calibration)}
    if source.resolve() != target.resolve():
        shutil.copytree(source, target, dirs_exist_ok=True)
    write_calibration(target, calibration)
    about = {key: value for key, value in describe_run(settings, tagger).items() if key not in ("resamples", "seed")}
    return {
        **about,
        "calibration": calibration.as_json(),
        "stage": stage,
        "held_out_by_stage": held_out,
        "corpora": figures,
        "average": _means(figures),
    }


def score_corpus(tagger: Tagger, task: Task, words: str, progress: Progress | None = None) -> ScoredCorpus:
    """The raw logits of a corpus, for the search."""
    halves = []
    for parity in (0, 1):
        half = without_texts(task.corpus, task.corpus.documents % 2 != parity)
        parts: list[ScoredPart] = []
        first = 0
        for texts in portions(half, progress):
            views = [task.labels.described(view) for view in parse_views(task.view)]
            prepared, logits = view_logits(tagger, views, words, texts)
            spans = half.spans[first : first + len(texts)]
            first += len(texts)
            parts += [
                scored_part(prepared, group, of_group, spans, task.labels) for group, of_group in enumerate(logits)
            ]
        halves.append(tuple(parts))
    return ScoredCorpus(task.corpus.name, (halves[0], halves[1]))


def _held_out(corpora: Sequence[ScoredCorpus], loose_words: Collection[str]) -> dict[str, float]:
    """Mean F1 of each stage on the half of devel that it was not fitted on.

    Raises:
        UsageError: a corpus has a single sentence or document.
    """
    if single := [corpus.name for corpus in corpora if not all(corpus.halves)]:
        raise UsageError(
            f"{single[0]} has one text alone; calibration needs several, to fit on some and check on others"
        )
    halves = [[corpus.half(which) for corpus in corpora] for which in (0, 1)]
    fits = [fit_stages(half, loose_words) for half in halves]
    return {
        stage: float(np.mean([corpus.f1(fits[which][stage]) for which in (0, 1) for corpus in halves[1 - which]]))
        for stage in STAGES
    }


def _means(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {
        part: {when: float(np.mean([one[part][when] for one in figures.values()])) for when in ("before", "after")}
        for part in ("devel", "test")
        if all(part in one for one in figures.values())
    }


def _test_tasks(settings: EvaluateSettings, names: set[str]) -> list[Task]:
    """The test splits of the corpora that are fitted on; none where `--corpus` is one corpus without splits."""
    settings = replace(settings, split="test")
    places = find_corpora(settings).items()
    tasks = [read_task(settings, name, path) for name, path in places if path != Path(settings.corpus)]
    tasks = [task for task in tasks if task.corpus.name in names]
    for task in tasks:
        check_labels(task.corpus, task.labels)
    return tasks


def _check_output(source: Path, target: Path) -> None:
    if target.exists() and source.resolve() != target.resolve() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"--output {target} is not empty: give a new folder, or the model's own to calibrate in place")

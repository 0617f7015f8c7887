"""Fits biases and thresholds to development data, and stores them with the checkpoint.

Training shows other proportions of entities than a corpus has, and weights no-entity words down: the logits are shifted
against NEG and against each other.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.benchmark import Progress, check_labels, portions, words_for
from openbioner_batch.evaluation.card import figure_kind, read_card
from openbioner_batch.evaluation.fitting import fit_stages, names_of
from openbioner_batch.evaluation.labels import parse_views
from openbioner_batch.evaluation.questions import QueriedCorpus, is_training_folder, read_queried
from openbioner_batch.evaluation.reading import TOKENS, in_blocks, limited, without_texts
from openbioner_batch.evaluation.run import describe_run, load_tagger, prepare_tasks
from openbioner_batch.evaluation.scored import ScoredCorpus, ScoredPart, score_texts
from openbioner_batch.evaluation.settings import ALL, GENERAL, TYPES, EvaluateSettings
from openbioner_batch.evaluation.tasks import Task, find_corpora, read_task
from openbioner_batch.model.calibration import Calibration, read_calibration, write_calibration

if TYPE_CHECKING:
    from openbioner_batch.model import Tagger


def calibrate(
    settings: EvaluateSettings,
    output: str | Path,
    test: bool = True,
    progress: Progress | None = None,
    fit: str = ALL,
    joined: int | None = None,
) -> dict[str, Any]:
    """Fit a calibration on the devel splits and write the checkpoint with it.

    The number of parameters is chosen on held-out data: each half of devel is scored with the calibration of the other
    half, and the stage with the best mean F1 is fitted again on all of devel.

    Args:
        settings: as for `evaluate`; the split is devel. With `fit="general"` the corpus may be a folder of passages too
            (see `read_queried`), which count as devel.
        output: the folder of the calibrated checkpoint; the model's own folder is calibrated in place.
        test: whether to score the test splits too, where they exist: on the devel split that a calibration was
            fitted on, its scores are too good.
        progress: called with how far it is.
        fit: "all": values for all types and for single ones; of a calibration that the checkpoint carries only how
            ends of spans are cut stays. "general": only the values for all types; types that have values of their
            own keep them. "types": only those of the types that the corpora query; all others keep theirs.
        joined: fit to the sentences of a tokenised corpus alone and also joined in texts of so many.

    Returns:
        Plain values for JSON: the calibration and its stage, the mean F1 of each stage on the other half
        ("held_out_by_stage"), and for each corpus micro F1 before (with no calibration) and after, on devel and test.

    Raises:
        UsageError: see `evaluate`; or the output is another checkpoint's folder, or nothing can be fitted.
    """
    from openbioner_batch.model import resolve_checkpoint

    settings = replace(settings, split="devel", no_calibration=True)
    source, target = resolve_checkpoint(settings.model), Path(output)
    _check_output(source, target)
    parts, tests, kinds = _read(settings, fit, joined, test)
    tagger, own = load_tagger(settings), read_calibration(source) or Calibration()
    about = {key: value for key, value in describe_run(settings, tagger).items() if key not in ("resamples", "seed")}
    if fit == GENERAL:  # plain types keep their values, and so they are scored as these were fitted
        tagger.calibration = Calibration(plain_types=own.plain_types)
    corpora = [_scored(tagger, one, settings, progress) for one in parts]
    start = _kept(own, fit, corpora)
    held_out = held_out_f1(corpora, start, fit)
    stage = max(held_out, key=lambda name: held_out[name])  # the simplest of equals
    fitted_on = _fitted_on(own, fit, corpora, is_training_folder(Path(settings.corpus)))
    calibration = fit_stages(corpora, start, fit)[stage]
    if fit == GENERAL:  # values of plain types that are described otherwise here
        calibration = calibration.with_types(own, names_of(own) - names_of(start))
    calibration = replace(calibration, fitted_on=fitted_on)
    figures: dict[str, dict[str, Any]] = {corpus.name: {"kind": kinds[corpus.name]} for corpus in corpora}
    for part, of_part in (("devel", corpora), ("test", [_scored(tagger, one, settings, progress) for one in tests])):
        for corpus in of_part:
            figures[corpus.name][part] = {"before": corpus.f1(Calibration()), "after": corpus.f1(calibration)}
    if source.resolve() != target.resolve():
        shutil.copytree(source, target, dirs_exist_ok=True)
    write_calibration(target, calibration)
    return {
        **about,
        "fit": fit,
        "joined": joined,
        "calibration": calibration.as_json(),
        "stage": stage,
        "held_out_by_stage": held_out,
        "corpora": figures,
        "average": _means(figures),
    }


def score_corpus(tagger: Tagger, task: Task, words: str, progress: Progress | None = None) -> ScoredCorpus:
    """The raw logits of a labelled corpus, for the search."""
    halves: tuple[list[ScoredPart], list[ScoredPart]] = ([], [])
    views = [task.labels.described(view) for view in parse_views(task.view)]
    for parity, parts in enumerate(halves):
        half = without_texts(task.corpus, task.corpus.documents % 2 != parity)
        first = 0
        for texts in portions(half, progress):
            spans = [task.labels.typed(of_text) for of_text in half.spans[first : first + len(texts)]]
            first += len(texts)
            parts += score_texts(tagger, views, words, texts, spans)
    return ScoredCorpus(task.corpus.name, (tuple(halves[0]), tuple(halves[1])))


def score_queried(tagger: Tagger, corpus: QueriedCorpus, progress: Progress | None = None) -> ScoredCorpus:
    """The raw logits of a corpus in which each text has its own list of types."""
    halves: tuple[list[ScoredPart], list[ScoredPart]] = ([], [])
    for together in corpus.portions():
        groups = corpus.type_groups[together.start]
        views = [corpus.described(groups, view) for view in corpus.views]
        for parity, parts in enumerate(halves):
            places = [place for place in together if corpus.documents[place] % 2 == parity]
            if groups and places:
                texts = [corpus.texts[place] for place in places]
                spans = [corpus.spans[place] for place in places]
                unsure = [corpus.unsure[place] for place in places]
                parts += score_texts(tagger, views, corpus.words, texts, spans, unsure)
        if progress:
            progress(corpus.name, together.stop, len(corpus.texts))
    return ScoredCorpus(corpus.name, (tuple(halves[0]), tuple(halves[1])))


def held_out_f1(corpora: Sequence[ScoredCorpus], start: Calibration, fit: str) -> dict[str, float]:
    """Mean F1 of each stage of `fit_stages` on the half of the texts that it was not fitted on.

    Raises:
        UsageError: a corpus has a single sentence or document.
    """
    if single := [corpus.name for corpus in corpora if not all(corpus.halves)]:
        raise UsageError(
            f"{single[0]} has one text alone; calibration needs several, to fit on some and check on others"
        )
    halves = [[corpus.half(which) for corpus in corpora] for which in (0, 1)]
    fits = [fit_stages(half, start, fit) for half in halves]
    return {
        stage: float(np.mean([corpus.f1(fits[which][stage]) for which in (0, 1) for corpus in halves[1 - which]]))
        for stage in fits[0]
    }


def _read(
    settings: EvaluateSettings, fit: str, joined: int | None, test: bool
) -> tuple[Sequence[Task | QueriedCorpus], Sequence[Task], dict[str, str]]:
    """What to fit to, what to test on, and the kind of figures on each."""
    if is_training_folder(Path(settings.corpus)):
        if fit != GENERAL:
            raise UsageError(f"{settings.corpus} has passages, each with types of its own: give --fit {GENERAL}")
        queried, card = read_queried(settings), read_card(_checkpoint(settings))
        return queried, [], {one.name: figure_kind(card, one.name, settings.allow_trained) for one in queried}
    reading = replace(settings, limit=None) if joined else settings
    tasks, kinds, _ = prepare_tasks(reading)
    tests = _test_tasks(reading, set(kinds)) if test else []
    forms = {task.corpus.name: _forms(task, joined, settings.limit) for task in tasks}
    kinds = {form.corpus.name: kinds[name] for name, of_task in forms.items() for form in of_task}
    return (
        [form for of_task in forms.values() for form in of_task],
        [form for task in tests for form in _forms(task, joined, settings.limit)],
        kinds,
    )


def _checkpoint(settings: EvaluateSettings) -> Path:
    from openbioner_batch.model import resolve_checkpoint

    return resolve_checkpoint(settings.model)


def _forms(task: Task, joined: int | None, limit: int | None) -> list[Task]:
    """A corpus as it is; or its sentences alone, and joined."""
    if joined is None:
        return [task]
    if task.corpus.level != TOKENS:
        return [replace(task, corpus=limited(task.corpus, limit))]
    return [replace(task, corpus=corpus) for corpus in in_blocks(task.corpus, joined, limit)]


def _scored(
    tagger: Tagger, one: Task | QueriedCorpus, settings: EvaluateSettings, progress: Progress | None
) -> ScoredCorpus:
    if isinstance(one, QueriedCorpus):
        return score_queried(tagger, one, progress)
    return score_corpus(tagger, one, settings.words or words_for(one.corpus), progress)


def _kept(own: Calibration, fit: str, corpora: Sequence[ScoredCorpus]) -> Calibration:
    """What stays of the calibration that the checkpoint carries, as far as it holds for the types of the corpora.

    Raises:
        UsageError: values for all types are fitted, and each of these types has its own.
    """
    queried = {name for corpus in corpora for name in corpus.types}
    if fit == ALL:
        return own.not_fitted
    if fit == TYPES:
        return own.without_types(queried)
    kept = own.for_types(kind for corpus in corpora for part in corpus.parts for kind in part.kinds)
    if queried <= names_of(kept):
        raise UsageError(
            f"each type that is queried ({', '.join(sorted(queried))}) has values of its own in the checkpoint: that "
            f"says nothing of others; give other corpora, or another --fit"
        )
    return kept


def _fitted_on(own: Calibration, fit: str, corpora: Sequence[ScoredCorpus], are_passages: bool) -> str:
    new = f"{'passages' if are_passages else 'devel'} of {', '.join(corpus.name for corpus in corpora)}"
    before = [] if fit == ALL else own.fitted_on.split("; ")
    return "; ".join(dict.fromkeys(filter(None, [*before, new])))


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

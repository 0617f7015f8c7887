"""Searches for biases and thresholds that maximise the mean F1 of scored corpora.

A bias and a threshold are chosen together: with a low bias for no entity a mention keeps its less certain words, and
the threshold demands one word that is surer. Either alone, and so one after the other, leads elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from openbioner_batch.evaluation.scored import ScoredCorpus
from openbioner_batch.evaluation.settings import ALL, GENERAL, TYPES
from openbioner_batch.model.calibration import Calibration

BIASES = np.arange(-4.0, 4.01, 0.25)
"""For no entity: words whose logit for the type is as far above the one for no entity are in a mention."""
MARGINS = np.arange(0.0, 3.01, 0.25)
"""How much farther a mention's surest word must be above."""
THRESHOLDS = np.where(MARGINS > 0, np.round(1 / (1 + np.exp(-MARGINS)), 2), 0.0)
"""The same as scores of a type that competes with no other; where nothing more is demanded, there is none."""
LEAST_GAIN = 0.001
"""The least gain in mean F1 for a pair of a single type."""
_NO_THRESHOLD = THRESHOLDS[:1]
_ROUNDS = 2
STAGES = ("none", "NEG bias", "NEG bias and threshold", "biases and thresholds of types")
BIAS_STAGES = ("NEG bias", "NEG bias and biases of types")


def fit_stages(
    corpora: Sequence[ScoredCorpus], start: Calibration | None = None, fit: str = ALL
) -> dict[str, Calibration]:
    """Calibrations that maximise the mean over corpora of micro F1, from none to the one with most to it (`STAGES`).

    First one pair of a NEG bias and a threshold for all types, which also serves types that no corpus queries; then
    pairs of single types, only where one gains `LEAST_GAIN`, one after another. Each pair is chosen where the mean of
    three by three neighbouring grid points is highest, so that a chance maximum does not win.

    Args:
        corpora: scored development splits.
        start: what stays: how ends of spans are cut, the values of single types and, where these alone are fitted,
            those of all.
        fit: one of `FITS`: with "general" the last stage is missing, with "types" those between it and the first.
    """
    start = start or Calibration()
    stages = [start] if fit == TYPES else _general(corpora, start, THRESHOLDS)
    if fit != GENERAL:
        stages.append(_of_types(corpora, stages[-1], THRESHOLDS))
    names = {ALL: STAGES, GENERAL: STAGES[:3], TYPES: (STAGES[0], STAGES[-1])}[fit]
    return dict(zip(names, stages, strict=True))


def fit_biases(corpora: Sequence[ScoredCorpus], start: Calibration) -> dict[str, Calibration]:
    """As `fit_stages`, without thresholds: of these a few spans say nothing (`BIAS_STAGES`)."""
    neg = _general(corpora, start, _NO_THRESHOLD)[1]
    return dict(zip(BIAS_STAGES, (neg, _of_types(corpora, neg, _NO_THRESHOLD)), strict=True))


def names_of(calibration: Calibration) -> frozenset[str]:
    """The types with values of their own, or that are found in a way of their own."""
    own = frozenset(calibration.type_biases) | frozenset(calibration.type_thresholds)
    return own | frozenset(calibration.plain_types)


def _general(corpora: Sequence[ScoredCorpus], start: Calibration, thresholds: np.ndarray) -> list[Calibration]:
    """No pair for all types, the best bias alone, and the best pair; types with values of their own keep them."""
    own = sorted(names_of(start))

    def changed(bias: float, threshold: float) -> Calibration:
        return replace(start.not_fitted, neg_bias=bias, threshold=threshold).with_types(start, own)

    others = frozenset(name for corpus in corpora for name in corpus.types).difference(own)
    grid = _grid(corpora, others, changed, thresholds)
    found, f1 = [changed(0.0, 0.0)], grid[BIASES == 0, 0].item()
    for part in (grid[:, :1], grid):
        bias, threshold = _chosen(part)
        gains = part[bias, threshold] > f1
        found.append(changed(float(BIASES[bias]), float(thresholds[threshold])) if gains else found[-1])
        f1 = max(f1, part[bias, threshold])
    return found


def _of_types(corpora: Sequence[ScoredCorpus], start: Calibration, thresholds: np.ndarray) -> Calibration:
    """With a pair for each single type that gains enough by it."""
    found = start
    for name in sorted({name for corpus in corpora for name in corpus.types}) * _ROUNDS:
        queried = [corpus for corpus in corpora if name in corpus.types]
        changed = _setter(found, name)
        grid = _grid(queried, frozenset([name]), changed, thresholds)
        bias, threshold = _chosen(grid)
        gain = grid[bias, threshold] - np.mean([corpus.f1(found) for corpus in queried])
        # in the mean over all corpora, whether they query this type or not
        if gain * len(queried) / len(corpora) > LEAST_GAIN:
            found = changed(float(BIASES[bias]), float(thresholds[threshold]))
    return found


def _setter(current: Calibration, name: str) -> Callable[[float, float], Calibration]:
    return lambda bias, threshold: current.with_types(Calibration(neg_bias=bias, threshold=threshold), [name])


def _grid(
    corpora: Sequence[ScoredCorpus],
    names: AbstractSet[str],
    changed: Callable[[float, float], Calibration],
    thresholds: np.ndarray,
) -> np.ndarray:
    """[biases, thresholds]: the mean F1 with each pair for types of these names."""
    candidates = [changed(float(bias), 0.0) for bias in BIASES]
    return np.asarray(np.mean([corpus.f1_grid(candidates, names, thresholds) for corpus in corpora], axis=0))


def _chosen(grid: np.ndarray) -> tuple[int, int]:
    """Where the mean over neighbours is highest; of equals the one in their middle."""
    smooth = np.lib.stride_tricks.sliding_window_view(np.pad(grid, 1, mode="edge"), (3, 3)).mean(axis=(2, 3))
    equals = np.argwhere(np.isclose(smooth, smooth.max()))
    bias, threshold = equals[np.abs(equals - equals.mean(axis=0)).sum(axis=1).argmin()].tolist()
    return bias, threshold

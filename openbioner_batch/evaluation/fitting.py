"""Searches for a NEG bias, biases of types and thresholds that maximise the mean F1 of scored corpora.

One forward pass gives the raw logits; the rest is a search over them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.model.calibration import Calibration
from openbioner_batch.records import Span

if TYPE_CHECKING:
    from openbioner_batch.model import Prepared

NEG_BIASES = np.arange(-4.0, 4.01, 0.25)
TYPE_BIASES = np.arange(-3.0, 3.01, 0.25)
THRESHOLDS = np.arange(0.0, 0.96, 0.05)
LEAST_GAIN = 0.001
"""The least gain in mean F1 for a bias or threshold of a single type."""
_ROUNDS = 2
STAGES = ("none", "NEG bias", "NEG bias and biases of types", "biases and thresholds")


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """The raw logits of some texts of a corpus for one group of types, and the gold as runs of words.

    Attributes:
        prepared: the texts.
        names: of the group's types.
        logits: float32 [words, 1 + types].
        gold: sorted keys of the gold spans that are whole runs of words.
        golds: how many gold spans there are, including those that are not runs of words.
    """

    prepared: Prepared
    names: tuple[str, ...]
    logits: np.ndarray
    gold: np.ndarray
    golds: int

    def counts(self, calibration: Calibration) -> np.ndarray:
        """[gold, predicted, correct] with a calibration."""
        from openbioner_batch.model.decoding import word_runs

        if not len(self.logits):
            return np.array([self.golds, 0, 0])
        runs = word_runs(self.prepared, self.logits + calibration.biases(self.names), calibration.loose_words)
        kept = runs.scores >= calibration.thresholds(self.names)[runs.types]
        keys = _keys(self, runs.firsts[kept], runs.lasts[kept], runs.types[kept])
        return np.array([self.golds, len(keys), np.isin(keys, self.gold, assume_unique=True).sum()])


@dataclass(frozen=True, slots=True)
class ScoredCorpus:
    """The parts of a corpus; the first half of them holds every other document, the second half the rest."""

    name: str
    halves: tuple[tuple[ScoredPart, ...], tuple[ScoredPart, ...]]

    @property
    def parts(self) -> tuple[ScoredPart, ...]:
        """All of them."""
        return (*self.halves[0], *self.halves[1])

    def half(self, which: int) -> ScoredCorpus:
        """One half as a separate corpus."""
        return ScoredCorpus(self.name, (self.halves[which], ()))

    @property
    def types(self) -> set[str]:
        """Names of the types queried."""
        return {name for part in self.parts for name in part.names}

    def f1(self, calibration: Calibration) -> float:
        """Micro F1 with a calibration."""
        if not self.parts:
            return 0.0
        gold, predicted, correct = np.sum([part.counts(calibration) for part in self.parts], axis=0).tolist()
        return 2 * correct / (gold + predicted) if gold + predicted else 0.0


def fit_stages(corpora: Sequence[ScoredCorpus], loose_words: Collection[str] = ()) -> dict[str, Calibration]:
    """Calibrations that maximise the mean over corpora of micro F1, from none to the one with most to it (`STAGES`).

    First one NEG bias for all, which also serves types that no corpus queries; then biases and at last thresholds of
    single types, only where one gains `LEAST_GAIN`, one after another. Each value is chosen where the mean of three
    neighbouring grid points is highest, so that a chance maximum does not win.

    Args:
        corpora: scored development splits.
        loose_words: of all these calibrations.
    """
    none = Calibration(loose_words=loose_words)
    neg = _best(corpora, none, NEG_BIASES, lambda value: replace(none, neg_bias=value), least_gain=0.0)
    names = sorted({name for corpus in corpora for name in corpus.types})
    biased = neg
    for name in names * _ROUNDS:
        biased = _best(corpora, biased, TYPE_BIASES, _setter(biased, "type_biases", name), LEAST_GAIN, name)
    whole = biased
    for name in names:
        whole = _best(corpora, whole, THRESHOLDS, _setter(whole, "type_thresholds", name), LEAST_GAIN, name)
    return dict(zip(STAGES, (none, neg, biased, whole), strict=True))


def scored_part(
    prepared: Prepared, group: int, logits: np.ndarray, spans: Sequence[Sequence[Span]], labels: Labels
) -> ScoredPart:
    """The raw logits of texts for one group of types, beside their gold spans.

    Args:
        prepared: the texts.
        group: of which types.
        logits: float32 [words, 1 + types].
        spans: of each text, by label.
        labels: the type of each label.
    """
    names = tuple(kind.name for kind in prepared.groups[group])
    part = ScoredPart(prepared, names, logits, np.zeros(0, np.int64), 0)
    keys: set[int] = set()
    total: set[tuple[int, int, int, str]] = set()
    for text, of_text in enumerate(spans):
        low, high = prepared.document_words[text], prepared.document_words[text + 1]
        starts, ends = prepared.word_offsets[low:high].T
        for span in of_text:
            kind = labels.types.get(span.type)
            if kind is None or kind.name not in names:
                continue
            total.add((text, span.start, span.end, kind.name))
            first, last = np.searchsorted(starts, span.start), np.searchsorted(ends, span.end)
            if first <= last < high - low and starts[first] == span.start and ends[last] == span.end:
                keys.add(int(_keys(part, low + first, low + last, names.index(kind.name))))
    return replace(part, gold=np.array(sorted(keys), np.int64), golds=len(total))


def _keys(part: ScoredPart, firsts: Any, lasts: Any, types: Any) -> np.ndarray:
    """A number for each run of words and type, from whole numbers or arrays of them."""
    return np.asarray((firsts * (len(part.logits) + 1) + lasts) * len(part.names) + types)


def _best(
    corpora: Sequence[ScoredCorpus],
    current: Calibration,
    grid: np.ndarray,
    changed: Callable[[float], Calibration],
    least_gain: float,
    name: str | None = None,
) -> Calibration:
    """The best calibration over a grid of one value, or the current one if none gains enough."""
    affected = [corpus for corpus in corpora if name is None or name in corpus.types]
    curve = np.array([[corpus.f1(changed(float(value))) for corpus in affected] for value in grid]).sum(axis=1)
    smooth = np.convolve(np.pad(curve, 1, mode="edge"), np.ones(3) / 3, "valid")
    chosen = int(smooth.argmax())
    before = sum(corpus.f1(current) for corpus in affected)
    # gains are in the mean over all corpora, whether they query this type or not
    gains = (curve[chosen] - before) / len(corpora) > least_gain
    return changed(float(grid[chosen])) if gains else current


def _setter(calibration: Calibration, field: str, name: str) -> Callable[[float], Calibration]:
    """A function that sets one type's value; 0, which changes nothing, is left out."""

    def changed(value: float) -> Calibration:
        values: Mapping[str, float] = {**getattr(calibration, field), name: round(value, 2)}
        kept = {key: number for key, number in values.items() if number}
        if field == "type_biases":
            return replace(calibration, type_biases=kept)
        return replace(calibration, type_thresholds=kept)

    return changed

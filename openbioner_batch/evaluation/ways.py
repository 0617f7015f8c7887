"""The ways to adapt a model that were tried, each with its figures on folds that it has not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from openbioner_batch.evaluation.benchmark import estimate
from openbioner_batch.evaluation.fitting import BIAS_STAGES, fit_biases
from openbioner_batch.evaluation.labels import Labels
from openbioner_batch.evaluation.metrics import count_by_document
from openbioner_batch.evaluation.reading import GoldCorpus
from openbioner_batch.evaluation.scored import ScoredCorpus
from openbioner_batch.model.calibration import Calibration

AS_IT_IS = "as it is"
TUNED = "heads and top layers"


@dataclass(slots=True)
class AdaptedWays:
    """What was tried: figures on held-out folds, and what it takes to do the same with all examples.

    Attributes:
        corpus: the examples.
        labels: their types, each by its own name.
        texts: of each fold, the indices of its texts.
        not_fitted: what every calibration that is fitted has beside, see `Calibration.not_fitted`.
        figures: precision, recall and F1 of each way with 95 % intervals (from a bootstrap over the documents), all
            types together and `per_type`; in the order tried: from the simplest on.
    """

    corpus: GoldCorpus
    labels: Labels
    texts: Sequence[np.ndarray]
    not_fitted: Calibration = field(default_factory=Calibration)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    _known: dict[str, tuple[Sequence[ScoredCorpus], bool, Calibration | str]] = field(default_factory=dict)

    def add(self, way: str, folds: Sequence[ScoredCorpus], is_tuned: bool, calibration: Calibration) -> None:
        """A way with a calibration that owes the examples nothing."""
        self.figures[way] = self._measures(folds, [calibration] * len(folds))
        self._known[way] = (folds, is_tuned, calibration)

    def add_calibrated(self, folds: Sequence[ScoredCorpus], is_tuned: bool) -> None:
        """The ways whose calibration is fitted, for each fold to the others."""
        others = [_joined([*folds[:place], *folds[place + 1 :]]) for place in range(len(folds))]
        fitted = [self._fitted(other) for other in others]
        for stage in BIAS_STAGES:
            way = f"{TUNED}, {stage}" if is_tuned else stage
            self.figures[way] = self._measures(folds, [of_fold[stage] for of_fold in fitted])
            self._known[way] = (folds, is_tuned, stage)

    @property
    def best(self) -> str:
        """The way with the highest F1, the simplest of equals."""
        return max(self.figures, key=lambda way: self.figures[way]["f1"])

    def is_tuned(self, way: str) -> bool:
        """Whether weights change."""
        return self._known[way][1]

    def calibration(self, way: str, fitted_on: str) -> Calibration:
        """What is stored with the model."""
        folds, _, found = self._known[way]
        return (
            found
            if isinstance(found, Calibration)
            else replace(self._fitted(_joined(folds))[found], fitted_on=fitted_on)
        )

    def _fitted(self, corpus: ScoredCorpus) -> dict[str, Calibration]:
        return fit_biases([corpus], self.not_fitted)

    def _measures(self, folds: Sequence[ScoredCorpus], calibrations: Sequence[Calibration]) -> dict[str, Any]:
        """Micro scores over all folds and those of each type, each fold with a calibration of its own."""
        gold = (
            (text, span.start, span.end, span.type)
            for text, spans in enumerate(self.corpus.spans)
            for span in self.labels.typed(spans)
        )
        found = (
            (texts[text], start, end, kind)
            for texts, fold, own in zip(map(np.ndarray.tolist, self.texts), folds, calibrations, strict=True)
            for part in fold.parts
            for text, start, end, kind in part.found(own)
        )
        names = [kind.name for kind in self.labels.unique_types]
        counts = count_by_document(gold, found, self.corpus.documents.tolist(), names)
        # one name for all ways, so that the same documents are drawn for each
        scores = estimate(counts, "examples").as_dict()
        return {**scores["micro"], "per_type": scores["per_type"]}


def _joined(folds: Sequence[ScoredCorpus]) -> ScoredCorpus:
    return ScoredCorpus("examples", (tuple(part for fold in folds for part in fold.parts), ()))

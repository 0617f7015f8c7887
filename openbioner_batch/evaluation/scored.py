"""The raw logits of corpora beside their gold, from which the scores with any calibration are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.evaluation.benchmark import Types, view_logits
from openbioner_batch.evaluation.metrics import SpanKey
from openbioner_batch.model.calibration import Calibration
from openbioner_batch.records import Span

if TYPE_CHECKING:
    from openbioner_batch.model import Prepared, Tagger
    from openbioner_batch.model.decoding import Runs
    from openbioner_batch.model.prepared import DescribedType

Ranges = Sequence[tuple[int, int]]
_ONE = np.zeros(1)


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """The raw logits of some texts of a corpus for one group of types, and the gold as runs of words.

    Attributes:
        prepared: the texts.
        kinds: the group's types.
        logits: float32 [words, 1 + types].
        gold: sorted keys of the gold spans that are whole runs of words.
        golds: how many gold spans there are, including those that are not runs of words.
        unsure: [words] whether spans with that word count neither way; None where all count.
    """

    prepared: Prepared
    kinds: tuple[DescribedType, ...]
    logits: np.ndarray
    gold: np.ndarray
    golds: int
    unsure: np.ndarray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its types."""
        return tuple(kind.name for kind in self.kinds)

    def counts(self, calibration: Calibration) -> np.ndarray:
        """[gold, predicted, correct] with a calibration."""
        return self.counts_by_threshold(calibration, frozenset(), _ONE)[0]

    def found(self, calibration: Calibration) -> Iterator[SpanKey]:
        """The spans that `counts` counts as predicted, each with the index of its text in the part."""
        if not len(self.logits):
            return
        calibration = calibration.for_types(self.kinds)
        runs, prepared = self._runs(calibration), self.prepared
        names = self.names
        kept = np.flatnonzero(runs.scores >= calibration.thresholds(names)[runs.types])
        texts = np.searchsorted(prepared.document_words, runs.firsts[kept], "right") - 1
        starts, ends = prepared.word_offsets[runs.firsts[kept], 0], prepared.word_offsets[runs.lasts[kept], 1]
        for text, start, end, kind in zip(
            *(part.tolist() for part in (texts, starts, ends, runs.types[kept])), strict=True
        ):
            yield text, start, end, names[kind]

    def counts_by_threshold(
        self, calibration: Calibration, varied: AbstractSet[str], thresholds: np.ndarray
    ) -> np.ndarray:
        """[thresholds, 3]: as `counts`, with each of these thresholds for the types named in `varied`."""
        if not len(self.logits):
            return np.tile([self.golds, 0, 0], (len(thresholds), 1))
        calibration = calibration.for_types(self.kinds)
        runs = self._runs(calibration)
        keys = _keys(self, runs.firsts, runs.lasts, runs.types)
        right = np.append(self.gold, -1)[np.searchsorted(self.gold, keys)] == keys
        varies = np.array([name in varied for name in self.names])[runs.types]
        kept = runs.scores[:, None] >= np.where(
            varies[:, None], thresholds.astype(np.float32), calibration.thresholds(self.names)[runs.types, None]
        )
        return np.stack([np.full(len(thresholds), self.golds), kept.sum(axis=0), kept[right].sum(axis=0)], 1)

    def _runs(self, calibration: Calibration) -> Runs:
        """What is found before any threshold."""
        from openbioner_batch.model.decoding import Runs, word_runs

        runs = word_runs(self.prepared, self.names, self.logits, calibration)
        if self.unsure is None:
            return runs
        before = np.cumsum([0, *self.unsure])
        sure = before[runs.lasts + 1] == before[runs.firsts]
        return Runs(runs.firsts[sure], runs.lasts[sure], runs.types[sure], runs.scores[sure])


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
        return float(self.f1_grid([calibration], frozenset(), _ONE)[0, 0])

    def f1_grid(
        self, calibrations: Sequence[Calibration], varied: AbstractSet[str], thresholds: np.ndarray
    ) -> np.ndarray:
        """[calibrations, thresholds]: micro F1 with each of these thresholds for the types named in `varied`.

        Args:
            calibrations: they differ in nothing that concerns groups of other types alone.
            varied: names of types.
            thresholds: of these types; all others keep those of the calibrations.
        """
        varying = [part for part in self.parts if not varied.isdisjoint(part.names)]
        constant = np.zeros((len(thresholds), 3), np.int64)
        for part in self.parts:
            if varied.isdisjoint(part.names):
                constant += part.counts(calibrations[0])
        counts = np.array(
            [
                sum((part.counts_by_threshold(one, varied, thresholds) for part in varying), constant)
                for one in calibrations
            ]
        )
        gold, predicted, correct = np.moveaxis(counts, -1, 0)
        return np.asarray(2 * correct / np.maximum(1, gold + predicted))


def score_texts(
    tagger: Tagger,
    views: Sequence[Types],
    words: str,
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    unsure: Sequence[Ranges] = (),
) -> list[ScoredPart]:
    """The raw logits of texts that are queried for the same types.

    Args:
        tagger: the model.
        views: the types, in one or several descriptions (see `model_finder`).
        words: "whitespace" or "basic".
        texts: the texts.
        spans: of each text, gold spans by type.
        unsure: of each text, ranges in which found spans count neither way; empty where there are none.
    """
    prepared, logits = view_logits(tagger, views, words, texts)
    return [scored_part(prepared, group, of_group, spans, unsure) for group, of_group in enumerate(logits)]


def scored_part(
    prepared: Prepared,
    group: int,
    logits: np.ndarray,
    spans: Sequence[Sequence[Span]],
    unsure: Sequence[Ranges] = (),
) -> ScoredPart:
    """The raw logits of texts for one group of types, beside their gold spans.

    Args:
        prepared: the texts.
        group: of which types.
        logits: float32 [words, 1 + types].
        spans: of each text, by type.
        unsure: see `score_texts`.
    """
    part = ScoredPart(prepared, prepared.groups[group], logits, np.zeros(0, np.int64), 0)
    names = part.names
    keys: set[int] = set()
    total: set[tuple[int, int, int, str]] = set()
    for text, of_text in enumerate(spans):
        low, high = prepared.document_words[text], prepared.document_words[text + 1]
        starts, ends = prepared.word_offsets[low:high].T
        for span in of_text:
            if span.type not in names:
                continue
            total.add((text, span.start, span.end, span.type))
            first, last = np.searchsorted(starts, span.start), np.searchsorted(ends, span.end)
            if first <= last < high - low and starts[first] == span.start and ends[last] == span.end:
                keys.add(int(_keys(part, low + first, low + last, names.index(span.type))))
    is_unsure = _words_in(prepared, unsure) if any(unsure) else None
    return replace(part, gold=np.array(sorted(keys), np.int64), golds=len(total), unsure=is_unsure)


def _keys(part: ScoredPart, firsts: Any, lasts: Any, types: Any) -> np.ndarray:
    """A number for each run of words and type, from whole numbers or arrays of them."""
    return np.asarray((firsts * (len(part.logits) + 1) + lasts) * len(part.kinds) + types)


def _words_in(prepared: Prepared, ranges: Sequence[Ranges]) -> np.ndarray:
    """[words] whether a word shares a character with one of its text's ranges."""
    found = np.zeros(len(prepared.word_offsets), np.bool_)
    for text, of_text in enumerate(ranges):
        words = slice(prepared.document_words[text], prepared.document_words[text + 1])
        starts, ends = prepared.word_offsets[words].T
        for start, end in of_text:
            found[words] |= (starts < end) & (start < ends)
    return found

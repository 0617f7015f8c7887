"""Decodes the logits of words to spans."""

from __future__ import annotations

import unicodedata
from bisect import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.calibration import Calibration
from openbioner_batch.model.prepared import Prepared
from openbioner_batch.model.words import without_loose_marks
from openbioner_batch.records import Span


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


@dataclass(frozen=True, slots=True)
class Runs:
    """Neighbouring words of one type.

    Attributes:
        firsts: [runs] index of each run's first word among all words.
        lasts: [runs] index of its last word.
        types: [runs] index of its type in the group.
        scores: [runs] the highest probability of that type over its words.
    """

    firsts: np.ndarray
    lasts: np.ndarray
    types: np.ndarray
    scores: np.ndarray


def word_runs(prepared: Prepared, names: Sequence[str], logits: np.ndarray, calibration: Calibration) -> Runs:
    """The entities in logits, in order, before any threshold.

    Unsure words at their ends are cut off first, then loose words; the score stays that of the whole run.

    Args:
        prepared: the windows that were scored.
        names: of the group's types.
        logits: [words, 1 + types] float32, without biases.
        calibration: what holds for these types (`Calibration.for_types`): biases to add, and how ends are cut.
    """
    logits = logits + calibration.biases(names)
    chances = probabilities(logits)
    choice = chances.argmax(axis=1)
    words = np.arange(len(choice))
    chance = chances[words, choice]
    begins = prepared.word_breaks.copy()
    starts_of_documents = prepared.document_words[:-1]
    begins[starts_of_documents[starts_of_documents < len(begins)]] = True
    begins[1:] |= choice[1:] != choice[:-1]
    firsts = np.flatnonzero(begins)
    lasts = np.append(firsts[1:], len(choice)) - 1
    scores = np.maximum.reduceat(chance, firsts)
    types = choice[firsts] - 1
    if calibration.edge_drop:
        sure = _sure_ends(firsts, lasts, logits[words, choice] - logits[:, 0], calibration.edge_drop)
        plain = np.array([False, *(name in calibration.plain_types for name in names)])[choice[firsts]]
        firsts, lasts = (np.where(plain, *ends) for ends in zip((firsts, lasts), sure, strict=True))
    entities = np.flatnonzero(types >= 0)
    runs = Runs(firsts[entities], lasts[entities], types[entities], scores[entities])
    return _without_loose_words(prepared, runs, calibration.loose_words) if calibration.loose_words else runs


def decode(
    prepared: Prepared, group: int, logits: np.ndarray, calibration: Calibration | None = None
) -> list[list[Span]]:
    """The spans of every document, in order of their starts.

    Each word takes its most probable column (ties: the first); neighbouring words of one type are one span, whose score
    is the highest probability of that type over its words. Runs of punctuation alone are not spans,
    and marks that join a span to its neighbours are not part of it, unless `prepared.marks_count`. Neither are words at
    the ends of a span that are less sure than the calibration's `edge_drop` allows, nor its loose words, and runs of
    loose words alone are not spans.

    Args:
        prepared: the windows that were scored.
        group: index of the group of types.
        logits: [words, 1 + types] float32, column 0 for no entity.
        calibration: biases to add, thresholds to apply and how ends are cut; None for none of them.
    """
    kinds = prepared.groups[group]
    names = [kind.name for kind in kinds]
    spans: list[list[Span]] = [[] for _ in prepared.texts]
    if not len(logits):
        return spans
    calibration = (calibration or Calibration()).for_types(kinds)
    runs = word_runs(prepared, names, logits, calibration)
    documents = np.searchsorted(prepared.document_words, runs.firsts, "right") - 1
    for run in np.flatnonzero(runs.scores >= calibration.thresholds(names)[runs.types]).tolist():
        document = documents[run]
        text = prepared.texts[document]
        start = int(prepared.word_offsets[runs.firsts[run], 0])
        last = int(runs.lasts[run])
        end = _over_marks(text, int(prepared.word_offsets[last, 1]))
        if last + 1 < prepared.document_words[document + 1]:  # a mark may be a separate word to other tokenizers
            end = min(end, int(prepared.word_offsets[last + 1, 0]))
        if not prepared.marks_count:
            start, end = without_loose_marks(text, start, end)
            if _is_punctuation(text[start:end]):
                continue
        spans[document].append(Span(start, end, names[runs.types[run]], float(runs.scores[run]), text[start:end]))
    return spans


def without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """The spans of a text without those that overlap a better scored one with other bounds, in order of their starts.

    Spans of several types with the same bounds stay together; their best score counts for all.
    """
    scores: dict[tuple[int, int], float] = {}
    for span in spans:
        bounds = span.start, span.end
        scores[bounds] = max(span.score, scores.get(bounds, 0.0))
    kept: list[tuple[int, int]] = []
    for bounds in sorted(scores, key=lambda bounds: (-scores[bounds], bounds)):
        place = bisect(kept, bounds)
        before_is_free = place == 0 or kept[place - 1][1] <= bounds[0]
        if before_is_free and (place == len(kept) or bounds[1] <= kept[place][0]):
            kept.insert(place, bounds)
    left = set(kept)
    return sorted((s for s in spans if (s.start, s.end) in left), key=lambda span: (span.start, span.end))


def _sure_ends(
    firsts: np.ndarray, lasts: np.ndarray, margins: np.ndarray, edge_drop: float
) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last word of each run that are no farther below its surest word than allowed.

    Args:
        firsts: [runs] of all words, one run after the other.
        lasts: [runs] of the same.
        margins: [words].
        edge_drop: see `Calibration`.
    """
    highest = np.repeat(np.maximum.reduceat(margins, firsts), lasts - firsts + 1)
    sure = np.flatnonzero(margins >= highest - edge_drop)  # each run has one at least
    return sure[np.searchsorted(sure, firsts)], sure[np.searchsorted(sure, lasts, "right") - 1]


def _without_loose_words(prepared: Prepared, runs: Runs, loose_words: Collection[str]) -> Runs:
    firsts, lasts = runs.firsts.copy(), runs.lasts.copy()
    documents = np.searchsorted(prepared.document_words, firsts, "right") - 1
    for run, document in enumerate(documents.tolist()):
        text = prepared.texts[document]
        words = [text[start:end].lower() for start, end in prepared.word_offsets[firsts[run] : lasts[run] + 1].tolist()]
        while words and words[0] in loose_words:
            del words[0]
            firsts[run] += 1
        while words and words[-1] in loose_words:
            del words[-1]
            lasts[run] -= 1
    kept = firsts <= lasts
    return Runs(firsts[kept], lasts[kept], runs.types[kept], runs.scores[kept])


def _over_marks(text: str, end: int) -> int:
    """`end` moved past combining marks, which the uncased tokenizer drops but a reader sees on the last letter."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _is_punctuation(text: str) -> bool:
    """Whether a text has only marks without a meaning of their own, and neither letters nor digits."""
    return all(unicodedata.category(one)[0] in "PZC" or unicodedata.category(one) in ("Sm", "Sk") for one in text)

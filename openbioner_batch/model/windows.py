"""Cuts a long document into windows, at paragraphs and sentences; they overlap where a sentence must be cut."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.config import WindowSettings


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens [start, stop) of a document; those in [interior_start, interior_stop) are read from this window."""

    start: int
    stop: int
    interior_start: int
    interior_stop: int


def cut_windows(
    tokens: int,
    sentences: Sequence[int],
    paragraphs: Sequence[int],
    word_starts: np.ndarray,
    settings: WindowSettings,
) -> list[Window]:
    """Windows whose interiors cover, in order and without gaps, all tokens of a document.

    A window holds as many whole sentences as fit. It ends before a paragraph that does not fit whole, or once it is
    half full, so that a section that several notes share gives equal windows, which are computed once. A sentence
    longer than a window is cut at words, and the parts share an overlap; a token in two windows belongs to the one in
    which it is farther from the cut (ties: the earlier).

    Args:
        tokens: number of tokens of the document.
        sentences: index of the first token of each sentence, ascending, the first 0.
        paragraphs: index of the first token of each paragraph but the first, ascending; each begins a sentence.
        word_starts: [words] index of each word's first token, ascending.
        settings: the budgets.
    """
    bounds = [*(start for start in sentences if start < tokens), tokens]
    paragraph_stops = dict(itertools.pairwise([*paragraphs, tokens]))
    ranges: list[tuple[int, int]] = []
    start = 0
    for low, high in itertools.pairwise(bounds):
        stop = paragraph_stops.get(low, 0)
        if low > start and stop and (low - start >= settings.text_tokens // 2 or stop - start > settings.text_tokens):
            ranges.append((start, low))
            start = low
        if high - start <= settings.text_tokens:
            continue
        if low > start:
            ranges.append((start, low))
            start = low
        while high - start > settings.text_tokens:
            stop = _at_word(start + settings.text_tokens, start, word_starts)
            ranges.append((start, stop))
            start = _at_word(stop - settings.overlap, start, word_starts)
    if start < tokens:
        ranges.append((start, tokens))
    # where two windows share tokens, the middle is farthest from both cuts
    seams = [0, *((left[1] + right[0] + 1) // 2 for left, right in itertools.pairwise(ranges)), tokens]
    return [Window(*bound, *seam) for bound, seam in zip(ranges, itertools.pairwise(seams), strict=True)]


def _at_word(place: int, after: int, word_starts: np.ndarray) -> int:
    """The last word start at or before `place` and after `after`, else `place`: a word may be longer than a window."""
    found = int(word_starts[max(0, int(np.searchsorted(word_starts, place, "right")) - 1)])
    return found if found > after else max(place, after + 1)

"""Windows cover a document: every token in one interior, breaks at sentences, cuts where there is no other way."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import WindowSettings
from openbioner_batch.model.windows import cut_windows


@st.composite
def documents(draw: st.DrawFn) -> tuple[int, list[int], list[int], np.ndarray, WindowSettings]:
    words = draw(st.lists(st.integers(1, 30), min_size=1, max_size=60))
    starts = np.cumsum([0, *words])
    breaks = draw(st.sets(st.integers(1, len(words)), max_size=10))
    sentences = [0, *sorted(int(starts[index]) for index in breaks)]
    paragraphs = [start for start in sentences[1:] if start < starts[-1] and draw(st.booleans())]
    budget = draw(st.integers(8, 60))
    overlap = draw(st.integers(0, budget // 2))
    return int(starts[-1]), sentences, paragraphs, starts[:-1], WindowSettings(budget, 10, overlap)


@given(documents())
def test_interiors_are_the_document_and_windows_stay_within_the_budget(document) -> None:  # type: ignore[no-untyped-def]
    tokens, sentences, paragraphs, word_starts, settings = document
    windows = cut_windows(tokens, sentences, paragraphs, word_starts, settings)
    assert [t for w in windows for t in range(w.interior_start, w.interior_stop)] == list(range(tokens))
    for window in windows:
        assert 0 < window.stop - window.start <= settings.text_tokens
        assert window.start <= window.interior_start <= window.interior_stop <= window.stop


@given(documents())
def test_a_window_begins_inside_a_sentence_only_where_the_sentence_is_too_long(document) -> None:  # type: ignore[no-untyped-def]
    tokens, sentences, paragraphs, word_starts, settings = document
    bounds = [*sentences, tokens]
    for window in cut_windows(tokens, sentences, paragraphs, word_starts, settings):
        if window.start not in sentences:
            low = max(s for s in sentences if s <= window.start)
            high = min(b for b in bounds if b > window.start)
            assert high - low > settings.text_tokens


@given(documents())
def test_a_token_is_read_where_it_stands_farthest_from_a_cut(document) -> None:  # type: ignore[no-untyped-def]
    tokens, sentences, paragraphs, word_starts, settings = document
    windows = cut_windows(tokens, sentences, paragraphs, word_starts, settings)
    for left, right in itertools.pairwise(windows):
        for token in range(right.start, left.stop):
            to_the_left_windows_cut = left.stop - (token + 0.5)
            to_the_right_windows_cut = token + 0.5 - right.start
            read_left = token < left.interior_stop
            assert read_left == (to_the_left_windows_cut >= to_the_right_windows_cut)


def test_a_short_document_is_one_window() -> None:
    settings = WindowSettings(20, 10, 4)
    (window,) = cut_windows(9, [0, 4], [4], np.array([0, 2, 4, 6, 8]), settings)
    assert (window.start, window.stop, window.interior_start, window.interior_stop) == (0, 9, 0, 9)


def test_sentences_that_fill_a_window_to_the_last_token_are_one_window() -> None:
    settings = WindowSettings(20, 10, 4)
    windows = cut_windows(40, [0, 8, 20], [], np.arange(40), settings)
    assert [(w.start, w.stop) for w in windows] == [(0, 20), (20, 40)]


def test_a_long_sentence_is_cut_at_words_with_overlap() -> None:
    windows = cut_windows(30, [0], [], np.arange(0, 30, 3), WindowSettings(12, 10, 6))
    assert [(w.start, w.stop) for w in windows] == [(0, 12), (6, 18), (12, 24), (18, 30)]
    assert [w.interior_start for w in windows] == [0, 9, 15, 21]


@given(documents())
def test_a_paragraph_that_follows_half_a_window_or_fits_into_none_begins_a_window(document) -> None:  # type: ignore[no-untyped-def]
    tokens, sentences, paragraphs, word_starts, settings = document
    windows = cut_windows(tokens, sentences, paragraphs, word_starts, settings)
    begun = {window.start for window in windows}
    for start, stop in itertools.pairwise([*paragraphs, tokens]):
        window = max(w.start for w in windows if w.start < start)
        fits = stop - window <= settings.text_tokens and start - window < settings.text_tokens // 2
        assert (start in begun) or fits


def test_a_copied_section_is_the_same_windows_wherever_it_stands() -> None:
    settings = WindowSettings(20, 10, 4)
    section = [0, 6, 15, 18, 31]  # its sentences; 33 tokens in all
    found = []
    for before in (0, 7, 12, 19):
        sentences = [0, *(before + start for start in section)] if before else section
        paragraphs = [before] if before else []
        windows = cut_windows(before + 33, sentences, paragraphs, np.arange(before + 33), settings)
        found.append([(w.start - before, w.stop - before) for w in windows if w.start >= before])
    assert found == [found[0]] * 4

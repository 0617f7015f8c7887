"""What is known of a name shifts the mention that it stands in: it, and words beside it that are about as likely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from knowing import TYPES, constant_head, described, prepared_words, shifts_of

from openbioner_batch.model import Prepared, Tagger
from openbioner_batch.model.knowledge import _FARTHEST, _MOST_DOWN, _MOST_UP, NameEvidence, shifts


@st.composite
def situations(draw: st.DrawFn) -> tuple[Prepared, np.ndarray, np.ndarray]:
    """Documents with names that do not overlap, evidence for types, and for no entity; all in steps of a half."""
    sizes = draw(st.lists(st.integers(0, 14), min_size=1, max_size=4))
    words = sum(sizes)
    breaks = draw(st.lists(st.integers(0, words - 1), max_size=4)) if words else []
    names = []
    for low, size in zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False):
        bounds = sorted(draw(st.sets(st.integers(low, low + size), max_size=6)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        names += [(first, end - 1, draw(st.integers(0, 4))) for first, end in pairs]
    steps = st.integers(-12, 12) if draw(st.booleans()) else st.integers(-3, 3)
    halves = draw(st.lists(steps, min_size=4 * words, max_size=4 * words))
    scores = np.array(halves, np.float32).reshape(words, 4) / 2
    return prepared_words(sizes, breaks, names), scores[:, 1:], scores[:, :1]


ONE_NAME = (prepared_words([20], [], [(9, 10, 0)]), np.zeros((20, 3), np.float32), np.zeros((20, 1), np.float32))


@given(situations())
@example(ONE_NAME)
def test_it_says_what_plain_loops_over_names_types_and_words_say(
    knowing: Tagger, situation: tuple[Prepared, np.ndarray, np.ndarray]
) -> None:
    prepared, evidence, background = situation
    reader = knowing._knowledge
    assert reader is not None
    assert len(reader.glossary.meanings) == 5
    descriptions = described(knowing, TYPES)
    meanings = prepared.known_names[:, 2]
    logits = reader.fit(meanings, descriptions) if len(meanings) else np.zeros((0, 3))
    given_evidence = evidence.copy()
    found = NameEvidence(reader, prepared).add(evidence, background, descriptions)
    expected = evidence + shifts_of(prepared, evidence - background, logits)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32
    assert (evidence == given_evidence).all()
    assert (np.abs(found - evidence) <= _MOST_UP + 1e-5).all()
    assert (found is evidence) == (not len(meanings))


def known(tagger: Tagger, sizes: list[int], breaks: list[int], names: list[tuple[int, int, int]]) -> NameEvidence:
    assert tagger._knowledge is not None
    return NameEvidence(tagger._knowledge, prepared_words(sizes, breaks, names))


def shifted(names: NameEvidence, tagger: Tagger, margins: list[float]) -> list[float]:
    """By how much a type's words are shifted where it is so much likelier than no entity."""
    background = np.linspace(-5, 5, len(margins), dtype=np.float32)[:, None]
    evidence = np.array(margins, np.float32)[:, None] + background
    found = names.add(evidence, background, described(tagger, TYPES[:1]))
    return np.round(found - evidence, 3)[:, 0].tolist()


@pytest.mark.parametrize(("logit", "shift"), [(2, 4), (-2, -2), (50, _MOST_UP), (-50, -_MOST_DOWN), (0, 0)])
def test_a_name_shifts_its_words_and_those_beside_it_that_are_about_as_likely(
    with_head: Callable, logit: float, shift: float
) -> None:
    tagger = with_head(constant_head(logit))
    names = known(tagger, [9], [], [(3, 4, 0)])
    assert shifted(names, tagger, [0, -9, 0, -4, 1, -1, 0, -1.25, 0]) == [0, 0, *[shift] * 5, 0, 0]


@pytest.mark.parametrize(("logit", "shift"), [(2, 4), (-2, -2)])
def test_a_mention_ends_at_the_starts_of_sentences_and_the_edges_of_documents(
    with_head: Callable, logit: float, shift: float
) -> None:
    tagger = with_head(constant_head(logit))
    names = known(tagger, [2, 4, 0, 3, 1], [3, 8], [(3, 4, 0), (7, 7, 4)])
    assert shifted(names, tagger, [0] * 10) == [0, 0, 0, *[shift] * 5, 0, 0]


@given(st.floats(-20, 20, width=32))
@example(0)
@example(2.5)
@example(-3)
def test_logits_above_0_count_double_and_no_shift_is_larger_than_5_up_or_3_down(logit: float) -> None:
    (shift,) = shifts(np.array([logit], np.float32))
    assert shift == (min(2 * logit, 5) if logit > 0 else max(logit, -3))


def test_a_mention_reaches_only_so_far(with_head: Callable) -> None:
    tagger = with_head(constant_head(1))
    far = _FARTHEST + 3
    names = known(tagger, [2 * far + 1], [], [(far, far, 0)])
    reached = 2 * _FARTHEST + 1
    assert shifted(names, tagger, [0] * (2 * far + 1)) == [*[0] * 3, *[2] * reached, *[0] * 3]


def test_a_name_does_not_lower_a_mention_with_a_surer_word_but_raises_it(with_head: Callable) -> None:
    margins = [0, -1, 0, 0.5, -8, 1]
    for logit, shift, expected in [(-2, -2, [0] * 6), (2, 4, [4, 4, 4, 4, 0, 0])]:
        tagger = with_head(constant_head(logit))
        assert shifted(known(tagger, [6], [], [(1, 2, 0)]), tagger, margins) == expected
        # a surer word beyond the mention does not matter
        far = known(tagger, [6], [3], [(1, 2, 0)])
        assert shifted(far, tagger, margins) == [shift] * 3 + [0] * 3


def test_where_two_names_want_different_shifts_the_one_up_counts(knowing: Tagger) -> None:
    reader = knowing._knowledge
    assert reader is not None
    descriptions = described(knowing, TYPES)
    wanted = shifts(reader.fit(np.arange(5), descriptions))
    kind, up, down = next(
        (kind, up, down)
        for kind in range(3)
        for up in range(5)
        for down in range(5)
        if wanted[up, kind] > 0 > wanted[down, kind]
    )
    evidence, background = np.zeros((4, 3), np.float32), np.zeros((4, 1), np.float32)
    for pair in ((up, down), (down, up)):
        names = known(knowing, [4], [], [(0, 0, pair[0]), (3, 3, pair[1])])
        np.testing.assert_allclose(names.add(evidence, background, descriptions)[:, kind], [wanted[up, kind]] * 4)

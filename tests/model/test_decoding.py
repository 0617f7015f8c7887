"""From the logits of words to spans: where a span begins and ends, and what score it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Calibration, EntityType, Prepared, Span, Tagger
from openbioner_batch.model.decoding import decode, probabilities

TYPES = [EntityType("a", "a drug"), EntityType("b", "a gene")]
NONE, A, B = range(3)


def decoded(prepared: Prepared, columns: list[int], logit: float = 9.0, **options: Calibration) -> list[list[Span]]:
    """The spans where each word has one column of high logit."""
    logits = np.zeros((len(prepared.word_offsets), 1 + len(TYPES)), np.float32)
    assert len(columns) == len(logits)
    logits[np.arange(len(logits)), columns] = logit
    found = decode(prepared, 0, logits, **options)
    for text, spans in zip(prepared.texts, found, strict=True):
        assert all(text[span.start : span.end] == span.text for span in spans)
    return found


def texts(spans: list[list[Span]]) -> list[list[tuple[str, str]]]:
    return [[(span.text, span.type) for span in found] for found in spans]


def test_neighbouring_words_of_one_type_are_one_span(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["fever in lung cancer mice"])

    assert texts(decoded(prepared, [A, NONE, A, A, B])) == [[("fever", "a"), ("lung cancer", "a"), ("mice", "b")]]
    assert texts(decoded(prepared, [NONE, B, B, A, A])) == [[("in lung", "b"), ("cancer mice", "a")]]


@pytest.mark.parametrize("words", ["basic", "pieces", "whitespace"])
def test_no_span_goes_over_the_end_of_a_document(tagger: Tagger, words: str) -> None:
    prepared = tagger.preparer(TYPES, words).prepare(["lung cancer", "", "cancer", "", "mice fever"])

    assert texts(decoded(prepared, [A] * 5)) == [
        [("lung cancer", "a")],
        [],
        [("cancer", "a")],
        [],
        [("mice fever", "a")],
    ]


def test_no_span_goes_over_the_start_of_a_sentence(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["No fever.\n\nFever in mice"])

    assert texts(decoded(prepared, [NONE, A, A, A, NONE, NONE])) == [[("fever.", "a"), ("Fever", "a")]]


def test_the_score_of_a_span_is_the_best_of_its_words(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung cancer mice"])
    logits = np.array([[0, 1, 0], [0, 3, 0], [0, 2, 0]], np.float32)

    ((span,),) = decode(prepared, 0, logits)

    assert span.score == probabilities(logits)[1, A] == pytest.approx(np.exp(3) / (np.exp(3) + 2))


def test_of_equal_columns_the_first_is_chosen(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung cancer"])

    assert texts(decode(prepared, 0, np.array([[2, 2, 2], [0, 2, 2]], np.float32))) == [[("cancer", "a")]]


def test_a_span_whose_score_is_its_types_threshold_stays(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung in mice"])
    score = float(probabilities(np.array([[0, 0, 9]], np.float32))[0, B])
    above = float(np.nextafter(np.float32(score), np.float32(1)))

    at, over = (Calibration(type_thresholds={"b": least}) for least in (score, above))

    assert texts(decoded(prepared, [B, NONE, A], calibration=at)) == [[("lung", "b"), ("mice", "a")]]
    assert texts(decoded(prepared, [B, NONE, A], calibration=over)) == [[("mice", "a")]]


def test_loose_words_are_cut_off_the_ends_of_spans_and_are_no_span_alone(tagger: Tagger) -> None:
    written = ["The lung of mice, of", "of the cancer", "fever of lung"]
    prepared = tagger.preparer(TYPES).prepare(written)
    columns = [A, A, A, B, B, B, A, A, A, B, A, B]

    loose = Calibration(loose_words=["of", "the"])

    assert texts(decoded(prepared, columns, calibration=loose)) == [
        [("lung", "a"), ("mice,", "b")],
        [("cancer", "a")],
        [("fever", "b"), ("lung", "b")],
    ]
    assert texts(decoded(prepared, columns, calibration=Calibration()))[0] == [("The lung of", "a"), ("mice, of", "b")]
    inside = texts(decoded(prepared, [NONE] * 9 + [B, B, B], calibration=loose))
    assert inside == [[], [], [("fever of lung", "b")]]


def bounded(prepared: Prepared, margins: list[float], **options: Any) -> list[str]:
    """The spans of the first type, where words have these margins and the other type is out of question."""
    logits = np.array([[0.5, 0.5 + margin, -9] for margin in margins], np.float32)
    (spans,) = decode(prepared, 0, logits, Calibration(**options))
    return [span.text for span in spans]


def test_words_at_the_ends_of_a_span_that_are_far_less_sure_than_its_surest_are_cut_off(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["fever in lung cancer mice"])

    margins = [1.0, 5.0, 0.5, 4.0, 2.0]
    assert bounded(prepared, margins) == ["fever in lung cancer mice"]
    assert bounded(prepared, margins, edge_drop=0) == ["fever in lung cancer mice"]
    assert bounded(prepared, margins, edge_drop=4) == ["fever in lung cancer mice"]  # no more below than allowed
    assert bounded(prepared, margins, edge_drop=3.5) == ["in lung cancer mice"]
    assert bounded(prepared, margins, edge_drop=2) == ["in lung cancer"]  # an unsure word in the middle stays
    assert bounded(prepared, margins, edge_drop=0.5) == ["in"]
    # each span has a surest word of its own
    assert bounded(prepared, [1.0, 9.0, -1.0, 2.0, 1.0], edge_drop=3) == ["in", "cancer mice"]


def test_biases_are_added_before_margins_are_taken(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung cancer mice"])

    assert bounded(prepared, [-1.0, 2.0, -2.0]) == ["cancer"]
    biases = {"neg_bias": -1.0, "type_biases": {"a": 1.5}}
    assert bounded(prepared, [-1.0, 2.0, -2.0], **biases) == ["lung cancer mice"]
    assert bounded(prepared, [-1.0, 2.0, -2.0], **biases, edge_drop=3.5) == ["lung cancer"]


def test_loose_words_are_cut_after_unsure_ones(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung of the mice"])

    assert bounded(prepared, [9.0, 8.0, 8.0, 1.0], loose_words=["of", "the"]) == ["lung of the mice"]
    assert bounded(prepared, [9.0, 8.0, 8.0, 1.0], loose_words=["of", "the"], edge_drop=3) == ["lung"]


def test_a_span_of_a_type_among_others_is_cut_by_its_margin_to_no_entity(tagger: Tagger) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung cancer mice"])
    logits = np.array([[0, 2, 0], [0, 6, 5.9], [0, 0, 4]], np.float32)  # the second is the surest, the first likelier

    ((whole, other),) = decode(prepared, 0, logits, Calibration())
    ((cut, same),) = decode(prepared, 0, logits, Calibration(edge_drop=3))

    assert (whole.text, cut.text) == ("lung cancer", "cancer")
    assert cut.score == whole.score == probabilities(logits)[0, A]
    assert other == same


@given(
    st.lists(st.lists(st.integers(-4, 8), min_size=3, max_size=3), min_size=9, max_size=9),
    st.floats(0.25, 12),
    st.floats(0.25, 12),
)
def test_a_cut_span_lies_in_the_whole_one_and_holds_its_surest_word(
    tagger: Tagger, logits: list[list[int]], one: float, other: float
) -> None:
    prepared = tagger.preparer(TYPES).prepare(["lung cancer mice fever in mice", "", "cancer", "lung mice"])
    scores = np.array(logits, np.float32)
    wide, narrow = (
        decode(prepared, 0, scores, Calibration(edge_drop=drop)) for drop in (max(one, other), min(one, other))
    )
    whole = decode(prepared, 0, scores)

    assert decode(prepared, 0, scores, Calibration(edge_drop=0)) == whole
    for document, of_document in enumerate(zip(whole, wide, narrow, strict=True)):
        words = range(*prepared.document_words[document : document + 2])
        for spans in zip(*of_document, strict=True):
            inside = [{w for w in words if s.start <= prepared.word_offsets[w, 0] < s.end} for s in spans]
            assert inside[0] >= inside[1] >= inside[2]
            margins = {w: logits[w][1 + "ab".index(spans[0].type)] - logits[w][NONE] for w in inside[0]}
            highest = max(margins.values())
            assert inside[2] >= {w for w in inside[0] if margins[w] == highest}
            assert margins[min(inside[2])] >= highest - min(one, other) <= margins[max(inside[2])]
            assert len({(span.type, span.score) for span in spans}) == 1


def test_large_logits_are_no_overflow() -> None:
    with np.errstate(over="raise", invalid="raise"):
        found = probabilities(np.array([[1000, 1000, 0], [-1000, -1000, -1000]], np.float32))

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [1 / 3] * 3], atol=1e-6)


def test_a_span_takes_the_marks_on_its_last_letter_but_no_word_of_another(tagger: Tagger) -> None:
    text = "cafe\u0301 mice fever\u0308"
    prepared = tagger.preparer(TYPES).prepare([text])
    assert texts(decoded(prepared, [A, NONE, B])) == [[("cafe\u0301", "a"), ("fever\u0308", "b")]]

    # To a tokenizer that keeps accents a mark is a word of its own, and may be of another type.
    own = np.array([[0, 4], [4, 5], [6, 10], [11, 16], [16, 17]], np.int32)
    marks = replace(prepared, word_offsets=own, word_breaks=np.zeros(5, np.bool_), document_words=np.array([0, 5]))
    assert texts(decoded(marks, [A, NONE, NONE, B, NONE])) == [[("cafe", "a"), ("fever", "b")]]
    assert texts(decoded(marks, [A, A, NONE, B, B])) == [[("cafe\u0301", "a"), ("fever\u0308", "b")]]


@pytest.mark.parametrize("sign", list("^`+<=~¬"))
def test_a_sign_that_means_nothing_alone_is_no_span(tagger: Tagger, sign: str) -> None:
    prepared = tagger.preparer(TYPES).prepare([f"lung {sign} mice"])

    assert texts(decoded(prepared, [A, B, A])) == [[("lung", "a"), ("mice", "a")]]


@pytest.mark.parametrize("sign", ["°", "$", "™"])
def test_a_sign_that_means_something_alone_may_be_a_span(tagger: Tagger, sign: str) -> None:
    prepared = tagger.preparer(TYPES).prepare([f"lung {sign} mice"])

    assert texts(decoded(prepared, [NONE, B, NONE])) == [[(sign, "b")]]

"""From the logits of words to spans: where a span begins and ends, and what score it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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

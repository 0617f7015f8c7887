"""Our scores are seqeval's."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

from openbioner_batch.evaluation.metrics import Counts, Quality, SpanKey, score_spans
from openbioner_batch.formats.iob import chunks

TAG = st.sampled_from(["O", "O", "B-x", "I-x", "B-y", "I-y", "B-z", "I-z"])
PAIRS = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=10), min_size=1, max_size=6)


def keys(sentences: list[list[str]]) -> list[SpanKey]:
    return [(number, *chunk) for number, tags in enumerate(sentences) for chunk in chunks(tags)]


@given(PAIRS)
def test_scores_are_seqevals(pairs: list[list[tuple[str, str]]]) -> None:
    gold = [[pair[0] for pair in sentence] for sentence in pairs]
    predicted = [[pair[1] for pair in sentence] for sentence in pairs]
    scores = score_spans(keys(gold), keys(predicted))
    if not scores.per_type:
        assert scores.micro == Counts(0, 0, 0)
        assert scores.macro == Quality(0.0, 0.0, 0.0)
        return
    for average, ours in (("micro", scores.micro.quality), ("macro", scores.macro)):
        theirs = [measure(gold, predicted, average=average, zero_division=0) for measure in MEASURES]
        assert [ours.precision, ours.recall, ours.f1] == pytest.approx(theirs, abs=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        columns = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    for counts, (precision, recall, f1, support) in zip(
        scores.per_type.values(), zip(*columns, strict=True), strict=True
    ):
        quality = counts.quality
        assert [quality.precision, quality.recall, quality.f1] == pytest.approx([precision, recall, f1], abs=1e-12)
        assert counts.gold == support


MEASURES = (precision_score, recall_score, f1_score)


def test_all_four_parts_of_a_span_must_agree() -> None:
    gold = [("a", 0, 4, "drug")]
    for wrong in [("b", 0, 4, "drug"), ("a", 1, 4, "drug"), ("a", 0, 5, "drug"), ("a", 0, 4, "gene")]:
        assert score_spans(gold, [wrong]).micro == Counts(1, 1, 0)
    assert score_spans(gold, gold).micro.quality == Quality(1.0, 1.0, 1.0)


def test_a_span_given_twice_counts_once() -> None:
    key = ("a", 0, 4, "drug")
    assert score_spans([key], [key, key]).per_type == {"drug": Counts(1, 1, 1)}


def test_as_dict_is_plain_values() -> None:
    assert score_spans([(0, 0, 1, "x"), (0, 2, 3, "x")], [(0, 0, 1, "x")]).as_dict() == {
        "micro": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "gold": 2, "predicted": 1, "correct": 1},
        "macro": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3},
        "per_type": {"x": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "gold": 2, "predicted": 1, "correct": 1}},
    }

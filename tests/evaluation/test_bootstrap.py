"""Intervals by bootstrap over documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openbioner_batch.evaluation.benchmark import average, estimate
from openbioner_batch.evaluation.bootstrap import interval, macro_measures, measures, resampled_counts
from openbioner_batch.evaluation.metrics import Counts, CountsByDocument, Scores, count_by_document, score_spans

TRIPLE = st.tuples(st.integers(0, 9), st.integers(0, 9)).flatmap(
    lambda pair: st.integers(0, min(pair)).map(lambda correct: (*pair, correct))
)


def documents(number: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    gold, predicted = random.poisson(3, (2, number, 2))
    return np.stack([gold, predicted, random.binomial(np.minimum(gold, predicted), 0.7)], axis=-1)


@given(st.lists(TRIPLE, min_size=1, max_size=5))
def test_measures_are_those_of_the_scores(triples: list[tuple[int, int, int]]) -> None:
    scores = Scores({str(n): Counts(*triple) for n, triple in enumerate(triples) if any(triple)})
    counts = np.array(triples)
    micro, macro = scores.micro.quality, scores.macro
    assert measures(counts.sum(axis=0)) == pytest.approx([micro.precision, micro.recall, micro.f1])
    assert macro_measures(counts) == pytest.approx([macro.precision, macro.recall, macro.f1])


@given(arrays(np.int64, (7, 2, 3), elements=st.integers(0, 20)))
def test_a_resample_is_as_many_documents_drawn_from_these(counts: np.ndarray) -> None:
    ones = np.concatenate([counts, np.ones((7, 2, 1), np.int64)], axis=-1)
    pooled = resampled_counts(ones, 20, 1, "corpus")
    assert (pooled[..., 3] == 7).all()
    assert (pooled >= 7 * ones.min(axis=0)).all()
    assert (pooled <= 7 * ones.max(axis=0)).all()


def test_the_same_seed_and_name_draw_the_same_and_others_do_not() -> None:
    counts = documents(50)
    first = resampled_counts(counts, 100, 42, "a")
    assert (first == resampled_counts(counts, 100, 42, "a")).all()
    assert (first != resampled_counts(counts, 100, 42, "b")).any()
    assert (first != resampled_counts(counts, 100, 43, "a")).any()


def test_draws_taken_in_several_parts_have_the_right_mean_and_spread() -> None:
    counts = documents(6000)  # several parts at 2,000,000 drawn at once
    pooled = resampled_counts(counts, 600, 42, "a")
    assert pooled.mean(axis=0) == pytest.approx(counts.sum(axis=0), rel=0.01)
    deviation = np.sqrt(len(counts)) * counts.std(axis=0)
    assert pooled.std(axis=0) == pytest.approx(deviation, rel=0.15)


def test_an_interval_holds_the_score_and_shrinks_with_the_corpus() -> None:
    widths = []
    for number in (40, 4000):
        counts = documents(number)
        found = estimate(CountsByDocument(("x", "y"), counts), "corpus").as_dict()
        low, high = found["micro"]["f1_interval"]
        assert low < found["micro"]["f1"] < high
        for name in ("x", "y"):
            low_of_type, high_of_type = found["per_type"][name]["recall_interval"]
            assert low_of_type < found["per_type"][name]["recall"] < high_of_type
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_documents_that_are_all_alike_leave_no_doubt() -> None:
    counts = np.tile(np.array([[[4, 3, 2]]]), (30, 1, 1))
    found = estimate(CountsByDocument(("x",), counts), "corpus").as_dict()["micro"]
    assert found["f1_interval"] == pytest.approx([found["f1"], found["f1"]])


def test_the_average_is_of_the_corpora_and_surer_than_each() -> None:
    estimates = [estimate(CountsByDocument(("x", "y"), documents(200, seed)), f"corpus {seed}") for seed in range(5)]
    found = average(estimates)
    single = [one.as_dict()["micro"] for one in estimates]
    assert found["f1"] == pytest.approx(np.mean([one["f1"] for one in single]))
    width = found["f1_interval"][1] - found["f1_interval"][0]
    assert width < min(one["f1_interval"][1] - one["f1_interval"][0] for one in single)


def test_an_interval_is_of_percentiles() -> None:
    found = interval(np.arange(1001.0))
    assert (found.low, found.high) == (25.0, 975.0)


KEYS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(3, 4), st.sampled_from("xy")), max_size=12)


@given(gold=KEYS, predicted=KEYS)
def test_counts_by_document_pool_to_the_scores(gold: list, predicted: list) -> None:
    counts = count_by_document(gold, predicted, [0, 0, 1, 2], ("x", "y"))
    assert counts.counts.shape == (3, 2, 3)
    assert counts.scores == score_spans(gold, predicted)

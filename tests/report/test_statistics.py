"""What is summed up of rows in bounded memory agrees with counting them all."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from formats.annotating import TYPES, annotated, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.records import Span
from openbioner_batch.report.frequent import FrequentItems
from openbioner_batch.report.sample import draw_rows
from openbioner_batch.report.statistics import SCORE_BINS, RunStatistics, TypeStatistics

CASES = st.lists(annotated(), max_size=5)


@settings(max_examples=40)
@given(st.lists(CASES, max_size=3))
def test_statistics_are_those_of_all_rows(batches: list[list[tuple[str, tuple[Span, ...]]]]) -> None:
    found = RunStatistics(TypeStatistics(TYPES))
    for cases in batches:
        for batch in rows_of(cases).select(["spans", "windows"]).combine_chunks().to_batches():
            found.add(batch)
    documents = [spans for cases in batches for _, spans in cases]
    spans = [span for spans in documents for span in spans]

    types = found.types
    assert types.documents == len(documents) == found.windows.total()
    assert types.without_spans == documents.count(())
    assert types.spans_per_document == Counter(map(len, documents))
    for place, name in enumerate(TYPES):
        scores = [span.score for span in spans if span.type == name]
        assert types.spans[place] == len(scores) == types.scores[place].sum()
        assert (types.quantile(place, 0.5) is None) == (not scores)
        for other, second in enumerate(TYPES):
            both = sum({name, second} <= {span.type for span in spans} for spans in documents)
            assert types.together[place, other] == both
        mentions = Counter(" ".join(span.text.casefold().split()) for span in spans if span.type == name)
        listed = found.mentions[name].most_common(1000)
        assert sorted(count for _, count in listed) == sorted(mentions.values())
        assert all(mentions[text.casefold()] == count for text, count in listed)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60), st.sampled_from([0.1, 0.5, 0.9]))
def test_quantiles_of_scores_are_right_within_a_part(scores: list[float], share: float) -> None:
    types = TypeStatistics(["drug"])
    types.add(pa.array(["drug"] * len(scores)), pa.array(scores, pa.float32()), np.arange(len(scores)), len(scores))
    found = types.quantile(0, share)
    assert found is not None
    low, high = (np.quantile(scores, share, method=how) for how in ("lower", "higher"))
    assert low - 1 / SCORE_BINS <= found <= high + 1 / SCORE_BINS + 1e-9


def test_sliced_rows_count_as_themselves() -> None:
    rows = rows_of([("ab", (Span(0, 1, "drug", 0.5, "a"),)), ("b", ()), ("c", (Span(0, 1, "drug", 1.0, "c"),))])
    found = RunStatistics(TypeStatistics(["drug"]))
    found.add(rows.select(["spans", "windows"]).combine_chunks().to_batches()[0].slice(1, 2))
    assert (found.types.documents, found.types.without_spans, found.types.spans.tolist()) == (2, 1, [1])
    assert found.mentions["drug"].most_common(5) == [("c", 1)]


def test_frequent_things_are_found_among_more_than_are_held() -> None:
    chance = random.Random(0)
    truth = Counter({f"often {number}": 2000 - 100 * number for number in range(10)})
    stream = list(truth.elements()) + [f"rare {number}" for number in range(20_000)]
    chance.shuffle(stream)
    found = FrequentItems(200)
    held = 0
    for start in range(0, len(stream), 100):
        found.add(Counter(stream[start : start + 100]).items())
        held = max(held, len(found._counts))
    assert held <= 400
    assert found.missed <= len(stream) / 200
    for item, count in found.most_common(10):
        assert truth[item] - found.missed <= count <= truth[item]


def test_mentions_that_differ_in_case_are_one_and_spelled_as_most_often() -> None:
    found = FrequentItems(100)
    found.add([("Aspirin", 2), ("aspirin", 3), ("p53", 4), ("heart\n failure", 1)])
    assert found.missed == 0
    assert found.most_common(3) == [("aspirin", 5), ("p53", 4), ("heart failure", 1)]


SHARDS = st.dictionaries(st.tuples(st.integers(0, 30), st.integers(0, 5)), st.integers(0, 40), max_size=20)


@given(SHARDS, st.integers(0, 50), st.integers(0, 3))
def test_a_sample_has_its_size_and_is_the_same_in_any_order(
    shards: dict[tuple[int, int], int], count: int, seed: int
) -> None:
    drawn = draw_rows(shards.items(), count, seed)
    assert sum(map(len, drawn.values())) == min(count, sum(shards.values()))
    assert all(rows == sorted(set(rows)) and rows[-1] < shards[shard] for shard, rows in drawn.items())
    assert draw_rows(reversed(list(shards.items())), count, seed) == drawn


def test_each_row_is_drawn_as_often_as_another() -> None:
    shards = [((0, number), 10) for number in range(10)]
    times = Counter(
        (shard, row) for seed in range(400) for shard, rows in draw_rows(shards, 25, seed).items() for row in rows
    )
    assert len(times) == 100
    assert times.total() == 400 * 25
    assert max(times.values()) < 100 + 5 * 8.7  # binomial(400, 1/4): mean 100, deviation 8.7
    assert min(times.values()) > 100 - 5 * 8.7


def test_drawing_from_many_rows_holds_few() -> None:
    drawn = draw_rows((((0, number), 1000) for number in range(500)), 20, 0)
    assert sum(map(len, drawn.values())) == 20
    assert draw_rows([((0, 7), 1000)], 0, 0) == {}
    assert pytest.approx(250, abs=130) == np.mean([number for _, number in drawn])

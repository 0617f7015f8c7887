"""Rates and money are kept to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.silver.limits import BURST_S, Budget, RateLimit

AMOUNTS = st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), min_size=1, max_size=40)


@given(st.integers(1, 6000), AMOUNTS)
def test_no_stretch_of_time_has_more_than_its_rate_and_a_burst(
    per_minute: int, requested: list[tuple[float, int]]
) -> None:
    pace, now, sent = RateLimit(per_minute), 0.0, []
    for pause, amount in requested:
        now += pause
        sent.append((now + pace.reserve(amount, now), amount))
    for first, (start, _) in enumerate(sent):
        for last in range(first, len(sent)):
            # What goes out last may be large: its cost falls on those that come after.
            before = sum(amount for _, amount in sent[first:last])
            assert before <= per_minute / 60 * (sent[last][0] - start + BURST_S) + 1e-6


def test_a_rate_of_none_never_waits() -> None:
    assert RateLimit(None).reserve(1e9, 0.0) == 0


def test_what_was_reserved_too_small_is_made_up_for() -> None:
    pace = RateLimit(60)
    pace.reserve(1, 100.0)
    pace.correct(9)
    assert pace.reserve(1, 100.0) == pytest.approx(9)


def test_a_shard_is_let_in_whole_or_not_at_all_and_the_first_refusal_is_the_last_word() -> None:
    budget = Budget(ceiling=1.0, spent=0.2)
    assert budget.admit("a", 0.5)
    assert budget.admit("a", 0.5)  # another passage of it
    assert not budget.admit("b", 0.4)
    assert not budget.admit("c", 0.01)
    assert budget.admit("a", 0.5)
    assert budget.admitted == 1


def test_what_a_shard_cost_less_than_promised_is_there_for_others() -> None:
    budget = Budget(ceiling=1.0)
    assert budget.admit("a", 0.8)
    budget.settle("a", 0.5, 0.1)
    budget.settle("a", 0.5, 0.1)
    assert budget.spent == pytest.approx(0.2)
    assert budget.admit("b", 0.8)


@given(st.floats(0.1, 5), st.lists(st.tuples(st.floats(0.001, 1), st.floats(0, 1)), max_size=40))
def test_the_ceiling_holds_where_estimates_are_high(ceiling: float, shards: list[tuple[float, float]]) -> None:
    budget = Budget(ceiling)
    for number, (estimate, share) in enumerate(shards):
        if budget.admit(str(number), estimate):
            budget.settle(str(number), 1.0, estimate * share)
    assert budget.spent <= ceiling

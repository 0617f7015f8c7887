"""Exact bounds against published values, against their definition, and by simulation over strata."""

from __future__ import annotations

import math
import random
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import UsageError
from openbioner_batch.report.review.bounds import Stratum, allocate, at_most, bound_over, notes_needed, upper_bound


def test_without_a_leak_the_bound_is_the_rule_of_three() -> None:
    for read in (100, 598, 3000):
        assert upper_bound(0, read, 0.95) == pytest.approx(1 - 0.05 ** (1 / read), rel=1e-12)
        assert upper_bound(0, read, 0.95) == pytest.approx(3 / read, rel=0.02)


@pytest.mark.parametrize(
    ("leaking", "read", "confidence", "bound"),
    [
        # One-sided limits are two-sided ones of twice the error, as tables of Clopper-Pearson limits have them.
        (0, 10, 0.975, 0.3085),
        (1, 10, 0.975, 0.4450),
        (3, 10, 0.975, 0.6525),
        (5, 20, 0.975, 0.4910),
        (10, 100, 0.975, 0.1762),
        (2, 100, 0.95, 0.0616),
        (10, 10, 0.95, 1.0),
    ],
)
def test_bounds_are_those_of_tables(leaking: int, read: int, confidence: float, bound: float) -> None:
    assert upper_bound(leaking, read, confidence) == pytest.approx(bound, abs=6e-5)


@given(st.integers(1, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_a_bound_is_where_as_few_leaks_become_unlikely(read: int, data: st.DataObject) -> None:
    leaking = data.draw(st.integers(0, read - 1))
    bound = upper_bound(leaking, read, 0.95)
    exact = sum(comb(read, count) * bound**count * (1 - bound) ** (read - count) for count in range(leaking + 1))
    assert exact == pytest.approx(0.05, abs=1e-6)
    assert at_most(leaking, read, bound) == pytest.approx(exact, abs=1e-9)
    assert upper_bound(leaking + 1, read, 0.95) > bound > leaking / read


@pytest.mark.parametrize(
    ("rate", "confidence", "allowed", "notes"),
    [(1 / 200, 0.95, 0, 598), (0.05, 0.95, 0, 59), (0.01, 0.95, 0, 299), (0.01, 0.99, 0, 459), (0.01, 0.95, 1, 473)],
)
def test_the_notes_needed_are_those_of_acceptance_sampling(
    rate: float, confidence: float, allowed: int, notes: int
) -> None:
    assert notes_needed(rate, confidence, allowed) == notes
    assert upper_bound(allowed, notes, confidence) <= rate < upper_bound(allowed, notes - 1, confidence)


def test_a_bound_that_nobody_can_read_for_is_refused() -> None:
    with pytest.raises(UsageError, match="higher rate"):
        notes_needed(1e-9, 0.95, 0)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 50_000), min_size=1, max_size=12),
    st.sampled_from([0.005, 0.01, 0.1]),
    st.integers(0, 3),
    st.integers(0, 40),
)
@settings(max_examples=80, deadline=None)
def test_an_allocation_is_in_proportion_and_reaches_the_bound(
    sizes: dict[str, int], rate: float, allowed: int, least: int
) -> None:
    drawn = allocate(sizes, rate, 0.95, allowed, least)
    total = sum(sizes.values())
    for name, size in sizes.items():
        assert min(size, max(1, least)) <= drawn[name] <= size
    strata = [Stratum(size, drawn[name], 0) for name, size in sizes.items()]
    assert bound_over(strata, 0.95) <= rate or drawn == sizes
    if total > 2 * sum(drawn.values()) and not least and not allowed:
        # rounding up costs at most a note of each stratum, and the few that the bound then needs
        assert sum(drawn.values()) <= notes_needed(rate, 0.95, 0) + len(sizes) + 3


def test_all_notes_read_leave_nothing_uncertain() -> None:
    assert bound_over([Stratum(40, 40, 1), Stratum(60, 60, 0)], 0.95) == 0.01


def test_a_stratum_that_was_not_read_counts_as_leaking() -> None:
    bound = bound_over([Stratum(900, 300, 0), Stratum(100, 0, 0)], 0.95)
    assert bound == pytest.approx(0.1 + 0.9 * upper_bound(0, 300, 0.95))
    assert bound_over([Stratum(100, 0, 0)], 0.95) == 1.0
    assert bound_over([], 0.95) == 0.0


def test_a_stratum_read_less_than_its_share_raises_the_bound() -> None:
    even = bound_over([Stratum(500, 300), Stratum(500, 300)], 0.95)
    uneven = bound_over([Stratum(500, 500), Stratum(500, 100)], 0.95)
    assert uneven == pytest.approx(3 * even, rel=0.01)


@pytest.mark.parametrize("rates", [(0.03, 0.0, 0.0), (0.004, 0.02, 0.3), (0.0, 0.0, 0.9)])
def test_the_bound_over_strata_holds_at_least_as_often_as_it_says(rates: tuple[float, ...]) -> None:
    """However unlike the strata are, and whether or not they were read in proportion."""
    chance = random.Random(4)
    sizes = (1000, 300, 30)
    true = sum(size * rate for size, rate in zip(sizes, rates, strict=True)) / sum(sizes)
    for reads in ((200, 60, 6), (120, 90, 20)):
        missed = 0
        for _ in range(1500):
            strata = [
                Stratum(size, read, sum(chance.random() < rate for _ in range(read)))
                for size, read, rate in zip(sizes, reads, rates, strict=True)
            ]
            missed += bound_over(strata, 0.9) < true
        assert missed / 1500 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 1500)

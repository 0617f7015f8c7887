"""Of overlapping spans of types that do not compete, the best scored stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Span
from openbioner_batch.model.decoding import without_overlaps

TEXT = "a" * 12


def span(start: int, end: int, type: str, score: float) -> Span:
    return Span(start, end, type, score, TEXT[start:end])


SPANS = st.builds(
    lambda start, size, type, score: span(start, min(start + size, len(TEXT)), type, score / 10),
    st.integers(0, 11),
    st.integers(1, 6),
    st.sampled_from("xyz"),
    st.integers(0, 10),
)


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def test_the_better_scored_stays_and_equal_bounds_stay_together() -> None:
    wide, inner, twin, apart = span(0, 6, "x", 0.6), span(2, 4, "y", 0.9), span(2, 4, "z", 0.2), span(4, 6, "x", 0.3)

    assert without_overlaps([wide, inner, twin, apart]) == [inner, twin, apart]
    assert without_overlaps([wide, apart]) == [wide]


@given(st.lists(SPANS, max_size=8, unique_by=lambda one: (one.start, one.end, one.type)))
def test_what_goes_overlaps_something_better_that_stays(spans: list[Span]) -> None:
    kept = without_overlaps(spans)

    assert kept == sorted(kept, key=lambda one: (one.start, one.end))
    bounds = {(one.start, one.end) for one in kept}
    assert not any(overlap(a, b) and (a.start, a.end) != (b.start, b.end) for a in kept for b in kept)
    for gone in (one for one in spans if one not in kept):
        assert (gone.start, gone.end) not in bounds
        assert any(overlap(gone, other) and other.score >= gone.score for other in kept)
    assert all(one in spans for one in kept)

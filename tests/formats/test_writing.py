"""Formats for flat spans keep one of those that overlap, by rules in a stated order."""

from __future__ import annotations

from openbioner_batch.formats.writing import flat_spans
from openbioner_batch.records import Span


def span(start: int, end: int, type: str = "a", score: float = 0.5) -> Span:
    return Span(start, end, type, score, "x" * (end - start))


def test_the_longest_is_kept_then_the_best_scored_then_the_earliest_then_by_type() -> None:
    cases = [
        ((span(0, 3), span(2, 9, score=0.1)), 1),
        ((span(0, 5, "a", 0.6), span(0, 5, "b", 0.9)), 1),
        ((span(0, 5, "b", 0.6), span(3, 8, "a", 0.9)), 1),
        ((span(3, 8), span(0, 5)), 1),
        ((span(0, 5, "b"), span(0, 5, "a")), 1),
    ]
    for spans, kept in cases:
        assert flat_spans(spans) == flat_spans(spans[::-1]) == [spans[kept]]
    assert flat_spans([span(5, 9), span(0, 5)]) == [span(0, 5), span(5, 9)]

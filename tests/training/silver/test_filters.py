"""What is not good enough to learn from is dropped, each for its reason."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.overlap import BenchmarkSentences
from openbioner_batch.training.passages import AnnotatedMention
from openbioner_batch.training.silver import filters
from openbioner_batch.training.silver.filters import PassageFilter, RawPassage, mention_problem, union, without
from openbioner_batch.training.silver.passages import passage_bounds
from openbioner_batch.training.silver.settings import FilterSettings

GOOD = "The patient was given aspirin for the pain in her knee."
SETTINGS = FilterSettings()


def raw(text: str, surfaces: tuple[str, ...] = (), unaligned: int = 0) -> RawPassage:
    places = [(text.index(surface), text.index(surface) + len(surface)) for surface in surfaces]
    return RawPassage(text, tuple((AnnotatedMention(start, end, "drug"), "drug") for start, end in places), unaligned)


@pytest.mark.parametrize(
    ("passage", "problem"),
    [
        (raw(GOOD, ("aspirin",)), None),
        (raw("Given aspirin daily."), filters.TOO_SHORT),
        (raw("PAST MEDICAL HISTORY AND MEDICATIONS ON ADMISSION: aspirin"), filters.SHOUTING),
        (raw(GOOD, ("aspirin",), unaligned=2), filters.INVENTED),
        (raw(GOOD, ("The patient was given aspirin for the pain in",)), filters.MARKED_ALL),
        (raw("As said: mice without the gene were small and did not breed. So it is."), filters.BENCHMARK),
    ],
)
def test_a_passage_is_judged_by_itself(passage: RawPassage, problem: str | None) -> None:
    benchmarks = BenchmarkSentences(["Mice without the gene were small , and did not breed ."])
    assert PassageFilter(SETTINGS, benchmarks).problem(passage) == problem


def test_the_same_text_counts_once_whatever_its_spacing() -> None:
    passage_filter = PassageFilter(SETTINGS, None)
    assert passage_filter.problem(raw(GOOD)) is None
    assert passage_filter.problem(raw(f"  {GOOD.upper()}")) == filters.DUPLICATE


@pytest.mark.parametrize(
    ("surface", "type", "problem"),
    [
        ("aspirin", "drug", None),
        ("aspirin", None, filters.BAD_TYPE),
        ("a", "drug", filters.SHORT_MENTION),
        ("one two three four five six seven eight nine ten eleven twelve thirteen", "drug", filters.LONG_MENTION),
        ("--", "drug", filters.NO_LETTER),
        ("They", "person", filters.PRONOUN),
    ],
)
def test_a_mention_is_judged_by_its_form(surface: str, type: str | None, problem: str | None) -> None:
    assert mention_problem(surface, type, SETTINGS) == problem


STRETCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair))))


def covered(ranges: list[tuple[int, int]]) -> set[int]:
    return {place for start, end in ranges for place in range(start, end)}


@given(STRETCHES, STRETCHES)
def test_stretches_are_joined_and_taken_away_place_by_place(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    assert covered(union(some)) == covered(some)
    assert covered(without(some, others)) == covered(some) - covered(others)
    for ranges in (union(some), without(some, others)):
        assert ranges == sorted(ranges)
        assert all(start < end for start, end in ranges)


@given(st.lists(st.sampled_from(["Aspirin", "given.", "x", "(A", "5 mg.", "\n\n", "Was", "— "])), st.integers(1, 9))
def test_passages_are_the_text_less_white_space_and_hold_no_more_words_than_asked(words: list[str], most: int) -> None:
    text = " ".join(words)
    bounds = list(passage_bounds(text, most))
    kept = "".join("".join(text[start:end].split()) for start, end in bounds)
    assert [letter for letter in kept if letter.isalpha()] == [letter for letter in text if letter.isalpha()]
    for start, end in bounds:
        assert 0 < len(text[start:end].split()) <= most
        assert text[start:end] == text[start:end].strip()
    assert all(before[1] <= after[0] for before, after in pairwise(bounds))

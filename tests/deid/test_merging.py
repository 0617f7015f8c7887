"""Overlapping findings become one sequence that covers all they covered."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.merging import merge

TYPES = ["patient_name", "person_name", "clinician_name", "personal_date", "birth_date", "url", "phone_number"]
RECOGNIZERS = ["model", "pattern:name", "pattern:url", "known:name"]
TEXT = "Anna Roe, b. 3/4/50 (617) 555-0123; see www.example.org/p?n=Roe. "


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    start = draw(st.integers(0, len(TEXT) - 1))
    end = draw(st.integers(start + 1, min(len(TEXT), start + 25)))
    score = draw(st.sampled_from([0.5, 0.9]))
    return Finding(start, end, draw(st.sampled_from(TYPES)), score, (draw(st.sampled_from(RECOGNIZERS)),))


@given(st.lists(findings(), max_size=8), st.randoms())
def test_merging_covers_all_overlaps_nothing_and_knows_no_order(found: list[Finding], random) -> None:  # type: ignore[no-untyped-def]
    merged = merge(TEXT, found)
    assert all(one.end <= two.start for one, two in pairwise(merged))
    covered = {place for one in merged for place in range(one.start, one.end)}
    wanted = {place for one in found for place in range(one.start, one.end) if TEXT[place].isalnum()}
    assert wanted <= covered
    assert {one.type for one in merged} <= {one.type for one in found}
    random.shuffle(found)
    assert merge(TEXT, found) == merged


def one(start: int, end: int, type: str, recognizer: str, score: float = 0.9) -> Finding:
    return Finding(start, end, type, score, (recognizer,))


def test_overlapping_names_become_their_union() -> None:
    found = [one(0, 4, "person_name", "model"), one(2, 8, "patient_name", "pattern:name", 0.7)]
    assert merge(TEXT, found) == [Finding(0, 8, "patient_name", 0.9, ("model", "pattern:name"))]


def test_parts_of_a_name_side_by_side_become_one() -> None:
    found = [one(0, 4, "patient_name", "model"), one(5, 8, "patient_name", "known:name", 1.0)]
    assert merge(TEXT, found) == [Finding(0, 8, "patient_name", 1.0, ("known:name", "model"))]


def test_known_bounds_come_before_the_models_whose_rest_is_kept() -> None:
    found = [one(10, 19, "birth_date", "model"), one(13, 19, "personal_date", "known:date", 1.0)]
    assert [(each.start, each.end, each.type) for each in merge(TEXT, found)] == [
        (10, 11, "birth_date"),
        (13, 19, "birth_date"),
    ]


def test_a_url_stays_whole_around_a_known_name() -> None:
    start = TEXT.index("www")
    end = len(TEXT) - 2
    found = [one(start, end, "url", "pattern:url"), one(end - 3, end, "patient_name", "known:name", 1.0)]
    assert [(each.start, each.end, each.type) for each in merge(TEXT, found)] == [(start, end, "url")]


def test_an_article_that_is_left_over_is_no_identifier() -> None:
    text = "the 20th of A"
    found = [one(0, 8, "personal_date", "model"), one(4, 8, "personal_date", "pattern:date")]
    assert [(each.start, each.end) for each in merge(text, found)] == [(4, 8)]
    found = [one(4, 13, "personal_date", "model"), one(4, 11, "personal_date", "pattern:date")]
    assert [(each.start, each.end) for each in merge(text, found)] == [(4, 11), (12, 13)]

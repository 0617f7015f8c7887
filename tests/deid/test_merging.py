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


def bounds(text: str, *found: Finding) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in merge(text, found)]


def test_what_stands_alone_keeps_the_marks_at_its_ends() -> None:
    start = TEXT.index("(617)")
    assert bounds(TEXT, one(start, start + 5, "phone_number", "pattern:phone")) == [(start, start + 5)]
    assert bounds(TEXT, one(start, start + 14, "phone_number", "model")) == [(start, start + 14)]


def test_a_longer_one_keeps_its_bounds_before_an_earlier_one_of_its_rank() -> None:
    assert bounds("a" * 20, one(0, 8, "url", "model"), one(4, 16, "phone_number", "model")) == [(0, 4), (4, 16)]
    assert bounds("a" * 20, one(4, 16, "phone_number", "model"), one(8, 20, "url", "model")) == [(4, 16), (16, 20)]


def test_bounds_count_in_the_order_of_recognizers_however_short_they_are() -> None:
    order = ["pattern:email", "known:value", "pattern:phone", "model"]
    for place, recognizer in enumerate(order):
        for later in order[place + 1 :]:
            short, long = one(6, 10, "url", recognizer), one(0, 8, "phone_number", later)
            assert bounds("a" * 12, long, short) == [(0, 6), (6, 10)], (recognizer, later)


def test_names_that_only_touch_stay_two_where_they_are_of_two_people() -> None:
    found = [one(0, 4, "patient_name", "model"), one(4, 8, "clinician_name", "model")]
    assert merge("AnnaLeah", found) == found


def test_a_union_of_names_counts_as_the_best_of_their_recognizers() -> None:
    names = [one(4, 8, "patient_name", "known:name"), one(6, 12, "person_name", "model")]
    assert bounds("a" * 16, *names, one(10, 16, "url", "pattern:name")) == [(4, 12), (12, 16)]


def test_a_rest_without_letters_and_digits_is_none_even_at_the_end_of_the_text() -> None:
    for text in ("1234 .", "1234 . "):
        assert bounds(text, one(0, 6, "url", "model"), one(0, 4, "zip_code", "pattern:zip")) == [(0, 4)]


def test_a_rest_that_ends_a_word_is_no_article() -> None:
    for text, cut in (("Boston", 4), ("Xof it", 1), ("a Xof", 3)):
        end = text.find(" ", cut) if " " in text[cut:] else len(text)
        start = text.rfind(" ", 0, cut) + 1
        found = [one(start, end, "city", "model"), one(start, cut, "zip_code", "pattern:zip")]
        assert bounds(text, *found) == [(start, cut), (cut, end)], text


def test_a_rest_that_begins_a_word_is_no_article() -> None:
    for text, cut in (("atrium", 2), ("ofX it", 2)):
        end = text.find(" ") if " " in text else len(text)
        assert bounds(text, one(0, end, "city", "model"), one(cut, end, "zip_code", "pattern:zip")) == [
            (0, cut),
            (cut, end),
        ]


def test_the_label_is_of_what_covers_half_and_says_most() -> None:
    broad, exact = one(0, 10, "location", "known:place"), one(0, 10, "city", "model", 0.5)
    assert [(each.type, each.score) for each in merge("a" * 10, [broad, exact])] == [("city", 0.9)]
    narrow = one(0, 4, "street_address", "known:street")
    assert [each.type for each in merge("a" * 10, [one(0, 10, "city", "pattern:city"), narrow])] == [
        "street_address",
        "city",
    ]


def test_the_label_of_one_rank_is_that_of_the_higher_score() -> None:
    for better in ("city", "state"):
        found = [one(0, 10, type, "model", 0.9 if type == better else 0.5) for type in ("city", "state")]
        assert [(each.type, each.score) for each in merge("a" * 10, found)] == [(better, 0.9)]


def test_what_covers_exactly_half_may_give_the_label_and_what_covers_less_may_not() -> None:
    for start, label in ((5, "city"), (6, "location")):
        found = [one(0, 10, "location", "pattern:place"), one(start, 15, "city", "model")]
        assert [each.type for each in merge("a" * 15, found)] == [label, "city"]


def test_far_apart_findings_do_not_label_each_other() -> None:
    text = "Anna Roe of Boston saw Leah Doe in Salem on Monday."
    found = [
        one(text.index(word), text.index(word) + len(word), type, "model")
        for word, type in (
            ("Anna Roe", "patient_name"),
            ("Boston", "city"),
            ("Leah Doe", "clinician_name"),
            ("Salem", "city"),
            ("Monday", "personal_date"),
        )
    ]
    assert merge(text, found) == found


def test_names_join_over_an_initial_a_hyphen_or_a_blank_and_nothing_else() -> None:
    for text, joined in (
        ("J. Roe", True), ("J.Roe", True), ("J Roe", True), ("J  Roe", True), ("J-Roe", True), ("J\tRoe", True),
        ("J   Roe", False), ("J, Roe", False), ("J\nRoe", False), ("J; Roe", False),
    ):  # fmt: skip
        found = [one(0, 1, "patient_name", "model"), one(text.index("R"), len(text), "patient_name", "model")]
        assert len(merge(text, found)) == (1 if joined else 2), text
    word = [one(0, 4, "patient_name", "model"), one(6, 9, "patient_name", "model")]
    assert len(merge("Anna. Roe", word)) == 2
    cities = [one(0, 5, "city", "model"), one(6, 9, "city", "model")]
    assert merge("Salem Doe", cities) == cities

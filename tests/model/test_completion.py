"""Spans that a document implies: what is added, where, and that nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Completion, EntityType, Tagger
from openbioner_batch.records import Span

BOTH = Completion(abbreviations=True, repeats=True)


def spans_of(text: str, *found: tuple[str, str], score: float = 0.9) -> list[Span]:
    """Each of the words where it stands first."""
    return [Span(text.index(w), text.index(w) + len(w), kind, score, w) for w, kind in found]


def added(completion: Completion, text: str, spans: list[Span]) -> list[tuple[int, str, str]]:
    whole = completion.complete(text, spans)
    assert whole[: len(spans)] == spans
    for span in whole:
        assert text[span.start : span.end] == span.text
    return sorted((span.start, span.text, span.type) for span in whole[len(spans) :])


def test_an_abbreviation_has_the_type_of_its_long_form_everywhere() -> None:
    text = "AF was seen. Atrial fibrillation (AF) recurs; AFX does not, af is a word. Later AF."
    spans = spans_of(text, ("Atrial fibrillation", "disease"))
    only = Completion(abbreviations=True)
    expected = [(0, "AF", "disease"), (34, "AF", "disease"), (80, "AF", "disease")]
    assert added(only, text, spans) == expected
    assert added(Completion(repeats=True), text, spans) == []
    assert added(Completion(), text, spans) == []


def test_a_long_form_has_the_type_of_its_abbreviation_where_it_has_none() -> None:
    text = "Multiple sclerosis is rare. He has multiple sclerosis (MS)."
    spans = [Span(55, 57, "disease", 0.8, "MS")]
    assert added(Completion(abbreviations=True), text, spans) == [
        (0, "Multiple sclerosis", "disease"),
        (35, "multiple sclerosis", "disease"),
    ]


def test_the_chief_part_of_a_long_form_tells_its_abbreviation() -> None:
    text = "chronic kidney disease (CKD) and CKD"
    spans = spans_of(text, ("kidney disease", "disease"))
    assert added(Completion(abbreviations=True), text, spans) == [(24, "CKD", "disease"), (33, "CKD", "disease")]


def test_the_same_words_elsewhere_are_mentions_too() -> None:
    text = "Aspirin helps. He took aspirin, not aspirinate. ASPIRIN again."
    spans = spans_of(text, ("Aspirin", "drug"))
    assert added(Completion(repeats=True), text, spans) == [(23, "aspirin", "drug"), (48, "ASPIRIN", "drug")]


@pytest.mark.parametrize(
    ("text", "word", "score"),
    [
        ("zinc oxide, then zinc oxide", "zinc oxide", 0.5),  # unsure
        ("12 and 12", "12", 0.99),  # no letters
        ("At x, at x", "x", 0.99),  # too short
        ("CAT scans of a cat", "CAT", 0.99),  # another case of a short form
    ],
)
def test_what_may_mean_something_else_is_not_repeated(text: str, word: str, score: float) -> None:
    assert added(Completion(repeats=True), text, spans_of(text, (word, "t"), score=score)) == []


def test_nothing_is_added_where_a_span_stands_and_longer_forms_come_first() -> None:
    text = "lung cancer, cancer; lung cancer; the cancer ward"
    spans = [*spans_of(text, ("lung cancer", "disease")), Span(13, 19, "topic", 0.95, "cancer")]
    spans.append(Span(34, 49, "place", 0.9, "the cancer ward"))
    assert added(Completion(repeats=True), text, spans) == [(21, "lung cancer", "disease")]


def test_letters_that_lengthen_in_lower_case_keep_offsets() -> None:
    text = "\u0130\u0130 aspirin and aspirin"
    assert added(Completion(repeats=True), text, spans_of(text, ("aspirin", "drug"))) == [(15, "aspirin", "drug")]


@given(st.text("ab (AB).-", max_size=60), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=4))
def test_added_spans_slice_their_text_and_overlap_nothing(text: str, places: list[tuple[int, int]]) -> None:
    spans = [
        Span(start, min(len(text), start + size), "t", 0.9, text[start : start + size])
        for start, size in places
        if start < len(text)
    ]
    whole = BOTH.complete(text, spans)
    assert whole[: len(spans)] == spans
    for number, span in enumerate(whole[len(spans) :], len(spans)):
        assert text[span.start : span.end] == span.text
        assert not any(span.start < other.end and other.start < span.end for other in whole[:number])


def test_a_tagger_completes_only_if_told_to(tagger: Tagger) -> None:
    texts = ["aspirin given. p53 dose aspirin with fever, p53 in mice given aspirin no lung cancer"]
    types = [EntityType("drug", "a drug that is given"), EntityType("gene", "a gene of mice")]
    plain = tagger.tag(texts, types)
    tagger.completion = BOTH
    try:
        assert tagger.tag(texts, types) == [sorted(BOTH.complete(texts[0], plain[0]), key=lambda s: (s.start, s.end))]
    finally:
        tagger.completion = Completion()

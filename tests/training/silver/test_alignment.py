"""Mentions stand where the passage has them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.silver.alignment import align, occurrences

TEXT = "Lung cancer: the cancer spread; aspirin-like drugs and Aspirin were given for lung\ncancer, not pre-aspirin."


def found(text: str, *items: tuple[str, str]) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.type) for m in align(text, items).mentions]


def test_every_occurrence_is_marked_at_word_boundaries() -> None:
    assert found("pain, painful pain", ("pain", "symptom")) == [("pain", "symptom")] * 2


def test_longer_mentions_come_first() -> None:
    assert found("lung cancer and cancer", ("cancer", "disease"), ("lung cancer", "disease")) == [
        ("lung cancer", "disease"),
        ("cancer", "disease"),
    ]


def test_a_mention_that_stands_only_inside_another_was_meant_there() -> None:
    assert found("knee swelling eased", ("knee", "body_part"), ("knee swelling", "symptom")) == [
        ("knee", "body_part"),
        ("knee swelling", "symptom"),
    ]


def test_case_spacing_and_punctuation_at_the_ends_are_forgiven() -> None:
    assert found("Lung\ncancer was found", ("lung cancer", "disease")) == [("Lung\ncancer", "disease")]
    assert found("given aspirin daily", ("Aspirin.", "drug")) == [("aspirin", "drug")]


def test_an_exact_form_wins_over_another_case() -> None:
    assert found("CAT catalase in a cat", ("CAT", "gene")) == [("CAT", "gene")]


def test_a_form_that_is_nowhere_is_counted_once_whatever_its_types() -> None:
    aligned = align("nothing here", [("unicorn", "animal"), ("unicorn", "myth"), ("here", "place"), ("her", "person")])
    assert aligned.unaligned == 2
    assert len(aligned.mentions) == 1


def test_one_form_may_have_two_types() -> None:
    assert found("insulin", ("insulin", "drug"), ("insulin", "hormone")) == [
        ("insulin", "drug"),
        ("insulin", "hormone"),
    ]


def test_forms_that_are_punctuation_alone_stand_nowhere() -> None:
    assert occurrences("a - b", " .") == []
    assert occurrences("β-blocker (5 %)", "5 %") == [(11, 14)]


WORDS = st.lists(st.sampled_from(["pain", "Pain", "lung", "cancer", "β-blocker", "5 mg", "IL-2", "(x)"]), max_size=12)


@given(WORDS, st.lists(st.tuples(st.sampled_from(["pain", "lung cancer", "cancer", "il-2", "5 MG", "x"]), st.text())))
def test_mentions_are_pieces_of_the_text_and_every_form_is_accounted_for(
    words: list[str], items: list[tuple[str, str]]
) -> None:
    text = " ".join(words)
    aligned = align(text, items)
    surfaces = {surface for surface, _ in items}
    assert len(set(aligned.mentions)) == len(aligned.mentions)
    for mention in aligned.mentions:
        piece = text[mention.start : mention.end]
        assert any(piece.lower() == surface.lower() and kind == mention.type for surface, kind in items)
        assert not text[mention.start - 1 : mention.start].isalnum()
        assert not text[mention.end : mention.end + 1].isalnum()
    missing = [surface for surface in surfaces if not occurrences(text, surface)]
    assert aligned.unaligned == len(missing)


@given(st.text(), st.lists(st.tuples(st.text(), st.text())))
def test_no_text_makes_alignment_fail(text: str, items: list[tuple[str, str]]) -> None:
    for mention in align(text, items).mentions:
        assert 0 <= mention.start < mention.end <= len(text)

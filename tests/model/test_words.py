"""Words with hyphens are not cut where a piece cannot stand alone; marks alone are no spans."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.decoding import decode
from openbioner_batch.model.words import first_pieces_of_words, without_loose_marks


def words_of(text: str, breaks: tuple[int, ...] = ()) -> list[str]:
    """The words of a text whose pieces are runs of letters and digits, and marks."""
    pieces = np.array([match.span() for match in re.finditer(r"[^\W_]+|[^\w\s]|_", text)], np.int32).reshape(-1, 2)
    starts = np.isin(np.arange(len(pieces)), breaks)
    firsts = first_pieces_of_words(text, pieces, starts)
    ends = [*firsts, len(pieces)][1:]
    return [text[pieces[a, 0] : pieces[b - 1, 1]] for a, b in zip(firsts, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5-FU was given", ["5-FU", "was", "given"]),
        ("the beta-AR gene", ["the", "beta-AR", "gene"]),
        ("IL-2-induced", ["IL-2", "-", "induced"]),
        ("TNF-alpha", ["TNF-alpha"]),
        ("X-ray of a T-cell", ["X-ray", "of", "a", "T-cell"]),
        ("5-FU-based", ["5-FU", "-", "based"]),
        ("COX\u20112", ["COX\u20112"]),
        ("17-beta-estradiol", ["17-beta", "-", "estradiol"]),
        ("anti-inflammatory", ["anti", "-", "inflammatory"]),
        ("drug-induced", ["drug", "-", "induced"]),
        ("5 - FU", ["5", "-", "FU"]),
        ("5- FU and 5 -FU", ["5", "-", "FU", "and", "5", "-", "FU"]),
        ("a--b -c d-", ["a", "-", "-", "b", "-", "c", "d", "-"]),
        ("(-)-x", ["(", "-", ")", "-", "x"]),
        ("-", ["-"]),
        ("", []),
        ("over 2.5 mg/dL", ["over", "2.5", "mg/dL"]),
        ("100,000/mm3, 120/80", ["100,000/mm3", ",", "120/80"]),
        ("1,25-dihydroxyvitamin", ["1,25-dihydroxyvitamin"]),
        ("IL,2 or 2,IL or 5/FU", ["IL", ",", "2", "or", "2", ",", "IL", "or", "5", "/", "FU"]),
        ("mg.x or x/mg", ["mg", ".", "x", "or", "x", "/", "mg"]),
        ("p53/MDM2 and in 2, 3.", ["p53", "/", "MDM2", "and", "in", "2", ",", "3", "."]),
    ],
)
def test_pieces_that_cannot_stand_alone_are_of_one_word(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_no_word_goes_over_the_start_of_a_sentence() -> None:
    assert words_of("x 5-FU", breaks=(2,)) == ["x", "5", "-", "FU"]


@given(st.text("a5-é ()", max_size=30))
def test_words_are_whole_pieces_in_order(text: str) -> None:
    assert "".join(words_of(text)) == "".join(text.split())


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        ("insulin[-dependent diabetes]", "dependent diabetes"),
        ("[stem cell-]like", "stem cell"),
        ("R[&C] was", "C"),
        ("([220)]", "220"),
        ("in [66 (12%]) of", "66 (12%)"),
        ("in 66 [(12%]) of", "12%"),
        ("miRNA [(miR-21)]", "miR-21"),
        ("the [( RD )] sector", "RD"),
        ("[(R)-warfarin]", "(R)-warfarin"),
        ("[(R)-warfarin] (S", "(R)-warfarin"),
        ("a) [b (c)] d", "b (c)"),
        ("[(R)-warfarin (S)]", "(R)-warfarin (S)"),
        ("[(n = 4] of", "n = 4"),
        ("kept at [-20 C]", "-20 C"),
        ("[Cl-] and", "Cl-"),
        ("[.5 mg]", ".5 mg"),
        ("a [(] b", ""),
    ],
)
def test_marks_that_join_a_span_to_its_neighbours_are_not_of_it(marked: str, left: str) -> None:
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")

    start, end = without_loose_marks(text, start, end)

    assert text[start:end] == left


@given(st.text("a5-,;()/ ", max_size=20), st.data())
def test_a_span_keeps_its_letters_and_its_place(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    low, high = without_loose_marks(text, start, end)

    assert start <= low
    assert high <= end + 3
    assert [one for one in text[start:end] if one.isalnum()] == [one for one in text[low:high] if one.isalnum()]


def test_a_tagger_makes_spans_of_such_words_unless_it_is_told_otherwise(tagger: Tagger) -> None:
    types = [EntityType("drug", "a drug that is given")]
    text = "given 5-p53 to mice"
    for words, expected in (("basic", [[6, 11]]), ("pieces", [[6, 7], [7, 8], [8, 11]])):
        prepared = tagger.preparer(types, words).prepare([text])
        assert [pair for pair in prepared.word_offsets.tolist() if 6 <= pair[0] < 12] == expected
        for logits in tagger.word_logits(prepared):
            assert len(logits) == len(prepared.word_offsets)


@pytest.mark.parametrize(("text", "spans"), [("- fever", ["fever"]), ("fever ( %", ["fever"]), ("+ . —", [])])
def test_punctuation_alone_is_no_span(tagger: Tagger, text: str, spans: list[str]) -> None:
    types = [EntityType("a", "a drug"), EntityType("b", "a gene")]
    prepared = tagger.preparer(types).prepare([text])
    assert tagger.preparer(types, "whitespace").prepare([text]).marks_count  # there, as the reference has it
    logits = np.zeros((len(prepared.word_offsets), 3), np.float32)
    # Every word an entity, of types in turn, so that none is merged with the next.
    logits[np.arange(len(logits)), 1 + np.arange(len(logits)) % 2] = 9
    assert [span.text for span in decode(prepared, 0, logits)[0]] == spans

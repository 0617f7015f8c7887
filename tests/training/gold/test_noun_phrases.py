"""Gold names read as noun phrases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.gold.noun_phrases import phrases


def read(text: str, *names: tuple[str, str]) -> list[tuple[str, str]]:
    places = [(text.index(name), text.index(name) + len(name), kind) for name, kind in names]
    return [(text[phrase.start : phrase.end], phrase.kind) for phrase in phrases(text, places)]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("We cloned the ABC1 gene here.", "ABC1", ("ABC1 gene", "dna")),
        ("ABC1 mRNA rose.", "ABC1", ("ABC1 mRNA", "rna")),
        ("the human ABC1 receptor was", "ABC1", ("human ABC1 receptor", "protein")),
        ("by ABC1 in yeast", "ABC1", ("ABC1", "protein")),
        ("the ABC1 promoter region", "ABC1", ("ABC1 promoter region", "dna")),
        ("an ABC receptor alpha was", "ABC", ("ABC receptor alpha", "protein")),
    ],
)
def test_the_last_head_says_what_a_phrase_is(text: str, name: str, expected: tuple[str, str]) -> None:
    assert read(text, (name, "protein")) == [expected]


def test_cells_are_a_line_when_their_name_is_one() -> None:
    assert read("in Jurkat cells and peripheral blood lymphocytes") == [
        ("Jurkat cells", "cell_line"),
        ("peripheral blood lymphocytes", "cell_type"),
    ]
    assert read("a human T-cell line that") == [("human T-cell line", "cell_line")]
    assert read("of QXR-7 cells") == [("QXR-7 cells", "cell_line")]
    assert read("of CD4 cells") == [("CD4 cells", "cell_type")]


def test_a_general_word_alone_is_no_mention() -> None:
    assert read("The gene and several proteins of these cells.") == []


def test_a_comma_or_a_verb_ends_a_phrase() -> None:
    assert read("ABC1, which induced genes", ("ABC1", "protein")) == [("ABC1", "protein")]


@given(st.text(max_size=80), st.integers(0, 60), st.integers(1, 12))
def test_phrases_stand_in_order_inside_the_text(text: str, start: int, length: int) -> None:
    end = min(len(text), start + length)
    names = [(start, end, "protein")] if start < end else []
    found = phrases(text, names)
    places = [place for phrase in found for place in (phrase.start, phrase.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert all(phrase.start < phrase.end for phrase in found)

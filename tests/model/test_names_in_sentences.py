"""Names of a glossary are found within sentences; marks that are their own end none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model.names import NAMES, found, glossary, texts

from openbioner_batch.model.sentences import sentence_starts

ENDS = [". ", "? ", '." ', ".)\n", "\n", "\r\n- ", "\n\n", ".", "! (", ", ", " ", "-", "Dr. ", " al. "]
words_and_ends = st.tuples(
    st.sampled_from(["lung", "Cancer", "cancers", "IL", "2", "X-ray", "dose", "p53", "Gene"]), st.sampled_from(ENDS)
)


@pytest.mark.parametrize(
    "text",
    [
        "a scan of the lung. Cancer was excluded",
        "what of the lung? Cancer is excluded",
        'he said "the lung." (Cancer was meant.)',
        "the lung.\nCancer was excluded",
        "the lung\n\ncancer was excluded",
        "in the lung\r\n# Cancer was excluded",
        "- lung\n- cancer",
    ],
)
def test_a_name_does_not_reach_over_the_end_of_a_sentence(text: str) -> None:
    assert found(text, "lung cancer") == []
    assert [one.lower() for one in found(text, "lung cancer", "lung", "cancer")] == ["lung", "cancer"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("St. John's wort", "St. John's wort"),
        ("St. John's wort", "St.\nJohn's wort"),
        ("E. coli", "E. Coli"),
        ("Mt. Sinai virus", "Mt. Sinai virus"),
        ("what now? Yes", "what now? Yes"),
        ("lung cancer", "lung, (cancer"),
        ("fig. tree", "fig tree"),
    ],
)
def test_a_mark_within_a_name_ends_none(name: str, written: str) -> None:
    assert found(f"it was {written}. So it is", name) == [written]


def test_a_name_with_a_mark_does_not_reach_over_the_end_of_a_sentence_elsewhere() -> None:
    assert found("It was on Mt. Sinai. Virus was found", "Mt. Sinai virus", "Mt Sinai") == []
    both = glossary("Mt. Sinai", "mt sinai")
    assert [both.said(one.meaning)[0] for one in both.find("on Mt. Sinai")] == [
        ("what Mt. Sinai is", "what mt sinai is")
    ]


@given(st.lists(words_and_ends, max_size=30).map(lambda parts: "".join(map("".join, parts))) | texts)
@example("lung" + '"' * 30 + " Cancer")
def test_what_is_found_in_a_text_is_found_in_its_sentences(text: str) -> None:
    known = glossary(*(name for name in NAMES if not name.isupper()))
    expected = [
        (start + name.start, start + name.end, name.meaning)
        for start, end in itertools.pairwise([*sentence_starts(text), len(text)])
        for name in known.find(text[start:end])
    ]
    assert [(name.start, name.end, name.meaning) for name in known.find(text)] == expected


name_words = st.sampled_from(["St", "coli", "Mt", "Sinai", "dose", "Dr", "5"])


@given(
    st.lists(st.tuples(name_words, st.sampled_from([". ", "! ", "? ", ".) ", " ", "-", "."])), min_size=2, max_size=6)
)
def test_a_name_is_found_as_it_is_written_whatever_marks_it_has(parts: list[tuple[str, str]]) -> None:
    name = "".join(map("".join, parts[:-1])) + parts[-1][0]
    assert found(f"so it was {name} as ever", name) == [name]

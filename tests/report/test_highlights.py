"""Spans shown in their text, on terminals and elsewhere."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from openbioner_batch.records import Assertion, ConceptLink, Span
from openbioner_batch.report.documents import AnnotatedDocument
from openbioner_batch.report.highlights import bracketed, excerpts, show_documents, visible

TEXTS = st.text(st.characters(exclude_characters="[]|", exclude_categories=["Cs"]), min_size=1, max_size=80)


def span(text: str, start: int, end: int, kind: str = "drug") -> Span:
    return Span(start, end, kind, 0.5, text[start:end])


@st.composite
def spanned_texts(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(TEXTS)
    ends = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
    places = draw(st.lists(ends.filter(lambda pair: pair[0] < pair[1]), max_size=6))
    return text, [span(text, start, end, draw(st.sampled_from(["drug", "gene"]))) for start, end in places]


def show(document: AnnotatedDocument, terminal: bool, columns: int = 200) -> str:
    file = io.StringIO()
    environment = {"TERM": "xterm-256color", "COLUMNS": str(columns)}
    console = Console(
        file=file, force_terminal=terminal, color_system="standard" if terminal else None, _environ=environment
    )
    show_documents([document], console)
    return file.getvalue()


def test_a_span_is_bracketed_with_its_type() -> None:
    text = "Take aspirin daily."
    assert bracketed(text, [span(text, 5, 12)]) == "Take [aspirin|drug] daily."


def test_nested_and_touching_spans_close_inside_out() -> None:
    text = "BRCA1 mutation carriers"
    spans = [span(text, 0, 5, "gene"), span(text, 0, 14, "variant"), span(text, 14, 23, "person")]
    assert bracketed(text, spans) == "[[BRCA1|gene] mutation|variant][ carriers|person]"


@given(spanned_texts())
def test_brackets_taken_away_leave_the_text(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    marked = bracketed(text, spans)
    assert re.sub(r"\[|\|(drug|gene)\]", "", marked) == text
    assert marked.count("[") == marked.count("]") == len(spans)


@given(spanned_texts(), st.integers(0, 10))
def test_excerpts_keep_every_span_and_no_text_twice(case: tuple[str, list[Span]], context: int) -> None:
    text, spans = case
    pieces = excerpts(text, spans, context)
    for piece in pieces:
        for inside in piece.spans:
            assert piece.text[inside.start : inside.end] == inside.text
    assert sum(len(piece.spans) for piece in pieces) == len(spans)
    assert sum(len(piece.text) for piece in pieces) <= len(text)


@given(st.text())
def test_what_is_shown_cannot_steer_the_terminal(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert not any(character != "\n" and (ord(character) < 32 or 127 <= ord(character) < 160) for character in shown)


def test_a_pipe_gets_brackets() -> None:
    text = "Take aspirin daily."
    shown = show(AnnotatedDocument("17", (span(text, 5, 12),), text), terminal=False)
    assert shown == "17 (1 span)\nTake [aspirin|drug] daily.\n\n"


def test_a_terminal_gets_colours_and_a_legend() -> None:
    text = "Take aspirin for BRCA1\x1b[2J."
    document = AnnotatedDocument("17", (span(text, 5, 12), span(text, 17, 22, "gene")), text)
    shown = show(document, terminal=True)
    legend, _, rest = shown.partition("\n")
    assert re.findall(r"\x1b\[([\d;]+)m (\w+) ", legend) == [("1;30;46", "drug"), ("1;30;43", "gene")]
    assert "\x1b[1;30;46maspirin\x1b[0m" in rest
    assert "\x1b[1;30;43mBRCA1\x1b[0m" in rest
    assert "\x1b[2J" not in rest


def test_a_terminal_without_colours_gets_brackets() -> None:
    document = AnnotatedDocument("17", (span("aspirin", 0, 7),), "aspirin")
    for environment in ({"TERM": "dumb"}, {"TERM": "xterm-256color", "NO_COLOR": "1"}):
        file = io.StringIO()
        show_documents([document], Console(file=file, force_terminal=True, _environ=environment))
        assert "[aspirin|drug]" in file.getvalue()


def test_text_far_from_any_span_is_left_out() -> None:
    text = "a" * 1000 + " aspirin " + "b" * 1000
    shown = show(AnnotatedDocument("17", (span(text, 1001, 1008),), text), terminal=False)
    assert shown.splitlines()[1].startswith("[…] aaa")
    assert shown.splitlines()[1].endswith("bbb […]")
    assert "[aspirin|drug]" in shown
    assert len(shown) < 500


def test_without_texts_the_spans_are_a_table() -> None:
    shown = show(AnnotatedDocument("17", (Span(5, 12, "drug", 0.876, "aspirin"),), None), terminal=False)
    assert shown.splitlines()[2].split() == ["5", "12", "0.88", "drug", "aspirin"]


def said_of(start: int) -> Span:
    family = Assertion(historical=True, family=True)
    concept = ConceptLink("HP:0001249", "Intellectual disability", 1.0)
    return Span(
        start, start + 23, "phenotype", 1.0, "intellectual disability", family, "past_medical_history", (concept,)
    )


def test_brackets_say_what_is_said_and_where() -> None:
    span, text = said_of(8), "Mother: intellectual disability."
    wanted = "phenotype HP:0001249: historical, family; section past_medical_history"
    assert bracketed(text, [span]) == f"Mother: [intellectual disability|{wanted}]."
    bare = Span(0, 6, "person", 1.0, "Mother", Assertion(), "plan")
    assert bracketed(text, [bare]) == "[Mother|person: section plan]: intellectual disability."


def test_colours_come_with_concepts_and_sections() -> None:
    text = "Mother: intellectual disability."
    nested = Span(21, 31, "state", 1.0, "disability", None, "plan")
    document = AnnotatedDocument("17", (said_of(8), nested, Span(31, 32, "mark", 1.0, ".")), text)
    shown = show(document, terminal=True).splitlines()[3]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    told = "(section plan) (HP:0001249; section past_medical_history)"
    assert plain == f"Mother: intellectual disability {told}."
    (style,) = re.findall(r"\x1b\[([0-9;]*)m\.", shown)  # of the full stop alone, which both notes stand before
    assert "4" not in style.split(";")
    coloured = "".join(words for codes, words in re.findall(r"\x1b\[([0-9;]*)m([^\x1b]*)", shown) if "9" in codes)
    assert "Mother" not in coloured


def test_a_table_is_whole_where_no_terminal_is() -> None:
    spans = (said_of(5), said_of(50))
    lines = show(AnnotatedDocument("17", spans, None), terminal=False, columns=80).splitlines()[2:]
    assert len([line for line in lines if line.strip()]) == len(spans)
    for line in lines[:2]:
        for said in ("historical, family", "past_medical_history", "HP:0001249 Intellectual disability"):
            assert said in line


def test_a_table_on_a_narrow_terminal_loses_nothing() -> None:
    shown = show(AnnotatedDocument("17", (said_of(5),), None), terminal=True, columns=80)
    assert "…" not in shown
    assert all(len(line) <= 80 for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines())
    assert not re.search(r"^\s*\w\s*$", shown, re.MULTILINE)

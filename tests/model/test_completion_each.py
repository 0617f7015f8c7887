"""Completion where types do not compete: each type on its own, after overlaps are resolved."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Completion, EntityType, Tagger, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.decoding import without_overlaps
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.records import Span

NONE, BOTH = Completion(), Completion(abbreviations=True, repeats=True)
ABBREVIATIONS, REPEATS = Completion(abbreviations=True), Completion(repeats=True)
COMPLETIONS = st.sampled_from([ABBREVIATIONS, REPEATS, BOTH])
WORDS = ("lung", "cancer", "Lung", "ward", "(LC)", "LC", "(CW)", "lungs", "and", "x")


def span(text: str, start: int, words: str, kind: str, score: float = 0.9) -> Span:
    assert text.startswith(words, start)
    return Span(start, start + len(words), kind, score, words)


def bounds(spans: list[Span]) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.type) for one in spans]


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def clash(one: Span, other: Span) -> bool:
    """Whether two spans overlap with different bounds."""
    return overlap(one, other) and (one.start, one.end) != (other.start, other.end)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text and spans of whole words, type by type; those of one type are apart, as decoding gives them."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
    starts = np.cumsum([0, *(len(word) + 1 for word in words)]).tolist()
    text = " ".join(words)
    spans: list[Span] = []
    for kind in draw(st.permutations("abc")):
        place = draw(st.integers(0, 6))
        while place < len(words):
            end = min(len(words), place + draw(st.integers(1, 3)))
            score = draw(st.sampled_from([0.5, 0.7, 0.8, 0.95]))
            spans.append(span(text, starts[place], text[starts[place] : starts[end] - 1], kind, score))
            place = end + draw(st.integers(0, 6))
    return text, spans


def by_type(completion: Completion, text: str, spans: list[Span]) -> list[Span]:
    """Each type completed alone, type by type."""
    kinds = dict.fromkeys(one.type for one in spans)
    return [made for kind in kinds for made in completion.complete(text, [one for one in spans if one.type == kind])]


def test_a_form_gets_every_type_that_it_was_found_with() -> None:
    text = "BRCA1 and BRCA1 and BRCA1"
    found = [span(text, 0, "BRCA1", "gene", 0.8), span(text, 10, "BRCA1", "gene", 0.9)]
    found.append(span(text, 0, "BRCA1", "gene_or_protein"))
    assert bounds(REPEATS.complete_each(text, found)) == [
        (start, start + 5, kind) for start in (0, 10, 20) for kind in ("gene", "gene_or_protein")
    ]


def test_each_type_of_a_long_form_is_one_of_its_abbreviation() -> None:
    text = "Lung cancer (LC) and LC"
    found = [span(text, 0, "Lung cancer", kind, 0.4) for kind in ("disease", "topic")]
    assert bounds(ABBREVIATIONS.complete_each(text, found)) == [
        (start, end, kind) for start, end in ((0, 11), (13, 15), (21, 23)) for kind in ("disease", "topic")
    ]


def test_a_span_that_goes_implies_nothing_and_keeps_nothing_out() -> None:
    text = "lung cancer ward, cancer ward; lung cancer"
    stays, goes = span(text, 0, "lung cancer", "disease", 0.9), span(text, 5, "cancer ward", "place", 0.8)
    assert REPEATS.complete_each(text, [goes, stays]) == [stays, span(text, 31, "lung cancer", "disease", 0.9)]

    text = "aspirin, then aspirin tablets daily"
    first = span(text, 0, "aspirin", "drug", 0.9)
    goes, wins = span(text, 14, "aspirin tablets", "drug", 0.5), span(text, 22, "tablets daily", "dose", 0.6)
    expected = [first, span(text, 14, "aspirin", "drug", 0.9), wins]
    assert REPEATS.complete_each(text, [first, goes, wins]) == expected


def test_what_was_found_stays_before_what_scores_better_elsewhere() -> None:
    text = "cancer; the lung cancer ward"
    found = [span(text, 0, "cancer", "disease", 0.99), span(text, 12, "lung cancer ward", "place", 0.6)]
    assert REPEATS.complete_each(text, found) == found
    assert bounds(REPEATS.complete_each(text, found, nested=True)) == [
        (0, 6, "disease"),
        (12, 28, "place"),
        (17, 23, "disease"),
    ]


def test_of_new_spans_that_overlap_the_best_scored_stays() -> None:
    text = "lung cancer and cancer ward, a lung cancer ward"
    found = [span(text, 0, "lung cancer", "disease", 0.8), span(text, 16, "cancer ward", "place", 0.9)]
    assert REPEATS.complete_each(text, found) == [*found, span(text, 36, "cancer ward", "place", 0.9)]


@given(documents(), COMPLETIONS, st.booleans())
def test_added_spans_are_whole_words_beside_those_of_their_type(
    document: tuple[str, list[Span]], completion: Completion, nested: bool
) -> None:
    text, spans = document
    whole = completion.complete_each(text, spans, nested)
    stays = NONE.complete_each(text, spans, nested)
    assert bounds(whole) == sorted(bounds(whole), key=lambda one: one[:2])
    assert [one for one in whole if one in stays] == stays
    for new in (one for one in whole if one not in stays):
        assert text[new.start : new.end] == new.text
        assert not text[new.start - 1 : new.start].isalnum() or not new.text[0].isalnum()
        assert not text[new.end : new.end + 1].isalnum() or not new.text[-1].isalnum()
        assert not any(overlap(new, one) for one in whole if one.type == new.type and one is not new)
    assert nested or not any(clash(one, other) for one in whole for other in whole)


@given(documents(), COMPLETIONS)
def test_a_type_is_completed_as_if_alone_unless_spans_of_others_are_in_its_way(
    document: tuple[str, list[Span]], completion: Completion
) -> None:
    text, spans = document
    alone = sorted(by_type(completion, text, spans), key=lambda one: (one.start, one.end))
    assert completion.complete_each(text, spans, nested=True) == alone
    if not any(clash(one, other) for one in alone for other in alone):
        assert completion.complete_each(text, spans) == alone


@given(documents())
def test_without_options_overlaps_alone_are_resolved(document: tuple[str, list[Span]]) -> None:
    text, spans = document
    assert NONE.complete_each(text, spans) == without_overlaps(spans)


@pytest.fixture
def late(tagger: Tagger, tmp_path: Path) -> Tagger:
    """A small random model whose types do not compete."""
    shape = tagger.encoder.config
    config = dataclasses.replace(shape, separate_layers=shape.layers, late=LateSettings(8), initializer_range=0.2)
    model = LateEncoder(config).eval()
    initialize(model, seed=1)
    save_checkpoint(model, tmp_path, tagger._directory)
    return Tagger.from_pretrained(tmp_path, "cpu", "float32")


def test_a_tagger_completes_the_resolved_spans_of_all_types(late: Tagger) -> None:
    texts = [
        "given lung was patient patient with mice and lung with with cancer patient gene",  # spans that overlap
        "with and with and lung fever patient sign no no of of mg p53",  # words that are found once, and stand twice
    ]
    types = [EntityType(f"type{number}", description) for number, description in enumerate(("a drug", "fever", "mice"))]
    late.nested = True
    raw = late.tag(texts, types)
    assert any(len(without_overlaps(spans)) < len(spans) for spans in raw)
    for late.nested in (False, True):
        for late.completion in (NONE, BOTH):
            expected = [late.completion.complete_each(*one, late.nested) for one in zip(texts, raw, strict=True)]
            assert late.tag(texts, types) == expected
        assert any(len(spans) > len(found) for spans, found in zip(expected, raw, strict=True))


def test_a_tagger_gives_a_form_all_its_types_and_adds_nothing_for_a_span_that_goes(late: Tagger) -> None:
    text = "aspirin dose; dose given, aspirin; p53 given dose given"
    prepared = late.preparer([EntityType(name, name) for name in "abc"]).prepare([text])
    words = [text[start:end] for start, end in prepared.word_offsets.tolist()]
    logits = {kind: np.zeros((len(words), 2), np.float32) for kind in "abc"}
    for of_kind in logits.values():
        of_kind[:, 1] = -5
    logits["a"][0, 1] = logits["b"][0, 1] = 4  # aspirin
    logits["a"][words.index("p53") + 1 : len(words) - 1, 1] = 2  # given dose
    logits["c"][len(words) - 2 :, 1] = 1  # dose given: it goes
    late.completion = REPEATS
    (found,) = late.decode(prepared, logits.values())
    assert [(one.start, one.text, one.type) for one in found] == [
        (0, "aspirin", "a"),
        (0, "aspirin", "b"),
        (26, "aspirin", "a"),
        (26, "aspirin", "b"),
        (39, "given dose", "a"),
    ]

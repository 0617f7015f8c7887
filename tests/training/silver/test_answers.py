"""An LLM's answer is read, however carelessly it is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.training.silver.answers import MOST_ITEMS, read_mentions

ITEMS = st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)).filter(lambda i: all(p.strip() for p in i)))


def written(items: list[tuple[str, str]]) -> str:
    return json.dumps({"entities": [{"text": text, "type": kind} for text, kind in items]})


@pytest.mark.parametrize(
    "content",
    [
        '{"entities": [{"text": "aspirin", "type": "drug"}]}',
        '[{"text": "aspirin", "type": "drug"}]',
        'Here you are:\n```json\n{"entities": [{"text": "aspirin", "type": "drug"}]}\n```\nAnything else?',
        '{"entities": [{"text": "aspirin", "type": "drug",},],}',
        '{"entities": [{"text": "aspirin", "type": "drug"}, {"text": "fev',
        '{"entities": [{"entity": "aspirin", "label": "drug", "score": 1}]}',
        '{"entities": [["aspirin", "drug"]]}',
        '{"drug": ["aspirin"], "disease": []}',
        '{"entities": {"drug": ["aspirin"]}}',
        '{"text": "aspirin", "type": "drug"}',
        '{"entities": [{"text": " aspirin ", "type": "drug"}, {"text": "aspirin", "type": "drug"}]}',
        '{"entities": [{"text": "aspirin", "type": "drug"}, {"text": "x"}, 3, {"text": 1, "type": "y"}]}',
        'Mentions: {"text": "aspirin", "type": "drug"}, and that is all',
    ],
)
def test_a_mention_is_found_in_every_form_of_answer(content: str) -> None:
    found = read_mentions(content)
    assert found is not None
    assert found.items == (("aspirin", "drug"),)


@pytest.mark.parametrize("content", ["", "I see no entities.", "null", "{}", '{"answer": "none"}'])
def test_an_answer_without_a_list_is_none(content: str) -> None:
    assert read_mentions(content) is None


def test_an_empty_list_is_an_answer() -> None:
    found = read_mentions('{"entities": []}')
    assert found is not None
    assert not found.items
    assert not found.salvaged


def test_a_list_cut_off_before_its_first_item_is_an_answer_that_was_salvaged() -> None:
    found = read_mentions('{"entities": [{"text": "asp')
    assert found is not None
    assert found.items == ()
    assert found.salvaged


def test_a_model_that_repeats_itself_is_cut_short() -> None:
    found = read_mentions(written([(f"a{n}", "b") for n in range(2 * MOST_ITEMS)]))
    assert found is not None
    assert len(found.items) == MOST_ITEMS


def test_deeply_nested_nonsense_ends_nothing() -> None:
    assert read_mentions('{"a":' * 100_000) is None
    found = read_mentions('{"entities": ' + "[" * 200_000)
    assert found is not None
    assert found.items == ()


@given(ITEMS)
def test_what_was_written_is_read(items: list[tuple[str, str]]) -> None:
    found = read_mentions(written(items))
    assert found is not None
    assert found.items == tuple(dict.fromkeys((text.strip(), kind.strip()) for text, kind in items))[:MOST_ITEMS]


@given(ITEMS, st.integers(min_value=0))
def test_of_a_truncated_list_every_whole_item_is_read_and_nothing_else(items: list[tuple[str, str]], cut: int) -> None:
    whole = written(items)
    cut %= len(whole) + 1
    found = read_mentions(whole[:cut])
    got = () if found is None else found.items
    expected = tuple(dict.fromkeys((text.strip(), kind.strip()) for text, kind in items))
    assert got == expected[: len(got)]
    if all(letter.isalnum() for item in items for part in item for letter in part):
        # No text holds the mark of an item's end, so that the whole items can be counted.
        assert len(got) == len(set(items[: whole[:cut].count('"}')]))


@given(st.text())
def test_no_text_makes_reading_fail(content: str) -> None:
    read_mentions(content)
    read_mentions("[" + content)
    read_mentions('{"entities": [' + content)

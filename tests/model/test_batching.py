"""Batches hold every pair once, within the budget, with little padding, whatever the order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.batching import Batch, batches


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=40),
    st.lists(st.integers(4, 150), max_size=6),
    st.integers(1, 5000),
)
def test_every_pair_once_within_the_budget(windows: list[int], descriptions: list[int], budget: int) -> None:
    seen = []
    for batch in batches(np.array(windows), np.array(descriptions, int), budget):
        assert all(windows[window] == block.tokens for block in batch.blocks for window in block.windows.tolist())
        pairs = pairs_of(batch)
        tokens = sum(1 + windows[window] + (descriptions[column - 1] + 2 if column else 0) for window, column in pairs)
        in_one_window = len({window for window, _ in pairs}) == 1
        assert tokens <= budget or (in_one_window and len(batch.columns) == 1)
        seen += pairs
    assert sorted(seen) == [(w, c) for w in range(len(windows)) for c in range(1 + len(descriptions))]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.lists(st.integers(4, 9), max_size=6))
def test_halves_are_the_whole_and_end_at_one_pair(windows: list[int], descriptions: list[int]) -> None:
    (batch,) = batches(np.array(windows), np.array(descriptions, int), 1 << 20)
    waiting, single = [batch], []
    while waiting:
        one = waiting.pop()
        if halves := one.halves():
            assert sorted(pair for half in halves for pair in pairs_of(half)) == sorted(pairs_of(one))
            waiting += halves
        else:
            single += pairs_of(one)
    assert sorted(single) == sorted(pairs_of(batch))


def pairs_of(batch: Batch) -> list[tuple[int, int]]:
    return [(window, c) for block in batch.blocks for window in block.windows.tolist() for c in batch.columns]


def test_types_over_25_are_asked_in_groups_and_spans_of_groups_may_overlap(tagger: Tagger) -> None:
    many = [EntityType(f"type{number}", f"a drug {number}") for number in range(30)]
    prepared = tagger.preparer(many).prepare(["aspirin was given"])
    assert [len(group) for group in prepared.groups] == [15, 15]
    (flat,) = tagger.tag(["aspirin was given in lung cancer"], many)
    (grouped,) = tagger.tag(["aspirin was given in lung cancer"], [many[:15], many[15:]])
    assert flat == grouped


def test_logits_have_a_column_for_every_type_however_many(tagger: Tagger) -> None:
    many = [EntityType(f"type{number}", f"a drug {number}") for number in range(30)]
    logits = tagger.logits("aspirin was given", many)
    assert logits.shape == (4, 31)
    assert np.isfinite(logits).all()
    assert tagger.logits("aspirin was given", []).shape == (4, 1)


def test_no_texts_and_empty_texts_are_fine(tagger: Tagger, types: list[EntityType]) -> None:
    assert tagger.tag([], types) == []
    assert tagger.tag(["", " \n"], types) == [[], []]
    assert [tagged.windows for tagged in tagger.annotate(["", "fever"], types)] == [0, 1]

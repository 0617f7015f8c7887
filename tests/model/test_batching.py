"""Batches hold every pair once, within the budget, with little padding, whatever the order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.batching import LENGTH_STEP, batches


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=40),
    st.lists(st.integers(4, 150), max_size=6),
    st.integers(1, 5000),
)
def test_every_pair_once_within_the_budget(windows: list[int], descriptions: list[int], budget: int) -> None:
    seen = []
    for batch in batches(np.array(windows), np.array(descriptions, int), budget):
        assert len(batch.windows) == 1 or len(batch.windows) * batch.length <= budget
        for window, column in zip(batch.windows.tolist(), batch.columns.tolist(), strict=True):
            real = 1 + windows[window] + (descriptions[column - 1] + 2 if column else 0)
            assert 0 <= batch.length - real < LENGTH_STEP
            seen.append((window, column))
    assert sorted(seen) == [(w, c) for w in range(len(windows)) for c in range(1 + len(descriptions))]


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

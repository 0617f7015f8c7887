"""The challenge set of assertion is what it says it is, and is scored by what stands in the text."""

from __future__ import annotations

from openbioner_batch.records import ASSERTIONS


def test_mentions_are_marked_with_flags_there_are() -> None:
    from assertion import read_challenge

    examples = read_challenge()
    assert len({one.text for one in examples}) >= 150
    for one in examples:
        assert one.flags <= set(ASSERTIONS)
        assert one.text[one.start : one.end].strip() == one.text[one.start : one.end] != ""
        assert "](" not in one.text


def test_scores_are_those_of_the_package_at_least() -> None:
    from assertion import ours, read_challenge, scores

    examples = read_challenge()
    found = scores(examples, ours()(examples), ASSERTIONS)
    assert found["negated"]["f1"] >= 0.95
    assert found["historical"]["f1"] >= 0.9


def test_precision_and_recall_are_counted() -> None:
    from assertion import Example, scores

    examples = [Example(str(place), "x", 0, 1, frozenset(flags)) for place, flags in enumerate((["negated"], [], []))]
    found = scores(examples, [{"negated"}, {"negated"}, set()], ASSERTIONS)
    assert found == {"negated": {"gold": 1, "precision": 0.5, "recall": 1.0, "f1": 2 / 3}}

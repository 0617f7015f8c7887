"""Passages become tokens with mentions at the words that their offsets name; nothing is lost where they are cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model import Tagger
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.pieces import tokenize_passages


def test_mentions_become_word_ranges(tagger: Tagger) -> None:
    text = "The patient was given aspirin. No sign of lung cancer in mice."
    mentions = (
        AnnotatedMention(22, 29, "drug"),
        AnnotatedMention(text.index("lung"), text.index(" in mice"), "disease"),
    )
    passage = AnnotatedPassage("1", "s", text, mentions, ((0, 11),), ("drug",))
    (piece,) = tokenize_passages([passage], tagger.tokenizer, 100)
    assert piece.mentions == ((4, 5, "drug"), (9, 11, "disease"))
    assert piece.unsure == ((0, 2),)
    assert piece.annotated == ("drug",)


def test_a_mention_that_is_cut_teaches_nothing(tagger: Tagger) -> None:
    text = "of the mice with lung cancer and fever in mice"
    mentions = (AnnotatedMention(17, 28, "disease"), AnnotatedMention(33, 38, "disease"))
    first, second = tokenize_passages([AnnotatedPassage("1", "s", text, mentions)], tagger.tokenizer, 5)
    assert (first.mentions, first.unsure) == ((), ((4, 5),))
    assert (second.mentions, second.unsure) == (((2, 3, "disease"),), ((0, 1),))


@given(st.lists(st.sampled_from(["aspirin", "p53", "xyzzy", "é", ".", "fever"]), max_size=40), st.integers(5, 30))
def test_pieces_hold_every_token_once_and_keep_to_the_budget(tagger: Tagger, words: list[str], budget: int) -> None:
    text = " ".join(words)
    pieces = list(tokenize_passages([AnnotatedPassage("1", "s", text, ())], tagger.tokenizer, budget))
    tokens = [piece.token_ids for piece in pieces]
    assert (np.concatenate(tokens).tolist() if tokens else []) == tagger.tokenizer.ids(text)
    assert all(len(piece.token_ids) <= budget for piece in pieces)
    for piece in pieces:
        assert piece.word_starts[0] == 0
        assert (np.diff(piece.word_starts) > 0).all()
        assert piece.word_starts[-1] < len(piece.token_ids)

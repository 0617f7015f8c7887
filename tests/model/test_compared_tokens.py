"""Of a statement all tokens are read, and those are compared that carry meaning."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowing import HIDDEN, TYPES, PlainLoops, described, fits_bound, logit_of

from openbioner_batch.model import Tagger
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_head import GlossaryHead
from openbioner_batch.model.glossary_reader import FUNCTION_WORDS, GlossaryReader, compared_tokens, statement_ids
from openbioner_batch.model.location import GLOSSARY_HEAD


def places_of(tagger: Tagger, statement: str, named: bool) -> list[str]:
    """The pieces of a statement's tokens that are compared."""
    ids = statement_ids(tagger.tokenizer, statement, named, 128)[1:-1]
    pieces = {number: piece for piece, number in tagger.tokenizer.vocabulary.items()}
    (places,) = compared_tokens(tagger.tokenizer, [ids], named)
    return [pieces[ids[place]] for place in places]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("statement", "pieces"),
    [
        ("given in fever", ["given", "fever"]),
        ("the dose of aspirin, (given) to mice.", ["dose", "aspirin", "given", "t", "##o", "mice"]),  # no piece is "to"
        ("a", ["a"]),
        ("of the", ["of", "the"]),
        ("the fevers", ["fever", "##s"]),
        ("☃ in fever", ["[UNK]", "fever"]),
        ("entity: fever", ["e", "##n", "##t", "##i", "##t", "##y", "fever"]),
    ],
)
def test_neither_function_words_nor_the_name_before_a_statement_are_compared(
    tagger: Tagger, statement: str, pieces: list[str], named: bool
) -> None:
    assert places_of(tagger, statement, named) == pieces


@given(
    st.lists(st.sampled_from(["fever", "mice", "the", "of", "in", "a", "drug", ",", ".", "☃", "The"]), min_size=1),
    st.booleans(),
)
def test_what_is_compared_is_in_order_and_all_that_carries_meaning(
    tagger: Tagger, words: list[str], named: bool
) -> None:
    tokenizer = tagger.tokenizer
    pieces = {number: piece for piece, number in tokenizer.vocabulary.items()}
    before = tokenizer.ids("entity: ") if named else []
    own = [pieces[token] for token in tokenizer.ids(" ".join(words))]
    meant = [place for place, piece in enumerate(own) if piece not in FUNCTION_WORDS] or range(len(own))
    ids = (*before, *tokenizer.ids(" ".join(words)))
    assert compared_tokens(tokenizer, [ids], named) == [[len(before) + place for place in meant]]


def test_function_words_are_read_and_not_compared(knowing: Tagger) -> None:
    """They change the states of other tokens."""
    loops, head = PlainLoops(knowing), GlossaryHead.read(knowing._directory / GLOSSARY_HEAD, HIDDEN)
    statements = {"aspirin": "the fever", "cancer": "of the", "dose": "in the mice, and of mice", "lung": "mice mice"}
    glossary = Glossary(GlossaryEntry((name,), (statement,)) for name, statement in statements.items())
    reader = GlossaryReader(glossary, head, knowing.encoder, knowing.tokenizer, knowing.token_budget)
    ids = described(knowing, TYPES)
    found = reader.fit(np.arange(len(statements)), ids)
    tokens = [loops.directions(head, statement) for statement in statements.values()]
    assert [len(some) for some in tokens] == [1, 2, 2, 2]
    expected = np.array([[logit_of(head, some, loops.states(one)) for one in ids] for some in tokens])
    assert (np.abs(found - expected) <= fits_bound(knowing, head)).all()
    assert np.abs(found[2] - found[3]).max() > 0.5


@pytest.mark.parametrize("named", [False, True])
def test_a_statement_is_read_between_special_tokens_and_cut_to_the_models_positions(
    tagger: Tagger, named: bool
) -> None:
    tokenizer = tagger.tokenizer
    text = "entity: given in fever" if named else "given in fever"
    whole = (tokenizer.cls, *tokenizer.ids(text), tokenizer.sep)
    for positions in range(3, len(whole) + 3):
        found = statement_ids(tokenizer, "given in fever", named, positions)
        assert found == (*whole[:-1][: positions - 1], tokenizer.sep)
        assert len(found) <= positions
        (kept,) = compared_tokens(tokenizer, [found[1:-1]], named)
        assert kept
        assert set(kept) <= set(range(len(found) - 2))


@pytest.mark.parametrize("named", [False, True])
def test_of_a_statement_without_tokens_nothing_is_compared(tagger: Tagger, named: bool) -> None:
    assert compared_tokens(tagger.tokenizer, [()], named) == [[]]


class CountingVocabulary(dict[str, int]):
    """Counts what is looked up."""

    looked_up = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.looked_up += 1
        return super().get(key, default)


@pytest.mark.parametrize("named", [False, True])
def test_function_words_are_looked_up_once_for_all_statements(tagger: Tagger, named: bool) -> None:
    tokenizer, vocabulary = copy.copy(tagger.tokenizer), CountingVocabulary(tagger.tokenizer.vocabulary)
    tokenizer.vocabulary = vocabulary
    statements = [statement_ids(tokenizer, text, named, 128)[1:-1] for text in ("the fever", "of", "", "in mice")] * 5
    vocabulary.looked_up = 0
    places = compared_tokens(tokenizer, statements, named)
    assert vocabulary.looked_up <= len(FUNCTION_WORDS)
    assert places == [one for ids in statements for one in compared_tokens(tagger.tokenizer, [ids], named)]

"""`Tagger.logits` says of words' first tokens what `tag` decodes, with a glossary too; others are shifted alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from knowing import TEXTS, TYPES, constant_head, logits_of

from openbioner_batch.catalog import load_catalog
from openbioner_batch.model import Calibration, EntityType, Tagger
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.knowledge import _MOST_UP

WORDS = "aspirin lung cancer Fevers fever p53 genes mice given 5-aspirin fever-cancer x-y no . (é%)".split()
SHORT = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
"""Texts for one window of the small model."""


@pytest.fixture(scope="module")
def plain(knowing_folder: Path) -> Tagger:
    return Tagger.from_pretrained(knowing_folder, "cpu", "float32", glossary=GlossaryChoice(own=False))


@settings(max_examples=40)
@given(SHORT)
@example("aspirin-5 was given in lung cancers . no fever-x")
@example(TEXTS[0])
@example("")
def test_the_first_token_of_each_word_has_the_words_logits_and_the_others_its_shift(
    knowing: Tagger, plain: Tagger, text: str
) -> None:
    prepared = knowing.preparer(TYPES).prepare([text])
    found, without = knowing.logits(text, TYPES), plain.logits(text, TYPES)
    assert found.shape == (1 + len(prepared.token_ids), 1 + len(TYPES))
    firsts = 1 + prepared.word_tokens
    np.testing.assert_allclose(found[firsts], logits_of(knowing, [text]), atol=1e-5)
    np.testing.assert_allclose(without[firsts], logits_of(plain, [text]), atol=1e-5)
    shifts = found - without
    assert (shifts[0] == 0).all(), "[CLS] is of no word"
    words = np.split(shifts[1:], prepared.word_tokens[1:]) if len(prepared.word_tokens) else []
    assert sum(map(len, words)) == len(prepared.token_ids)
    for of_word in words:
        np.testing.assert_allclose(of_word, np.broadcast_to(of_word[:1], of_word.shape), atol=1e-5)


def test_words_of_several_tokens_are_shifted_whole(with_head: Callable, plain: Tagger) -> None:
    text = "no fever-5, cancers"
    knowing = with_head(constant_head(2 * _MOST_UP))
    prepared = knowing.preparer(TYPES).prepare([text])
    assert [text[start:end] for start, end in prepared.word_offsets] == ["no", "fever-5", ",", "cancers"]
    assert prepared.known_names[:, 0].tolist() == [3], "a name is a whole word"
    shifts = knowing.logits(text, TYPES)[1:] - plain.logits(text, TYPES)[1:]
    assert (shifts[:, 0] == 0).all()
    assert len(shifts) == prepared.word_tokens[3] + 2, "a plural ending is a token"
    np.testing.assert_allclose(shifts[-2:, 1:], _MOST_UP, atol=1e-5)


def test_types_that_are_found_without_a_glossary_have_the_logits_of_the_model_alone(
    knowing_folder: Path, plain: Tagger
) -> None:
    tagger = Tagger.from_pretrained(knowing_folder, "cpu", "float32")
    tagger.calibration = Calibration(plain_types=["disease"])
    types = [load_catalog().lookup("disease").describe("name"), TYPES[1]]
    found, without = tagger.logits(TEXTS[0], types), plain.logits(TEXTS[0], types)
    assert (found[:, 1] == without[:, 1]).all()
    assert (found[:, 2] != without[:, 2]).any()


def test_any_number_of_types_stands_side_by_side(knowing: Tagger) -> None:
    many = [EntityType(f"{kind.name} {number}", kind.description) for number in range(20) for kind in TYPES]
    found = knowing.logits("no fever in mice", many)
    assert found.shape == (5, 61)
    for place in (0, 28, 59):
        alone = knowing.logits("no fever in mice", many[place : place + 1])
        np.testing.assert_allclose(found[:, [0, 1 + place]], alone, atol=1e-5)

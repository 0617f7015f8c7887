"""A model with a glossary says of words with names what the head of the glossary adds, and of others the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowing import (
    HIDDEN,
    STATEMENTS,
    TEXTS,
    TYPES,
    PlainLoops,
    constant_head,
    described,
    fits_bound,
    fits_of,
    logit_of,
    logits_of,
    shifts_of,
)

from openbioner_batch.model import Tagger
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.glossary_head import GlossaryHead
from openbioner_batch.model.glossary_reader import _DENIED, _GIVEN
from openbioner_batch.model.knowledge import _MOST_DOWN, _MOST_UP, _UP
from openbioner_batch.model.location import GLOSSARY_HEAD


@pytest.fixture(scope="module")
def plain(knowing_folder: Path) -> Tagger:
    return Tagger.from_pretrained(knowing_folder, "cpu", "float32", glossary=GlossaryChoice(own=False))


def test_a_meaning_fits_as_the_tokens_of_all_that_is_said_of_it_do(knowing: Tagger) -> None:
    reader, loops = knowing._knowledge, PlainLoops(knowing)
    assert reader is not None
    head = GlossaryHead.read(knowing._directory / GLOSSARY_HEAD, HIDDEN)
    tokens = {statement: loops.directions(head, statement) for statement in STATEMENTS}
    expected, bound = fits_of(knowing, head, tokens), fits_bound(knowing, head)
    assert expected.shape == (5, 3)
    assert len({round(fit, 3) for fit in expected[:, :2].flatten().tolist()}) == 10
    assert np.min(expected) < -_MOST_DOWN < _MOST_UP < _UP * np.max(expected)
    order = np.array([4, 0, 0, 3, 1, 2, 4])
    found = reader.fit(order, described(knowing, TYPES))
    assert (np.abs(found - expected[order]) <= bound).all()


def test_words_without_names_keep_their_logits_and_names_do_not(knowing: Tagger, plain: Tagger) -> None:
    prepared = knowing.preparer(TYPES).prepare(TEXTS)
    assert len(prepared.known_names) == 8
    with_names, without = logits_of(knowing, TEXTS), logits_of(plain, TEXTS)
    reader = knowing._knowledge
    assert reader is not None
    logits = reader.fit(prepared.known_names[:, 2], described(knowing, TYPES))
    expected = shifts_of(prepared, without[:, 1:] - without[:, :1], logits)
    assert (with_names[:, 0] == without[:, 0]).all()
    assert (with_names[:, 1:][expected == 0] == without[:, 1:][expected == 0]).all()
    np.testing.assert_allclose(with_names[:, 1:], without[:, 1:] + expected, atol=1e-5)
    assert (expected != 0).any()
    assert (logits_of(knowing, TEXTS[4:]) == logits_of(plain, TEXTS[4:])).all()


@pytest.fixture(scope="module")
def alone(knowing: Tagger) -> dict[str, np.ndarray]:
    return {text: logits_of(knowing, [text]) for text in TEXTS}


@settings(max_examples=15)
@given(st.permutations(TEXTS + TEXTS[:1]))
def test_a_text_says_the_same_whatever_it_is_read_beside(
    knowing: Tagger, alone: dict[str, np.ndarray], texts: list[str]
) -> None:
    expected = np.concatenate([alone[text] for text in texts])
    np.testing.assert_allclose(logits_of(knowing, texts), expected, atol=1e-5)


def test_glosses_that_were_read_before_make_no_difference(knowing_folder: Path, alone: dict[str, np.ndarray]) -> None:
    fresh = Tagger.from_pretrained(knowing_folder, "cpu", "float32")
    for text in TEXTS[::-1]:
        np.testing.assert_allclose(logits_of(fresh, [text]), alone[text], atol=1e-5)


def test_glosses_longer_than_the_model_reads_are_cut(knowing_folder: Path, knowing: Tagger) -> None:
    positions = knowing.encoder.config.positions
    found = []
    for words in (positions, 3 * positions):
        entries = (GlossaryEntry(("mice",), ("fever " * words,)),)
        told = Tagger.from_pretrained(
            knowing_folder, "cpu", "float32", glossary=GlossaryChoice(own=False, entries=entries)
        )
        found.append(logits_of(told, ["given in mice"]))
    assert (found[0] == found[1]).all()
    assert np.isfinite(found[0]).all()


def test_what_a_user_denies_of_a_known_name_counts_against_it_and_for_no_other(
    knowing_folder: Path, knowing: Tagger, tmp_path: Path
) -> None:
    (tmp_path / "own.txt").write_text("aspirin: not a sign of cancer\n")
    denying = Tagger.from_pretrained(
        knowing_folder, "cpu", "float32", glossary=GlossaryChoice.of(str(tmp_path / "own.txt"))
    )
    text = "aspirin was given in mice with fever"
    prepared = denying.preparer(TYPES).prepare([text])
    meanings = prepared.known_names[:, 2]
    assert len(meanings) == 2
    own, reader = knowing._knowledge, denying._knowledge
    assert own is not None
    assert reader is not None
    before = own.fit(knowing.preparer(TYPES).prepare([text]).known_names[:, 2], described(knowing, TYPES))
    after = reader.fit(meanings, described(denying, TYPES))
    loops, head = PlainLoops(knowing), GlossaryHead.read(knowing_folder / GLOSSARY_HEAD, HIDDEN)
    denied = loops.directions(head, "a sign of cancer")
    states = [loops.states(ids) for ids in described(knowing, TYPES)]
    against = [_DENIED * max(logit_of(head, denied, some) + _GIVEN, 0) for some in states]
    assert (np.abs(after[0] - (before[0] - against)) <= fits_bound(knowing, head)).all()
    assert against[1] > 1, "which is what the second type is"
    np.testing.assert_allclose(after[1], before[1], atol=1e-5)
    lowered = logits_of(denying, [text])[0] - logits_of(knowing, [text])[0]
    assert lowered[0] == 0
    assert lowered[2] < -1


def test_spans_follow_the_glossary(with_head: Callable, plain: Tagger) -> None:
    texts = ["aspirin", "lung cancer", "cancer", "p53 gene", *TEXTS]  # of names alone, no other word is surer
    down, level, up = (with_head(constant_head(logit)).tag(texts, TYPES) for logit in (-3, 0, 3))
    assert level == plain.tag(texts, TYPES)
    assert down[-1] == level[-1] == up[-1]
    covered = [sum(span.end - span.start for spans in some for span in spans) for some in (down, level, up)]
    assert covered[0] < covered[1] < covered[2]


def test_no_texts_and_no_types(knowing: Tagger) -> None:
    assert knowing.tag([], TYPES) == []
    assert knowing.tag(["", " \n"], TYPES) == [[], []]
    assert knowing.logits("aspirin", []).shape == (2, 1)
    assert [group.shape for group in knowing.word_logits(knowing.preparer([]).prepare(["aspirin"]))] in ([], [(1, 1)])

"""Tokens of what a checkpoint says of names are stored with its head, so that only a user's statements are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from knowing import (
    ENTRIES,
    HIDDEN,
    MARGIN,
    ROUNDING,
    STATEMENTS,
    TEXTS,
    TYPES,
    PlainLoops,
    described,
    fits_bound,
    fits_of,
    logits_of,
    shifts_of,
)

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model import Tagger
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.glossary_head import GlossaryHead, as_int8, unit
from openbioner_batch.model.glossary_reader import statement_ids
from openbioner_batch.model.knowledge import _UP
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD

OWN = Glossary(ENTRIES)
USERS = (
    GlossaryEntry(("dose",), ("given in fever", "how much of a drug")),
    GlossaryEntry(("patient",), ("how much of a drug", "not a gene in a lung", "who is given a drug")),
)
USERS_STATEMENTS = Glossary(USERS).statements
NOT_OWN = [statement for statement in USERS_STATEMENTS if statement not in STATEMENTS]
WITH_USERS = ["aspirin in the patient with fever. the dose of aspirin", "no dose in the patient"]


def note_reading(tagger: Tagger) -> list[list[str]]:
    """The statements that its glossary reads together, from now on; descriptions of types are not noted."""
    reader = tagger._knowledge
    assert reader is not None
    assert isinstance(tagger.encoder, LateInference)
    named = tagger.encoder.config.late.named
    told = {statement_ids(tagger.tokenizer, one, named, 128): one for one in reader.glossary.statements}
    queried = set(described(tagger, TYPES))
    read: list[list[str]] = []

    class Noting:
        """Reads descriptions for the glossary."""

        config = tagger.encoder.config

        def description_states(self, some: Sequence[tuple[int, ...]], token_budget: int) -> list[np.ndarray]:
            if not set(some) <= queried:
                read.append([told[ids] for ids in some])
            return tagger.encoder.description_states(some, token_budget)

    reader._encoder = Noting()  # type: ignore[assignment]
    return read


@pytest.fixture
def head(knowing_folder: Path, knowing: Tagger) -> GlossaryHead:
    """The checkpoint's head, with tokens of its statements."""
    plain, loops = GlossaryHead.read(knowing_folder / GLOSSARY_HEAD, HIDDEN), PlainLoops(knowing)
    directions = [loops.directions(plain, statement) for statement in STATEMENTS]
    counts = np.array([len(some) for some in directions], np.int16)
    return dataclasses.replace(plain, tokens=as_int8(np.concatenate(directions)), counts=counts)


def first_statements(head: GlossaryHead, count: int) -> GlossaryHead:
    """The head with tokens of the first statements alone."""
    counts = head.counts[:count]
    return dataclasses.replace(head, tokens=head.tokens[: counts.sum()], counts=counts)


def fits(tagger: Tagger) -> np.ndarray:
    """[meanings, types] how well all of them fit."""
    assert tagger._knowledge is not None
    return tagger._knowledge.fit(np.arange(len(tagger._knowledge.glossary.meanings)), described(tagger, TYPES))


def test_own_statements_with_tokens_are_not_read(with_head: Callable, head: GlossaryHead) -> None:
    stored, without = with_head(head), with_head(first_statements(head, 0))
    of_stored, of_without = note_reading(stored), note_reading(without)
    assert of_without == [], "nothing is read before a name is met"
    for tagger in (stored, without):
        logits_of(tagger, TEXTS)
    assert of_stored == []
    assert of_without == [list(STATEMENTS)]


def test_read_tokens_are_those_that_would_be_stored_within_their_rounding(
    with_head: Callable, head: GlossaryHead
) -> None:
    without = with_head(first_statements(head, 0))
    reader = without._knowledge
    fits(without)
    assert reader._bounds.keys() == set(STATEMENTS)
    loops, last = PlainLoops(without), 0
    for statement, count in zip(STATEMENTS, head.counts.tolist(), strict=True):
        read = reader._tokens[slice(*reader._bounds[statement])]
        stored, last = head.tokens[last : last + count], last + count
        assert read.shape == stored.shape
        assert read.dtype == np.int8
        assert np.abs(read.astype(int) - stored).max() <= 1, "where a half is rounded"
        exact = loops.directions(head, statement)
        for some in (read, stored):
            assert (np.linalg.norm(unit(some.astype(np.float32)) - exact, axis=1) <= ROUNDING + 1e-5).all()


def test_with_stored_tokens_the_evidence_is_the_same_within_their_rounding(
    with_head: Callable, head: GlossaryHead
) -> None:
    exact = {statement: PlainLoops(with_head(head)).directions(head, statement) for statement in STATEMENTS}
    stored, without = with_head(head), with_head(first_statements(head, 0))
    bound = fits_bound(stored, head)
    assert (bound < 0.4).all(), "the bound says something"
    expected = fits_of(stored, head, exact)
    for tagger in (stored, without):
        assert (np.abs(fits(tagger) - expected) <= bound).all()
        assert (np.abs(fits(tagger) - expected).max(1) > MARGIN).any(), "they are stored with less precision"
        # which shift counts depends on signs: where these are the same, shifts are at most twice as far apart as logits
        assert (np.sign(fits(tagger)) == np.sign(expected)).all()
    found, read = logits_of(stored, TEXTS), logits_of(without, TEXTS)
    assert (found[:, 0] == read[:, 0]).all()
    assert (np.abs(found[:, 1:] - read[:, 1:]) <= 2 * _UP * bound).all()


def test_evidence_with_stored_tokens_is_what_plain_loops_say(with_head: Callable, head: GlossaryHead) -> None:
    tokens = np.random.default_rng(4).integers(-127, 128, head.tokens.shape).astype(np.int8)
    other = dataclasses.replace(head, tokens=tokens)  # none that the model would read
    stored = with_head(other)
    parts = np.split(unit(tokens.astype(np.float32)), np.cumsum(head.counts)[:-1])
    expected_fit = fits_of(stored, other, dict(zip(STATEMENTS, parts, strict=True)))
    np.testing.assert_allclose(fits(stored), expected_fit, atol=MARGIN)
    assert (np.abs(fits(stored) - fits(with_head(head))) > 1).any()
    prepared = stored.preparer(TYPES).prepare(TEXTS)
    plain = Tagger.from_pretrained(stored._directory, "cpu", "float32", glossary=GlossaryChoice(own=False))
    without = logits_of(plain, TEXTS)
    expected = shifts_of(prepared, without[:, 1:] - without[:, :1], expected_fit[prepared.known_names[:, 2]])
    np.testing.assert_allclose(logits_of(stored, TEXTS)[:, 1:], without[:, 1:] + expected, atol=_UP * MARGIN)


def told(folder: Path, own: bool = True) -> Tagger:
    """A tagger with a user's entries."""
    return Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice(own, USERS))


def test_a_users_statements_beside_stored_ones_are_read_once(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path
) -> None:
    with_head(head)
    beside = told(knowing_folder)
    read = note_reading(beside)
    logits_of(beside, TEXTS[1:2])
    assert read == [], "no name of theirs was met"
    first = logits_of(beside, WITH_USERS)
    assert len(NOT_OWN) == 3
    assert read == [NOT_OWN], "each once, and not the one that the checkpoint has too"
    assert (logits_of(beside, WITH_USERS) == first).all()
    logits_of(beside, TEXTS)
    assert read == [NOT_OWN]


@pytest.mark.parametrize("own", [True, False])
def test_what_a_user_says_is_what_plain_loops_say_of_its_tokens(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path, own: bool
) -> None:
    with_head(head)
    tagger = told(knowing_folder, own)
    assert tagger.glossary is not None
    loops = PlainLoops(tagger)
    tokens = {statement: loops.directions(head, statement) for statement in tagger.glossary.statements}
    expected, bound = fits_of(tagger, head, tokens), fits_bound(tagger, head)
    found = fits(tagger)
    assert (np.abs(found - expected) <= bound).all()
    reader = told(knowing_folder, own)._knowledge
    assert reader is not None
    backwards = [reader.fit(np.array([meaning]), described(tagger, TYPES)) for meaning in range(len(found))[::-1]]
    np.testing.assert_allclose(np.concatenate(backwards[::-1]), found, atol=MARGIN)


def test_statements_are_read_beside_the_same_ones_whichever_text_comes_first(
    knowing_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbioner_batch.model.glossary_reader._READ_TOGETHER", 3)
    texts = ["no dose in mice", "the patient", "dose of the patient with fever"]
    found = []
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]):
        tagger = told(knowing_folder, own=False)
        read = note_reading(tagger)
        for place in order:
            logits_of(tagger, [texts[place]])
        found.append(read)
    blocks = [list(USERS_STATEMENTS[:3]), list(USERS_STATEMENTS[3:])]
    assert list(map(len, blocks)) == [3, 1]
    assert [sorted(read) for read in found] == [sorted(blocks)] * 4


def test_a_users_statements_say_the_same_beside_stored_ones_and_alone(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path
) -> None:
    with_head(head)
    only_theirs = ["dose of the patient", "no dose"]
    beside, alone = told(knowing_folder), told(knowing_folder, own=False)
    read = note_reading(alone)
    difference = np.abs(logits_of(beside, only_theirs) - logits_of(alone, only_theirs))[:, 1:]
    assert (difference <= 2 * _UP * fits_bound(alone, head)).all()
    assert read == [list(USERS_STATEMENTS)], (
        "stored tokens are those of the checkpoint's, which it was told to leave out"
    )


@pytest.mark.parametrize("more", [1, 20])
def test_tokens_of_more_statements_than_there_are_are_refused(
    with_head: Callable, head: GlossaryHead, more: int
) -> None:
    counts = np.concatenate([head.counts, np.zeros(more, np.int16)])
    total = len(STATEMENTS)
    with pytest.raises(CheckpointError, match=rf"a glossary of {total} statements with tokens of {total + more}: get"):
        with_head(dataclasses.replace(head, counts=counts))


def test_a_users_statements_do_not_fill_up_what_the_checkpoints_own_lack(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path
) -> None:
    with_head(head)
    counts = np.concatenate([head.counts, np.zeros(1, np.int16)])
    dataclasses.replace(head, counts=counts).write(knowing_folder / GLOSSARY_HEAD)
    with pytest.raises(CheckpointError, match=rf"a glossary of {len(STATEMENTS)} statements with tokens of"):
        told(knowing_folder)


def test_statements_behind_those_with_tokens_are_read(with_head: Callable, head: GlossaryHead) -> None:
    some = with_head(first_statements(head, 3))
    read = note_reading(some)
    found = logits_of(some, TEXTS)
    assert read == [list(STATEMENTS[3:])]
    difference = np.abs(found - logits_of(with_head(head), TEXTS))[:, 1:]
    assert (difference <= 2 * _UP * fits_bound(some, head)).all()

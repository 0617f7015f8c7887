"""Vectors of a checkpoint's own glosses are stored with its head, so that only a user's are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from knowing import ENTRIES, SIZE, TEXTS, TYPES, described, logits_of, random_head, shifts_of

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.knowledge import STEEPEST, GlossaryHead, as_int8
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.location import GLOSSARY_HEAD

OWN = Glossary(ENTRIES).all_glosses
USERS = (
    GlossaryEntry(("dose",), ("given in fever", "how much of a drug")),
    GlossaryEntry(("patient",), ("how much of a drug", "who is given a drug")),
)
WITH_USERS = ["aspirin in the patient with fever. the dose of aspirin", "no dose in the patient"]
MARGIN = 1e-4
"""For the order of sums in float32."""


class CountingEncoder:
    """The encoder of a tagger, which notes how many descriptions it was given each time."""

    def __init__(self, encoder: LateInference) -> None:
        self.config = encoder.config
        self.calls: list[int] = []
        self._encoder = encoder

    def read_descriptions(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        self.calls.append(len(descriptions))
        return self._encoder.read_descriptions(descriptions, token_budget)


def count_reading(tagger: Tagger) -> list[int]:
    """How many glosses its glossary reads at a time, from now on."""
    reader = tagger._knowledge
    assert reader is not None
    assert isinstance(tagger.encoder, LateInference)
    counting = CountingEncoder(tagger.encoder)
    reader._encoder = counting  # type: ignore[assignment]
    return counting.calls


@pytest.fixture
def head(knowing_folder: Path, knowing: Tagger) -> GlossaryHead:
    """The checkpoint's head, with vectors of its glosses."""
    plain = GlossaryHead.read(knowing_folder / GLOSSARY_HEAD, SIZE)
    read = described(knowing, [EntityType("entity", gloss) for gloss in OWN])
    return dataclasses.replace(plain, vectors=as_int8(plain.project(read)))


def chord(vectors: np.ndarray) -> float:
    """How far a stored direction may be from the one that it stands for, both of unit length.

    Each of its n components is within half a step, the largest one's 127th part: the row within `largest sqrt(n) / 254`
    of the direction, which is the sine of the angle between them; the chord of an angle is at most √2 of its sine.
    """
    return float(np.sqrt(2) * np.abs(vectors).max() * np.sqrt(vectors.shape[1]) / 254)


def logits_bound(head: GlossaryHead, descriptions: np.ndarray) -> np.ndarray:
    """[types] how far logits with stored vectors may be from those without: the cosine's factor times the chord."""
    factors = np.minimum(np.exp(head.scale[0] @ descriptions.T + head.scale_bias[0]), STEEPEST)
    return np.asarray(factors * chord(np.ones((1, len(head.query)))) + MARGIN)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 64)), elements=st.floats(-1, 1, width=32)))
def test_rows_as_int8_keep_their_directions_within_half_a_step_of_each_component(rows: np.ndarray) -> None:
    rows = rows[np.linalg.norm(rows, axis=1) > 1e-3]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored = as_int8(rows)
    assert stored.dtype == np.int8
    assert stored.shape == rows.shape
    for row, kept in zip(rows, stored.astype(np.float64), strict=True):
        assert np.abs(kept).max() == 127
        assert np.linalg.norm(kept / np.linalg.norm(kept) - row) <= chord(row[None]) + 1e-6


def test_what_is_0_stays_0() -> None:
    assert (as_int8(np.zeros((2, 3), np.float32)) == 0).all()
    assert as_int8(np.zeros((0, 3), np.float32).reshape(0, 3)).shape == (0, 3)


def test_vectors_are_written_and_read_again_as_they_are(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).integers(-127, 128, (5, 4)).astype(np.int8)
    dataclasses.replace(random_head(), vectors=vectors).write(tmp_path / GLOSSARY_HEAD)
    read = GlossaryHead.read(tmp_path / GLOSSARY_HEAD, SIZE).vectors
    assert read.dtype == np.int8
    np.testing.assert_array_equal(read, vectors)


def test_vectors_of_another_size_are_refused(tmp_path: Path) -> None:
    dataclasses.replace(random_head(), vectors=np.zeros((8, 4), np.int8)).write(tmp_path / "right.safetensors")
    GlossaryHead.read(tmp_path / "right.safetensors", SIZE)
    from safetensors.numpy import load_file, save_file

    parts = load_file(tmp_path / "right.safetensors") | {"vectors": np.zeros((8, 5), np.int8)}
    save_file(parts, tmp_path / "wrong.safetensors")
    with pytest.raises(CheckpointError, match="for another model"):
        GlossaryHead.read(tmp_path / "wrong.safetensors", SIZE)


def test_own_glosses_with_vectors_are_not_read(with_head: Callable, head: GlossaryHead) -> None:
    calls = count_reading(with_head(dataclasses.replace(head, vectors=head.vectors[:0])))
    assert calls == []
    stored = with_head(head)
    without = with_head(dataclasses.replace(head, vectors=head.vectors[:0]))
    of_stored, of_without = count_reading(stored), count_reading(without)
    for tagger in (stored, without):
        logits_of(tagger, TEXTS)
    assert of_stored == []
    assert sum(of_without) == len(OWN)


def test_with_stored_vectors_the_evidence_is_the_same_within_their_rounding(
    with_head: Callable, head: GlossaryHead
) -> None:
    stored = with_head(head)
    without = with_head(dataclasses.replace(head, vectors=head.vectors[:0]))
    descriptions = described(stored, TYPES)
    meanings = np.arange(len(Glossary(ENTRIES).meanings))
    fits = [tagger._knowledge.fit(meanings, descriptions) for tagger in (stored, without)]
    bound = logits_bound(head, descriptions)
    assert (np.abs(fits[0] - fits[1]) <= bound).all()
    assert (fits[0] != fits[1]).any(), "they are stored with less precision"
    assert (bound < 0.5).all(), "the bound says something"
    # which shift counts depends on signs: where these are the same, shifts are at most twice as far apart as logits
    assert (np.sign(fits[0]) == np.sign(fits[1])).all()
    found, read = logits_of(stored, TEXTS), logits_of(without, TEXTS)
    assert (found[:, 0] == read[:, 0]).all()
    assert (np.abs(found[:, 1:] - read[:, 1:]) <= 2 * bound).all()


def test_evidence_with_stored_vectors_is_what_plain_loops_say(with_head: Callable, head: GlossaryHead) -> None:
    stored = with_head(head)
    descriptions = described(stored, TYPES)
    directions = head.vectors / np.linalg.norm(head.vectors.astype(np.float64), axis=1, keepdims=True)
    logits = head.logits(descriptions, directions.astype(np.float32))
    glossary = Glossary(ENTRIES)
    of_meaning = [
        logits[[OWN.index(gloss) for gloss in glossary.glosses(meaning)]].max(0)
        for meaning in range(len(glossary.meanings))
    ]
    prepared = stored.preparer(TYPES).prepare(TEXTS)
    plain = Tagger.from_pretrained(stored._directory, "cpu", "float32", glossary=GlossaryChoice(own=False))
    without = logits_of(plain, TEXTS)
    of_names = np.array(of_meaning)[prepared.known_names[:, 2]]
    expected = shifts_of(prepared, without[:, 1:] - without[:, :1], of_names)
    np.testing.assert_allclose(logits_of(stored, TEXTS)[:, 1:], without[:, 1:] + expected, atol=1e-4)


def told(folder: Path, own: bool = True) -> Tagger:
    """A tagger with a user's entries."""
    return Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice(own, USERS))


def test_a_users_glosses_beside_stored_ones_are_read_once(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path
) -> None:
    with_head(head)
    beside = told(knowing_folder)
    calls = count_reading(beside)
    logits_of(beside, TEXTS[1:2])
    assert calls == [], "no name of theirs was met"
    first = logits_of(beside, WITH_USERS)
    assert calls == [2], "each gloss once, and not the one that the checkpoint has too"
    assert (logits_of(beside, WITH_USERS) == first).all()
    logits_of(beside, TEXTS)
    assert calls == [2]


def test_glosses_are_read_beside_the_same_ones_whichever_text_comes_first(
    knowing_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbioner_batch.model.knowledge._READ_TOGETHER", 2)
    texts = ["no dose in mice", "the patient", "dose of the patient with fever"]
    read: list[set[tuple[tuple[int, ...], ...]]] = []
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        tagger = told(knowing_folder, own=False)
        together: set[tuple[tuple[int, ...], ...]] = set()
        plain = LateInference.read_descriptions

        def note(self: LateInference, some: Sequence[tuple[int, ...]], budget: int) -> np.ndarray:
            together.add(tuple(some))  # noqa: B023
            return plain(self, some, budget)  # noqa: B023

        described(tagger, TYPES)
        with monkeypatch.context() as patch:
            patch.setattr(LateInference, "read_descriptions", note)
            for place in order:
                logits_of(tagger, [texts[place]])
        read.append(together)
    assert read[0] == read[1] == read[2]
    assert sorted(map(len, read[0])) == [1, 2]


def test_a_users_glosses_say_the_same_beside_stored_ones_and_alone(
    with_head: Callable, head: GlossaryHead, knowing_folder: Path
) -> None:
    with_head(head)
    only_theirs = ["dose of the patient", "no dose"]
    beside, alone = told(knowing_folder), told(knowing_folder, own=False)
    calls = count_reading(alone)
    descriptions = described(alone, TYPES)
    difference = np.abs(logits_of(beside, only_theirs) - logits_of(alone, only_theirs))[:, 1:]
    assert (difference <= 2 * logits_bound(head, descriptions)).all()
    assert calls == [3], "stored vectors are those of the checkpoint's glosses, which it was told to leave out"


@pytest.mark.parametrize("more", [1, 20])
def test_more_vectors_than_glosses_are_refused(with_head: Callable, head: GlossaryHead, more: int) -> None:
    vectors = np.concatenate([head.vectors, np.repeat(head.vectors[:1], more, axis=0)])
    with pytest.raises(CheckpointError, match=rf"a glossary of {len(OWN)} glosses with vectors of {len(OWN) + more}"):
        with_head(dataclasses.replace(head, vectors=vectors))


def test_glosses_behind_those_with_vectors_are_read(with_head: Callable, head: GlossaryHead) -> None:
    some = with_head(dataclasses.replace(head, vectors=head.vectors[:3]))
    calls = count_reading(some)
    found = logits_of(some, TEXTS)
    assert sum(calls) == len(OWN) - 3
    assert (
        np.abs(found - logits_of(with_head(head), TEXTS))[:, 1:].max()
        <= 2 * logits_bound(head, described(some, TYPES)).max()
    )


def test_glosses_of_a_user_count_more_even_where_the_checkpoint_has_the_same(knowing_folder: Path) -> None:
    choices = (GlossaryChoice(), GlossaryChoice(entries=(GlossaryEntry(("zyxolam",), ("a gloss",)),)))
    assert choices[1].load(knowing_folder) is not None
    own = choices[0].load(knowing_folder)
    assert own is not None
    same = own.entries[0].glosses[0]
    beside = GlossaryChoice(entries=(GlossaryEntry(("zyxolam",), (same,)),)).load(knowing_folder)
    assert beside is not None
    meanings = {name.meaning: beside.glosses(name.meaning) for name in beside.find("zyxolam")}
    (meaning,) = meanings
    assert beside.given(meaning) == {same}
    assert all(not beside.given(other) for other in range(len(beside.meanings)) if other != meaning)

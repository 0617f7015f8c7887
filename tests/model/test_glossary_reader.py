"""A name fits a description as plain loops over the tokens of what is said of it say; what is false counts less."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from knowing import SIZE, PlainLoops, constant_head, described, fit_of, logit_of, random_head, telling_apart

from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_head import GlossaryHead, as_int8, unit
from openbioner_batch.model.glossary_reader import _DENIED, _GIVEN, GlossaryReader, _chunks

AT_ONCE = "openbioner_batch.model.glossary_reader._AT_ONCE"
POOL = ("a drug", "given in fever", "a sign", "the patient", "mice", "how much of a drug", "nothing")
COUNTS = (1, 3, 2, 1, 4, 5, 0)
"""Tokens of each; the last one has none."""
EVERY = GlossaryEntry(("what says all",), POOL)
"""The first entry, so that all statements have stored tokens, and none is read."""
NAMES = ("aspirin", "fever", "cancer")
KINDS = [
    *(EntityType(text[:1], text) for text in ("a drug that is given", "mice", "a sign of cancer", "a")),
    EntityType("long", "given " * 15),
]


def tokens_of(head: GlossaryHead) -> dict[str, np.ndarray]:
    """The directions of each statement's stored tokens."""
    bounds = itertools.pairwise(np.cumsum([0, *COUNTS]).tolist())
    return {text: unit(head.tokens[slice(*some)].astype(np.float32)) for text, some in zip(POOL, bounds, strict=True)}


def reader_of(
    tagger: Tagger, head: GlossaryHead, own: Sequence[GlossaryEntry], users: Sequence[GlossaryEntry] = ()
) -> GlossaryReader:
    return GlossaryReader(Glossary([EVERY, *own], users), head, tagger.encoder, tagger.tokenizer, tagger.token_budget)


def meaning_of(reader: GlossaryReader, name: str) -> int:
    (known,) = reader.glossary.find(name)
    return known.meaning


def fit(reader: GlossaryReader, tagger: Tagger, *names: str) -> list[list[float]]:
    """How well names fit each of the descriptions."""
    meanings = np.array([meaning_of(reader, name) for name in names])
    return reader.fit(meanings, described(tagger, KINDS)).tolist()


def said(name: str, *glosses: str) -> GlossaryEntry:
    return GlossaryEntry((name,), glosses)


@pytest.fixture(scope="module")
def loops(knowing: Tagger) -> PlainLoops:
    return PlainLoops(knowing)


@pytest.fixture(scope="module")
def head_of(knowing: Tagger, loops: PlainLoops) -> Callable[..., GlossaryHead]:
    """A random head, by its seed, with random tokens of the statements."""
    states = [loops.states(ids) for ids in described(knowing, KINDS)]

    def make(seed: int = 0, factor: float = 2.6) -> GlossaryHead:
        tokens = np.random.default_rng(seed + 100).standard_normal((sum(COUNTS), SIZE))
        head = telling_apart(random_head(factor, added=-2, seed=seed), states)
        return dataclasses.replace(head, tokens=as_int8(tokens), counts=np.array(COUNTS, np.int16))

    return make


@pytest.fixture(scope="module")
def head(head_of: Callable[..., GlossaryHead]) -> GlossaryHead:
    """The first of these."""
    return head_of()


glosses = st.builds(str.__add__, st.sampled_from(["", "not "]), st.sampled_from(POOL))
entries = st.lists(
    st.builds(
        GlossaryEntry,
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple),
        st.lists(glosses, max_size=4).map(tuple),
    ),
    max_size=4,
)
FALSE_ALONE = [said("aspirin", "not a sign"), said("fever", "not a sign", "a drug")]
DENIED_BY_USER = [said("aspirin", "not mice", "not nothing"), said("fever", "nothing")]


@given(
    entries,
    entries,
    st.lists(st.integers(0, 9), min_size=1, max_size=7),
    st.permutations(range(len(KINDS))).flatmap(lambda some: st.integers(1, len(KINDS)).map(lambda n: some[:n])),
    st.integers(0, 5),
    st.sampled_from([1.0, 2.6, 6.0]),
    st.sampled_from([1, 30, 200, 1 << 24]),
)
@example(FALSE_ALONE, DENIED_BY_USER, [0, 2, 1, 1, 0], [3, 0, 1], 0, 2.6, 30)
@example([], [], [0, 0], [4, 2], 1, 2.6, 1)
def test_a_name_fits_as_plain_loops_over_all_that_is_said_of_it_say(
    knowing: Tagger,
    loops: PlainLoops,
    head_of: Callable[..., GlossaryHead],
    own: list[GlossaryEntry],
    users: list[GlossaryEntry],
    meanings: list[int],
    kinds: list[int],
    seed: int,
    factor: float,
    at_once: int,
) -> None:
    head = head_of(seed, factor)
    reader = reader_of(knowing, head, own, users)
    glossary, tokens = reader.glossary, tokens_of(head)
    wanted = [meaning % len(glossary.meanings) for meaning in meanings]
    ids = described(knowing, [KINDS[kind] for kind in kinds])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AT_ONCE, at_once)
        found = reader.fit(np.array(wanted), ids)
    expected = [[fit_of(glossary, meaning, head, tokens, loops.states(one)) for one in ids] for meaning in wanted]
    np.testing.assert_allclose(found, expected, atol=5e-4)
    assert found.shape == (len(wanted), len(ids))
    assert found.dtype == np.float32


def test_every_token_of_a_description_looks_in_all_that_is_true_of_a_name_together(
    knowing: Tagger, loops: PlainLoops, head: GlossaryHead
) -> None:
    """Two statements may fit better together than the best of them."""
    reader = reader_of(
        knowing, head, [said("aspirin", "a drug", "mice"), said("fever", "a drug"), said("dose", "mice")]
    )
    both, drug, mice = np.array(fit(reader, knowing, "aspirin", "fever", "dose"))
    tokens = tokens_of(head)
    together = np.concatenate([tokens["a drug"], tokens["mice"]])
    states = [loops.states(ids) for ids in described(knowing, KINDS)]
    np.testing.assert_allclose(both, [logit_of(head, together, some) for some in states], atol=1e-4)
    assert (both >= np.maximum(drug, mice) - 1e-5).all()
    assert (both > np.maximum(drug, mice) + 0.1).any()


@given(st.integers(0, 30), st.sampled_from(POOL), st.sampled_from(POOL))
def test_what_is_false_counts_against_a_name_where_it_fits_and_never_for_it(
    knowing: Tagger, head_of: Callable[..., GlossaryHead], seed: int, true: str, false: str
) -> None:
    own = [
        said("aspirin", true),
        said("fever", true, f"not {false}"),
        said("dose", false),
        said("gene", f"not {false}"),
    ]
    found = np.array(fit(reader_of(knowing, head_of(seed), own), knowing, "aspirin", "fever", "dose", "gene"))
    plain, denied, of_false, only_denied = found
    np.testing.assert_allclose(denied, plain - _DENIED * np.maximum(of_false, 0), atol=1e-4)
    np.testing.assert_allclose(only_denied, -_DENIED * np.maximum(of_false, 0), atol=1e-4)
    assert (denied <= plain + 1e-5).all()


@pytest.mark.parametrize(
    ("logit", "own", "users", "expected"),
    [
        (2, ["a drug"], [], 2),
        (-2, ["a drug"], [], -2),
        (2, ["a drug", "not mice"], [], 2 - _DENIED * 2),
        (-2, ["a drug", "not mice"], [], -2),
        (2, ["not mice"], [], -_DENIED * 2),
        (2, ["not mice", "not a sign"], [], -_DENIED * 2),
        (-2, ["not mice"], [], 0),
        (2, ["nothing"], [], 0),
        (2, ["nothing", "not nothing"], [], 0),
        (2, [], ["a drug"], 2 + _GIVEN),
        (-2, [], ["a drug"], -2 + _GIVEN),
        (2, ["a drug"], ["mice"], 2 + _GIVEN),
        (2, ["a drug"], ["a drug"], 2 + _GIVEN),
        (2, [], ["not a drug"], -_DENIED * (2 + _GIVEN)),
        (-1, [], ["not a drug"], -_DENIED * (-1 + _GIVEN)),
        (-2, [], ["not a drug"], 0),
        (2, ["a drug"], ["not mice"], 2 - _DENIED * (2 + _GIVEN)),
        (2, ["a drug"], ["not a drug"], 2 - _DENIED * (2 + _GIVEN)),
        (2, ["not a drug"], ["a drug"], 2 + _GIVEN - _DENIED * 2),
        (2, ["a drug", "not mice"], ["a sign", "not mice"], 2 + _GIVEN - _DENIED * (2 + _GIVEN)),
        (2, ["a drug"], ["nothing"], 2),
    ],
)
def test_what_a_user_says_counts_more_both_for_a_name_and_against_it(
    knowing: Tagger, head: GlossaryHead, logit: float, own: list[str], users: list[str], expected: float
) -> None:
    """`logit` is that of every statement; "nothing" has no tokens."""
    constant = dataclasses.replace(constant_head(logit), tokens=head.tokens, counts=head.counts)
    reader = reader_of(knowing, constant, [said("aspirin", *own)], [said("aspirin", *users)])
    np.testing.assert_allclose(fit(reader, knowing, "aspirin"), [[expected] * len(KINDS)], atol=1e-6)


def test_what_the_checkpoint_says_counts_where_it_fits_better_than_what_a_user_says(
    knowing: Tagger, head: GlossaryHead
) -> None:
    own = [said("aspirin", "given in fever"), said("fever", "given in fever", "a sign"), said("cancer", "a sign")]
    reader = reader_of(knowing, head, own, [said("aspirin", "a sign")])
    both, together, users = np.array(fit(reader, knowing, "aspirin", "fever", "cancer"))
    np.testing.assert_allclose(both, np.maximum(together, users + _GIVEN), atol=1e-4)
    assert 0 < (together > users + _GIVEN).sum() < len(KINDS)


def test_what_a_user_says_does_not_count_more_for_other_names(knowing: Tagger, head: GlossaryHead) -> None:
    own = [said("aspirin", "mice"), said("cancer", "mice")]
    reader = reader_of(knowing, head, own, [said("aspirin", "mice"), said("dose", "mice")])
    of_both, of_user, of_checkpoint = np.array(fit(reader, knowing, "aspirin", "dose", "cancer"))
    np.testing.assert_allclose(of_both, of_checkpoint + _GIVEN, atol=1e-5)
    np.testing.assert_allclose(of_user, of_checkpoint + _GIVEN, atol=1e-5)


def test_a_name_that_is_found_twice_fits_the_same_both_times(knowing: Tagger, head: GlossaryHead) -> None:
    reader = reader_of(knowing, head, [said("aspirin", "a drug"), said("fever", "a sign"), said("dose", "not mice")])
    names = ("fever", "aspirin", "fever", "dose", "fever", "aspirin")
    once = dict(zip(("aspirin", "fever", "dose"), fit(reader, knowing, "aspirin", "fever", "dose"), strict=True))
    assert once["aspirin"] != once["fever"] != once["dose"]
    assert fit(reader, knowing, *names) == [once[name] for name in names]


def test_a_description_is_read_once_whatever_it_is_asked_beside(
    knowing: Tagger, head: GlossaryHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = reader_of(knowing, head, [said("aspirin", "a drug"), said("fever", "a sign", "not mice")])
    read: list[int] = []
    states = type(knowing.encoder).description_states

    def counted(encoder: object, some: Sequence[tuple[int, ...]], budget: int) -> list[np.ndarray]:
        read.append(len(some))
        return states(encoder, some, budget)

    monkeypatch.setattr(type(knowing.encoder), "description_states", counted)
    ids, meanings = described(knowing, KINDS), np.arange(3)
    all_ = reader.fit(meanings, ids)
    np.testing.assert_allclose(reader.fit(meanings, ids), all_, atol=1e-5)
    np.testing.assert_allclose(reader.fit(meanings[:1], list(ids)), all_[:1], atol=1e-5)
    np.testing.assert_allclose(reader.fit(meanings, ids[::-1]), all_[:, ::-1], atol=1e-5)
    np.testing.assert_allclose(reader.fit(meanings, ids[1:3]), all_[:, 1:3], atol=1e-5)
    assert read == [len(KINDS)]
    assert len(np.unique(np.round(all_, 3), axis=1).T) == len(KINDS)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 80))
@example([5, 5, 5, 5], 10)
@example([1, 90, 1], 80)
def test_chunks_are_in_turn_and_as_large_as_memory_allows(sizes: list[int], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AT_ONCE, at_once)
        found = list(_chunks(np.array(sizes, np.int64)))
    assert list(itertools.chain(*found)) == list(range(len(sizes)))
    totals = [sum(sizes[place] for place in chunk) for chunk in found]
    assert all(total <= at_once or len(chunk) == 1 for chunk, total in zip(found, totals, strict=True))
    assert all(total + sizes[chunk[0]] > at_once for total, chunk in zip(totals, found[1:], strict=False))


def test_only_so_many_similarities_are_in_memory(
    knowing: Tagger, head: GlossaryHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"gene {number}" for number in range(2_000)]
    reader = reader_of(knowing, head, [said(name, POOL[number % 6]) for number, name in enumerate(names)])
    meanings = np.array([meaning_of(reader, name) for name in names])
    ids = described(knowing, [EntityType(f"t{number}", f"given {number} " * 5) for number in range(20)])
    whole = reader.fit(meanings, ids)
    similarities = sum(COUNTS[number % 6] for number in range(len(names))) * sum(len(one) - 2 for one in ids)
    at_once = 1 << 14
    assert similarities > 50 * at_once
    monkeypatch.setattr(AT_ONCE, at_once)
    tracemalloc.start()
    found = reader.fit(meanings, ids)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(found, whole, atol=1e-4)
    assert most < 2 * similarities, "half of what all of them take"


@pytest.mark.parametrize("most", [0, 3, 100])
def test_what_was_compared_is_not_compared_again_while_it_is_kept(
    knowing: Tagger, head: GlossaryHead, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    reader = reader_of(knowing, head, [said("aspirin", "a drug"), said("fever", "a sign", "not mice")])
    monkeypatch.setattr("openbioner_batch.model.glossary_reader._MOST_DESCRIPTIONS", most)
    compared: list[tuple[int, int]] = []
    compare = GlossaryReader._compare

    def counted(self: GlossaryReader, meanings: np.ndarray, some: Sequence[tuple[int, ...]]) -> np.ndarray:
        compared.append((len(meanings), len(some)))
        return compare(self, meanings, some)

    monkeypatch.setattr(GlossaryReader, "_compare", counted)
    ids = described(knowing, KINDS)
    first = reader.fit(np.array([0]), ids)
    both = reader.fit(np.array([1, 0, 1]), ids)
    np.testing.assert_allclose(both[1:2], first, atol=1e-5)
    np.testing.assert_array_equal(both[0], both[2])
    np.testing.assert_allclose(reader.fit(np.array([0, 1]), ids), both[1:], atol=1e-5)
    kept = most >= len(KINDS)
    assert compared == [(1, len(KINDS)), *([(1, len(KINDS))] if kept else [(2, len(KINDS))] * 2)]

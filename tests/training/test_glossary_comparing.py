"""The head of a glossary while it is fitted: the same numbers as in plain loops, and as a model's reader gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from glossaries import late_checkpoint
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.model.checkpoint import load_model
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_head import STEEPEST, GlossaryHead
from openbioner_batch.model.glossary_reader import _DENIED, GlossaryReader
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.training.glossary.__main__ import _Reader
from openbioner_batch.training.glossary.comparing import HeadModule, TokenStates

HIDDEN, SIZE = 10, 4
ROUNDING = 0.15
"""How much logits differ at most, about -15 to 15, since tokens are stored as int8."""
seeds = st.integers(0, 2**32 - 1)
Said = Sequence[tuple[int, ...]]


def random_texts(random: np.random.Generator, number: int, longest: int = 6) -> list[np.ndarray]:
    """TokenStates of texts that half precision holds as they are."""
    counts = random.integers(1, longest + 1, number)
    return [random.standard_normal((count, HIDDEN)).astype(np.float16).astype(np.float32) for count in counts]


def random_module(statements: TokenStates, seed: int, size: int = SIZE) -> HeadModule:
    """A head no part of which is as it starts."""
    torch.manual_seed(seed)
    module = HeadModule(statements, size)
    with torch.no_grad():
        for part in module.parameters():
            part += 0.3 * torch.randn_like(part)
    return module


def logits(module: HeadModule, queries: TokenStates, rows: Sequence[int], said: Said) -> np.ndarray:
    states, real = queries.padded(range(len(queries)))
    return module(states, real, torch.tensor(rows), said).detach().numpy()


def drawn_pairs(random: np.random.Generator, queries: int, statements: int) -> tuple[list[int], Said]:
    rows = random.integers(0, queries, 8).tolist()
    counts = random.integers(1, statements + 1, 8)
    return rows, [tuple(sorted(random.choice(statements, count, replace=False).tolist())) for count in counts]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9), seeds, st.data())
def test_states_are_those_of_the_texts_that_are_asked_in_their_order(
    counts: list[int], seed: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    texts = [random.standard_normal((count, HIDDEN)).astype(np.float32) for count in counts]
    states = TokenStates(texts)
    halves = [text.astype(np.float16).astype(np.float32) for text in texts]
    some = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=12))
    assert len(states) == len(texts)
    assert states.counts.tolist() == counts
    assert states.every().dtype == torch.float32
    assert np.array_equal(states.every(), np.concatenate(halves))
    assert np.array_equal(states.of(some), np.concatenate([halves[one] for one in some]))
    padded, real = states.padded(some)
    assert padded.shape == (len(some), max(counts[one] for one in some), HIDDEN)
    assert real.shape == padded.shape[:2]
    for row, one in enumerate(some):
        assert real[row].tolist() == [place < counts[one] for place in range(real.shape[1])]
        assert np.array_equal(padded[row][real[row]], halves[one])
        assert not padded[row][~real[row]].any()


def test_matrices_start_with_the_directions_in_which_tokens_differ_most() -> None:
    random = np.random.default_rng(1)
    texts = [text * np.arange(1, HIDDEN + 1) + 5 for text in random_texts(random, 60)]
    module = HeadModule(TokenStates(texts), SIZE)
    query, gloss = (part.detach().numpy() for part in (module.query, module.gloss))
    assert np.array_equal(query, gloss)
    assert np.allclose(query @ query.T, np.eye(SIZE), atol=1e-5)
    covariance = np.cov(TokenStates(texts).every().numpy().T)
    kept = np.trace(query @ covariance @ query.T)
    assert kept == pytest.approx(np.linalg.eigvalsh(covariance)[-SIZE:].sum(), rel=1e-4)


def test_a_single_token_is_enough_to_start_from() -> None:
    module = HeadModule(TokenStates([np.ones((1, HIDDEN), np.float16)]), SIZE)
    assert torch.isfinite(module.query).all()
    assert torch.isfinite(module.gloss).all()
    assert np.allclose((module.query @ module.query.T).detach().numpy(), np.eye(SIZE), atol=1e-5)


def test_the_distance_is_that_of_both_matrices_from_their_start() -> None:
    module = HeadModule(TokenStates(random_texts(np.random.default_rng(2), 30)), SIZE)
    assert module.distance().item() == 0
    with torch.no_grad():
        module.query[0, 0] += 2
        module.gloss[1, 2] -= 3
        module.scale.bias += 7
    assert module.distance().item() == pytest.approx(4 + 9, rel=1e-5)


def unit(row: np.ndarray) -> np.ndarray:
    return row / np.linalg.norm(row)


def plainly(module: HeadModule, query: np.ndarray, statements: Sequence[np.ndarray]) -> float:
    """The logit of a description and of a name of which statements are true, token by token."""
    parts = {name: part.detach().double().numpy() for name, part in module.named_parameters()}
    weights = [math.log1p(math.exp(parts["weight.weight"][0] @ state + parts["weight.bias"][0])) for state in query]
    tokens = [unit(parts["gloss"] @ state) for text in statements for state in text]
    best = [max(float(unit(parts["query"] @ state) @ token) for token in tokens) for state in query]
    similarity = sum(weight * one for weight, one in zip(weights, best, strict=True)) / sum(weights)
    log_factor, added = parts["scale.weight"] @ unit(query.mean(0)) + parts["scale.bias"]
    return min(math.exp(log_factor), STEEPEST) * similarity + added


@given(seeds)
def test_logits_are_those_of_plain_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    queries, statements = random_texts(random, 5), random_texts(random, 7)
    module = random_module(TokenStates(statements), seed)
    rows, said = drawn_pairs(random, len(queries), len(statements))
    expected = [
        plainly(module, queries[row], [statements[one] for one in texts]) for row, texts in zip(rows, said, strict=True)
    ]
    assert logits(module, TokenStates(queries), rows, said) == pytest.approx(expected, abs=1e-3)


@given(seeds)
def test_a_logit_does_not_depend_on_what_is_compared_beside_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    queries, statements = random_texts(random, 5), TokenStates(random_texts(random, 7))
    module = random_module(statements, seed)
    rows, said = drawn_pairs(random, len(queries), len(statements))
    together = logits(module, TokenStates(queries), rows, said)
    for place, row in enumerate(rows):
        alone = logits(module, TokenStates(queries[row : row + 1]), [0], said[place : place + 1])
        assert alone == pytest.approx(together[place], abs=1e-4)


@given(seeds)
def test_what_is_said_more_only_lifts_a_logit(seed: int) -> None:
    random = np.random.default_rng(seed)
    queries, statements = TokenStates(random_texts(random, 3)), TokenStates(random_texts(random, 7))
    module = random_module(statements, seed)
    less, more = (logits(module, queries, [0, 1, 2], [said] * 3) for said in ((2, 4), (0, 2, 4, 6)))
    assert (more >= less - 1e-5).all()


def test_a_factor_is_no_steeper_than_it_may_be() -> None:
    random = np.random.default_rng(4)
    queries, statements = TokenStates(random_texts(random, 3)), TokenStates(random_texts(random, 2))
    module = HeadModule(statements, SIZE)
    with torch.no_grad():
        module.scale.bias[:] = torch.tensor([20.0, 0.0])
    found = logits(module, queries, [0, 1, 2], [(0, 1)] * 3)
    assert (np.abs(found) <= STEEPEST).all()
    assert (np.abs(found) > 1).any()


def head_logits(head: GlossaryHead, queries: Sequence[np.ndarray], rows: Sequence[int], said: Said) -> np.ndarray:
    """The same from the stored tokens, as a head says of itself that they are to be compared."""
    described = head.queries(queries)
    ends = np.cumsum(head.counts, dtype=np.int64)
    tokens = head.tokens / np.linalg.norm(head.tokens.astype(np.float32), axis=1, keepdims=True)
    of_text = np.split(tokens, ends[:-1])
    best = [(np.concatenate([of_text[one] for one in texts]) @ described.tokens.T).max(0) for texts in said]
    return np.array(
        [
            described.factor[row] * (one @ described.weights[row]) + described.added[row]
            for row, one in zip(rows, best, strict=True)
        ]
    )


@given(seeds)
def test_the_fitted_head_gives_the_same_logits_but_for_rounding(seed: int) -> None:
    random = np.random.default_rng(seed)
    queries, statements = random_texts(random, 5), random_texts(random, 7)
    module = random_module(TokenStates(statements), seed)
    rows, said = drawn_pairs(random, len(queries), len(statements))
    head = module.as_head()
    assert head.counts.tolist() == [len(text) for text in statements]
    differences = np.abs(head_logits(head, queries, rows, said) - logits(module, TokenStates(queries), rows, said))
    # of cosines by half of a 127th in each of four parts
    assert (differences < 0.01 * head.queries(queries).factor[rows] + 1e-3).all()


def test_a_head_stays_as_it_was_when_its_module_learns_on() -> None:
    module = random_module(TokenStates(random_texts(np.random.default_rng(5), 7)), 5)
    head = module.as_head()
    before = [getattr(head, name).copy() for name in head.__slots__]
    with torch.no_grad():
        for part in module.parameters():
            part += 1
    assert all(np.array_equal(getattr(head, name), one) for name, one in zip(head.__slots__, before, strict=True))


GLOSSARY = Glossary(
    [
        GlossaryEntry(("aspirin", "ASA"), ("relieves pain", "thins the blood", "not a herb")),
        GlossaryEntry(("asthma",), ("a disease of the lung; wheezing", "comes in attacks")),
        GlossaryEntry(("wheeze", "asthma"), ("a sound of the lung", "not a pain")),
    ]
)
DESCRIPTIONS = ["a medicine against pain", "a sound", "what makes people ill, for example in the lung", "x"]


def test_a_model_reads_a_glossary_as_it_was_fitted(tmp_path_factory: pytest.TempPathFactory) -> None:
    late = late_checkpoint(tmp_path_factory.mktemp("models"))
    model, reading = load_model(late), _Reader(late)
    assert isinstance(model, LateEncoder)
    statements = reading.statements(GLOSSARY.statements)
    queries = reading.queries([("mention", text) for text in DESCRIPTIONS])
    module = random_module(statements, 6, size=8)
    tokenizer = load_tokenizer(late)
    ids = [(tokenizer.cls, *tokenizer.ids(f"mention: {text}"), tokenizer.sep) for text in DESCRIPTIONS]
    reader = GlossaryReader(GLOSSARY, module.as_head(), LateInference(model, torch.float32, "cpu"), tokenizer, 512)
    meanings = np.arange(len(GLOSSARY.meanings))
    found = reader.fit(meanings, ids)
    numbers = {text: number for number, text in enumerate(GLOSSARY.statements)}
    every = list(range(len(DESCRIPTIONS)))
    for meaning in meanings.tolist():
        true, false = (tuple(numbers[text] for text in texts) for texts in GLOSSARY.said(meaning))
        expected = logits(module, queries, every, [true] * len(every))
        if false:
            expected -= _DENIED * np.maximum(logits(module, queries, every, [false] * len(every)), 0)
        assert np.abs(found[meaning] - expected).max() < ROUNDING
    assert np.ptp(found) > 2 * ROUNDING


def test_states_of_statements_are_those_of_the_words_that_carry_meaning(tmp_path: Path) -> None:
    reading = _Reader(late_checkpoint(tmp_path))
    whole, of_words = reading.statements(["relieves pain", "of the"]), reading.queries([("entity", "relieves pain")])
    assert whole.counts.tolist() == [len("relievespain"), len("ofthe")]  # a vocabulary of letters
    assert np.array_equal(whole.of([0]), of_words.every()[-whole.counts[0] :])


def test_what_is_longer_than_the_model_reads_is_cut(tmp_path: Path) -> None:
    late = late_checkpoint(tmp_path)
    reading, config = _Reader(late), load_model(late).config
    (count,) = reading.queries([("mention", "x " * 600)]).counts
    assert count == config.windows.description_tokens
    (of_statement,) = reading.statements(["x " * 600]).counts
    assert of_statement == config.positions - 2 - len("entity:")

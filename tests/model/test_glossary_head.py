"""The head of a glossary compares tokens as plain loops do, and is stored and read again, or refused."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from knowing import HIDDEN, ROUNDING, SIZE, constant_head, direction, random_head
from safetensors.numpy import load_file, save_file

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.glossary_head import STEEPEST, GlossaryHead, as_int8, unit
from openbioner_batch.model.location import GLOSSARY_HEAD

WEIGHTS = ("query", "gloss", "weight", "weight_bias", "scale", "scale_bias")


def states_of(counts: list[int], seed: int = 1) -> list[np.ndarray]:
    """States of texts of so many tokens."""
    random = np.random.default_rng(seed)
    return [random.standard_normal((count, HIDDEN)).astype(np.float32) for count in counts]


def with_tokens(counts: list[int]) -> GlossaryHead:
    """A head with tokens of statements, so many of each."""
    tokens = np.random.default_rng(2).integers(-127, 128, (sum(counts), SIZE)).astype(np.int8)
    return dataclasses.replace(random_head(), tokens=tokens, counts=np.array(counts, np.int16))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 99), st.sampled_from([-1, 2, 4, 6]))
@example([1], 0, 6)
def test_queries_are_what_plain_loops_over_descriptions_and_tokens_say(
    counts: list[int], seed: int, factor: float
) -> None:
    head, states = random_head(factor, seed=seed), states_of(counts, seed)
    found = head.queries(states)
    assert found.tokens.shape == (sum(counts), SIZE)
    assert found.weights.shape == (len(counts), sum(counts))
    assert {part.dtype for part in (found.tokens, found.weights, found.factor, found.added)} == {np.dtype(np.float32)}
    token = 0
    for row, of_one in enumerate(states):
        softplus = [math.log1p(math.exp(float(state @ head.weight + head.weight_bias[0]))) for state in of_one]
        expected = np.zeros(sum(counts))
        for state, weight in zip(of_one, softplus, strict=True):
            np.testing.assert_allclose(found.tokens[token], direction(head.query @ state), atol=1e-5)
            expected[token] = weight / sum(softplus)
            token += 1
        np.testing.assert_allclose(found.weights[row], expected, atol=1e-5)
        log_factor, added = head.scale @ direction(of_one.mean(0)) + head.scale_bias
        np.testing.assert_allclose(found.factor[row], min(math.exp(log_factor), STEEPEST), rtol=1e-4)
        np.testing.assert_allclose(found.added[row], added, atol=1e-4)


def test_factors_are_cut_and_finite_however_steep_the_head_is() -> None:
    with np.errstate(all="raise"):
        found = random_head(factor=60).queries(states_of([1, 3]))
    assert found.factor.tolist() == [STEEPEST, STEEPEST]
    assert (random_head(factor=1).queries(states_of([1, 3])).factor < STEEPEST).all()


def test_weights_are_finite_for_states_far_from_0() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = random_head().queries([1e3 * np.stack([random_head().weight, -random_head().weight])])
    np.testing.assert_allclose(found.weights, [[1, 0]], atol=1e-6)


def test_statements_tokens_are_projected_by_a_matrix_of_their_own() -> None:
    head, (states,) = random_head(), states_of([4])
    found = head.project(states)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [direction(head.gloss @ state) for state in states], atol=1e-5)
    assert head.project(states[:0]).shape == (0, SIZE)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 64)), elements=st.floats(-1, 1, width=32)))
def test_rows_as_int8_keep_their_directions_within_half_a_step_of_each_component(rows: np.ndarray) -> None:
    rows = rows[np.linalg.norm(rows, axis=1) > 1e-3]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored = as_int8(rows)
    assert stored.dtype == np.int8
    assert stored.shape == rows.shape
    for row, kept in zip(rows, stored.astype(np.float64), strict=True):
        assert np.abs(kept).max() == 127
        chord = np.sqrt(2 * len(row)) * np.abs(row).max() / 254  # see `ROUNDING`
        assert np.linalg.norm(kept / np.linalg.norm(kept) - row) <= chord + 1e-6
        assert len(row) != SIZE or chord <= ROUNDING


def test_what_is_0_stays_0() -> None:
    for make in (as_int8, unit):
        assert (make(np.zeros((2, 3), np.float32)) == 0).all()
        assert make(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_a_head_that_is_written_is_read_again_to_the_precision_of_its_format(tmp_path: Path) -> None:
    head = with_tokens([3, 0, 2, 1])
    head.write(tmp_path / GLOSSARY_HEAD)
    read = GlossaryHead.read(tmp_path / GLOSSARY_HEAD, HIDDEN)
    for name in WEIGHTS:
        assert getattr(read, name).dtype == np.float32
        np.testing.assert_array_equal(getattr(read, name), getattr(head, name).astype(np.float16))
    for name, kind in (("tokens", np.int8), ("counts", np.int16)):
        assert getattr(read, name).dtype == kind
        np.testing.assert_array_equal(getattr(read, name), getattr(head, name))
    first = (tmp_path / GLOSSARY_HEAD).read_bytes()
    read.write(tmp_path / GLOSSARY_HEAD)
    assert (tmp_path / GLOSSARY_HEAD).read_bytes() == first


def test_a_head_in_another_order_of_memory_is_written_the_same(tmp_path: Path) -> None:
    head = with_tokens([3, 2])
    parts = {name: np.asfortranarray(getattr(head, name)) for name in (*WEIGHTS, "tokens")}
    head.write(tmp_path / "first.safetensors")
    dataclasses.replace(head, **parts).write(tmp_path / "second.safetensors")
    assert (tmp_path / "first.safetensors").read_bytes() == (tmp_path / "second.safetensors").read_bytes()


def test_the_head_of_another_model_is_refused(tmp_path: Path, with_head: Callable) -> None:
    path = tmp_path / GLOSSARY_HEAD
    random_head().write(path)
    with pytest.raises(
        CheckpointError,
        match=rf"{re.escape(str(path))}: the head of a glossary for another model; expected states of 9",
    ):
        GlossaryHead.read(path, 9)
    wide = {
        name: np.zeros((*getattr(random_head(), name).shape[:-1], 9)) for name in ("query", "gloss", "weight", "scale")
    }
    other = dataclasses.replace(random_head(), **wide)
    other.write(path)
    GlossaryHead.read(path, 9)
    with pytest.raises(CheckpointError, match="for another model"):
        with_head(other)


@pytest.mark.parametrize("part", WEIGHTS)
@pytest.mark.parametrize("shape", [(3,), (1, HIDDEN), (SIZE + 1, HIDDEN), (SIZE, HIDDEN, 1)], ids=str)
def test_a_head_with_a_part_of_another_shape_is_refused(tmp_path: Path, part: str, shape: tuple[int, ...]) -> None:
    dataclasses.replace(constant_head(0), **{part: np.zeros(shape, np.float32)}).write(tmp_path / GLOSSARY_HEAD)
    with pytest.raises(CheckpointError, match="for another model"):
        GlossaryHead.read(tmp_path / GLOSSARY_HEAD, HIDDEN)


@pytest.mark.parametrize(
    ("tokens", "counts"),
    [((6, SIZE), [3, 2]), ((6, SIZE), [3, 4]), ((0, SIZE), [1]), ((1, SIZE), []), ((6, SIZE + 1), [3, 3]), ((6,), [6])],
    ids=str,
)
def test_tokens_that_do_not_add_up_or_of_another_size_are_refused(
    tmp_path: Path, tokens: tuple[int, ...], counts: list[int]
) -> None:
    path = tmp_path / GLOSSARY_HEAD
    with_tokens([3, 3]).write(path)
    GlossaryHead.read(path, HIDDEN)
    save_file(load_file(path) | {"tokens": np.zeros(tokens, np.int8), "counts": np.array(counts, np.int16)}, path)
    with pytest.raises(CheckpointError, match="for another model"):
        GlossaryHead.read(path, HIDDEN)


@pytest.mark.parametrize(
    "parts",
    [
        {"counts": np.array([7, -1], np.int16)},
        {"counts": np.array([[3], [3]], np.int16)},
        {"counts": np.array([3, 3], np.float32)},
        {"tokens": np.zeros((6, SIZE), np.float32)},
        {"scale_bias": np.array([1, np.nan], np.float16)},
    ],
    ids=str,
)
def test_counts_tokens_and_weights_that_make_no_sense_are_refused(tmp_path: Path, parts: dict) -> None:
    path = tmp_path / GLOSSARY_HEAD
    with_tokens([3, 3]).write(path)
    save_file(load_file(path) | parts, path)
    with pytest.raises(CheckpointError, match="not the head of a glossary"):
        GlossaryHead.read(path, HIDDEN)


def test_a_damaged_head_is_named(tmp_path: Path) -> None:
    path = tmp_path / GLOSSARY_HEAD
    with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
        GlossaryHead.read(path, HIDDEN)
    with_tokens([2, 1]).write(path)
    whole, parts = path.read_bytes(), load_file(path)
    for content in (b"", b"text", whole[:-1], whole[: len(whole) // 2], b"\xff" + whole[1:]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"glossary\.safetensors: not the head of a glossary"):
            GlossaryHead.read(path, HIDDEN)
    for name in parts:
        save_file({other: part for other, part in parts.items() if other != name}, path)
        error = "KeyError" if name in ("tokens", "counts") else "TypeError"
        with pytest.raises(CheckpointError, match=rf"not the head of a glossary \({error}\)"):
            GlossaryHead.read(path, HIDDEN)
    save_file(parts | {"other": np.zeros(3)}, path)
    with pytest.raises(CheckpointError, match=r"not the head of a glossary \(TypeError\)"):
        GlossaryHead.read(path, HIDDEN)


def test_a_head_that_compares_one_vector_a_statement_is_refused(tmp_path: Path) -> None:
    """Checkpoints had such heads before."""
    shapes = {"query": (SIZE, 8), "gloss": (SIZE, 8), "scale": (2, 8), "scale_bias": (2,)}
    old = {name: np.zeros(shape, np.float16) for name, shape in shapes.items()}
    save_file(old | {"vectors": np.zeros((3, SIZE), np.int8)}, tmp_path / GLOSSARY_HEAD)
    with pytest.raises(CheckpointError, match=r"not the head of a glossary \(KeyError\)"):
        GlossaryHead.read(tmp_path / GLOSSARY_HEAD, 8)

"""The passes of a training: within their budget, a function of the seed, the same for a longer schedule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.settings import build
from openbioner_batch.training.engines import rate_factor
from openbioner_batch.training.plan import TrainingPlan, plan_training
from openbioner_batch.training.settings import PretrainSettings, Schedule

LENGTHS = np.random.default_rng(0).integers(5, 190, 3000)


def plan(
    lengths: np.ndarray = LENGTHS,
    weights: np.ndarray | None = None,
    joint: float = 1.0,
    groups: np.ndarray | None = None,
    **parts: Any,
) -> TrainingPlan:
    raw = {
        "output": "run",
        "start": {"encoder": "e"},
        "sources": [{"path": "p"}],
        "recipe": {"types_per_pass": [2, 6]},
        "batch": {"pass_tokens": 8000, "accumulation": 2},
        "parallel": {"workers": 3},
        "schedule": {"epochs": 2},
        **parts,
    }
    settings = build(PretrainSettings, raw)
    return plan_training(lengths, np.ones(len(lengths)) if weights is None else weights, 20.0, settings, joint, groups)


def test_passes_keep_to_the_budget_with_pieces_of_like_length() -> None:
    found = plan()
    waste = []
    for index in range(len(found.types)):
        lengths, types = LENGTHS[found.pieces(index)], int(found.types[index])
        assert 2 <= types <= 6
        assert len(lengths) * ((1 + types) * (lengths.max() + 1) + types * 22) <= 8000
        waste.append(1 - lengths.mean() / lengths.max())
    assert np.mean(waste) < 0.05
    assert len(found.types) == found.steps * 6
    assert found.epochs == pytest.approx(2, abs=0.05)


def test_foils_count_as_types_of_each_passage() -> None:
    found = plan(recipe={"types_per_pass": [4, 4], "jumbled": 0.25, "complements": 0.25})
    for index in range(len(found.types)):
        lengths = LENGTHS[found.pieces(index)]
        assert found.types[index] == 4
        assert len(lengths) * ((1 + 6) * (lengths.max() + 1) + 6 * 22) <= 8000


def test_each_epoch_sees_every_piece_once() -> None:
    found = plan(batch={"pass_tokens": 8000}, parallel={"workers": 1})
    seen = np.bincount(found.order, minlength=len(LENGTHS))
    assert set(seen.tolist()) == {2}


def test_a_longer_schedule_begins_with_the_passes_of_a_shorter_one() -> None:
    short, long = plan(schedule={"steps": 20}), plan(schedule={"steps": 90})
    assert (short.steps, long.steps) == (20, 90)
    assert long.order[: len(short.order)].tolist() == short.order.tolist()
    assert long.bounds[: len(short.bounds)].tolist() == short.bounds.tolist()
    assert plan(seed=1).order.tolist() != plan(seed=2).order.tolist()


def test_pieces_share_passes_with_their_own_group_alone() -> None:
    groups = np.arange(len(LENGTHS)) % 3
    found = plan(groups=groups)
    assert all(len(set(groups[found.pieces(index)])) == 1 for index in range(len(found.types)))
    assert {groups[found.pieces(index)[0]] for index in range(20)} == {0, 1, 2}
    alike = plan(groups=np.zeros(len(LENGTHS), int))
    assert np.array_equal(alike.order, plan().order)


def test_weights_are_how_often_a_piece_is_seen() -> None:
    weights = np.repeat([0.0, 0.5, 1.3], 1000)
    found = plan(weights=weights, schedule={"epochs": 20}, batch={"pass_tokens": 8000}, parallel={"workers": 1})
    seen = np.bincount(found.order, minlength=3000) / 20
    np.testing.assert_allclose(
        [seen[:1000].mean(), seen[1000:2000].mean(), seen[2000:].mean()], [0, 0.5, 1.3], atol=0.02
    )


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(UsageError, match="nothing to train on"):
        plan(weights=np.zeros(3000))
    with pytest.raises(UsageError, match=r"less than one step of 6.*lower batch.pass_tokens"):
        plan(lengths=LENGTHS[:4])


def test_rates_rise_stay_and_fall() -> None:
    schedule = Schedule(kind="warmup-decay", steps=100, warmup_steps=10, decay_steps=50)
    factors = [rate_factor(step, 100, schedule) for step in range(101)]
    assert (factors[0], factors[10], factors[50], factors[75], factors[100]) == (0.1, 1.0, 1.0, 0.5, 0.0)
    assert rate_factor(0, 100, Schedule(kind="constant", steps=100)) == 1.0
    assert rate_factor(99, 100, Schedule(kind="warmup", steps=100, warmup_steps=10)) == 1.0


@pytest.mark.parametrize("joint", [0.0, 0.25], ids=["late", "split"])
def test_where_types_are_shared_their_descriptions_count_once_a_pass(joint: float) -> None:
    recipe = {"types_per_pass": [2, 6], "shared_types": 100}
    found = plan(joint=joint, recipe=recipe)
    sizes = []
    for index in range(len(found.types)):
        lengths, types = LENGTHS[found.pieces(index)], int(found.types[index])
        pairs = types * (lengths.max() + 1 + 22)
        assert len(lengths) * (lengths.max() + 1 + joint * pairs) + 100 * 22 <= 8000
        sizes.append(len(lengths))
    assert np.mean(sizes) > (40 if not joint else 15)

"""The plan of training: which pieces are trained on together, and when. It depends on the seed alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.training.settings import PretrainSettings

_POOL = 1024
"""How many pieces are sorted by length before they are cut into passes."""
_MOST_EPOCHS = 10_000


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The passes of a whole training, in order.

    Step s of w workers with accumulation a takes passes [s*w*a, (s+1)*w*a), of which worker r has the a from
    (s*w + r)*a on.

    Attributes:
        order: [pieces of all passes] indices of pieces.
        bounds: [passes + 1] where each pass begins in `order`.
        types: [passes] most types queried in each piece.
        steps: optimizer steps.
        epochs: how often the sources are read within `steps`.
    """

    order: np.ndarray
    bounds: np.ndarray
    types: np.ndarray
    steps: int
    epochs: float

    def pieces(self, index: int) -> np.ndarray:
        """The pieces of a pass."""
        return self.order[self.bounds[index] : self.bounds[index + 1]]


def plan_training(
    lengths: np.ndarray,
    weights: np.ndarray,
    description: float,
    settings: PretrainSettings,
    joint: float = 1.0,
    groups: np.ndarray | None = None,
) -> TrainingPlan:
    """The passes that `settings.schedule` determines.

    Args:
        lengths: [pieces] text tokens.
        weights: [pieces] how often each is seen per epoch.
        description: mean tokens of a description.
        settings: a longer schedule begins with the very passes of a shorter one.
        joint: share of the layers in which text and description see each other: 1 for the published cross-encoder.
        groups: [pieces] only pieces with the same number share a pass; None for all alike.

    Raises:
        UsageError: the sources have no passage with a weight.
    """
    if not len(lengths) or not (weights > 0).any():
        raise UsageError("sources hold no passage with a weight above 0: there is nothing to train on")
    together = settings.parallel.workers * settings.batch.accumulation
    schedule = settings.schedule
    wanted = schedule.steps * together if schedule.steps else None
    orders: list[np.ndarray] = []
    sizes: list[np.ndarray] = []
    types: list[np.ndarray] = []
    passes: list[int] = []
    for epoch in range(math.ceil(schedule.epochs) if schedule.epochs else _MOST_EPOCHS):
        for found, kind in zip(
            (orders, sizes, types), _epoch(lengths, weights, description, settings, epoch, joint, groups), strict=True
        ):
            found.append(kind)
        passes.append(len(sizes[-1]))
        if wanted is not None and sum(passes) >= wanted:
            break
    if wanted is None:
        assert schedule.epochs is not None
        whole = int(schedule.epochs)
        last = round((schedule.epochs - whole) * passes[-1]) if whole < len(passes) else 0
        wanted = sum(passes[:whole]) + last
    steps = min(wanted, sum(passes)) // together
    if not steps:
        raise UsageError(
            f"the sources make {sum(passes)} passes, less than one step of {together}: "
            f"lower batch.pass_tokens, batch.accumulation or parallel.workers, or raise schedule.epochs"
        )
    bounds = np.cumsum([0, *np.concatenate(sizes)])[: steps * together + 1]
    seen = np.interp(steps * together, np.cumsum([0, *passes]), np.arange(len(passes) + 1))
    return TrainingPlan(
        np.concatenate(orders)[: bounds[-1]].astype(np.int32),
        bounds.astype(np.int64),
        np.concatenate(types)[: steps * together].astype(np.int16),
        steps,
        float(seen),
    )


def _epoch(
    lengths: np.ndarray,
    weights: np.ndarray,
    description: float,
    settings: PretrainSettings,
    epoch: int,
    joint: float,
    groups: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order of pieces, size of each pass, and types of each pass, for one epoch."""
    random = np.random.default_rng((settings.seed, epoch))
    recipe = settings.recipe
    tagging = recipe.objective == "tagging"
    foils = 1.0 if recipe.shared_types else 1.0 + recipe.jumbled + recipe.complements  # each costs what a type does
    # a weight of 1.3 means once, and once more with probability 0.3
    repeats = np.floor(weights + random.random(len(weights))).astype(int)
    order = random.permutation(np.repeat(np.arange(len(lengths)), repeats))
    found: list[tuple[np.ndarray, int]] = []
    for pool in _pools(order, groups):
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        first = 0
        while first < len(pool):
            fewest, most = recipe.types_per_pass
            types = int(random.integers(fewest, most + 1)) if tagging else 0
            costs = _costs(lengths[pool[first:]], types * foils, description, recipe.shared_types, joint)
            fitting = costs <= settings.batch.pass_tokens
            size = max(1, int(np.argmin(fitting)) if not fitting.all() else len(fitting))
            found.append((pool[first : first + size], types))
            first += size
    mixed = random.permutation(len(found))
    return (
        np.concatenate([found[index][0] for index in mixed]),
        np.array([len(found[index][0]) for index in mixed]),
        np.array([found[index][1] for index in mixed]),
    )


def _pools(order: np.ndarray, groups: np.ndarray | None) -> Iterator[np.ndarray]:
    """Pieces among which those of similar length share a pass."""
    parts = [order] if groups is None else [order[groups[order] == number] for number in np.unique(groups)]
    for part in parts:
        for low in range(0, len(part), _POOL):
            yield part[low : low + _POOL]


def _costs(lengths: np.ndarray, types: float, description: float, shared: int | None, joint: float) -> np.ndarray:
    """[pieces] encoder tokens of a pass of the first, the first two, ... of pieces that grow longer."""
    numbers = np.arange(1, len(lengths) + 1)
    # Text alone with [CLS]; and with each description, two [SEP] more.
    alone, pairs = lengths + 1, types * (lengths + 1 + description + 2)
    if joint == 1.0:
        return np.asarray(numbers * (alone + pairs))
    described = (shared or types * numbers) * (description + 2)
    return np.asarray(numbers * (alone + joint * pairs) + described)

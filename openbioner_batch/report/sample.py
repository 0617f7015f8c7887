"""Draws some documents of a run at random, reproducibly."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

Shard = tuple[int, int]


def draw_rows(shards: Iterable[tuple[Shard, int]], count: int, seed: int) -> dict[Shard, list[int]]:
    """Draw `count` rows with equal probability.

    Every row has a random number that depends on `seed`, its shard and its place alone; the lowest ones are drawn. So
    memory does not grow with the run, and a run that has grown keeps most of its sample.

    Args:
        shards: each with its number of rows.
        count: how many rows to draw; all, where there are no more.
        seed: chooses the sample.

    Returns:
        The places drawn in each shard, sorted.
    """
    drawn: list[tuple[float, Shard, int]] = []
    limit = 1.0
    for shard, rows in shards:
        numbers = np.random.default_rng([seed, *shard]).random(rows)
        drawn += [(float(numbers[row]), shard, int(row)) for row in np.flatnonzero(numbers < limit)]
        if len(drawn) > 4 * count + 1000:
            drawn = sorted(drawn)[:count]
            limit = drawn[-1][0] if drawn else 0.0
    places: dict[Shard, list[int]] = {}
    for _, shard, row in sorted(drawn)[:count]:
        places.setdefault(shard, []).append(row)
    return {shard: sorted(places[shard]) for shard in sorted(places)}

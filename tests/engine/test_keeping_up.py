"""Stages of the graph wait for one another."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest
import ray.data
from ray.data import TaskPoolStrategy

from openbioner_batch.engine.executors import keeping_up
from openbioner_batch.engine.executors.ray_data import quiet

SHARDS = 24


def test_no_stage_runs_far_ahead_of_the_next(ray_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_up, "MOST_WAITING", 3)

    def tag(batch: pa.Table) -> pa.Table:
        (tmp_path / str(batch["id"][0])).touch()
        return batch

    def commit(batch: pa.Table) -> pa.Table:
        ahead = len(list(tmp_path.iterdir()))
        time.sleep(0.3)
        return batch.append_column("ahead", [[ahead]])

    shards = ray.data.range(SHARDS, override_num_blocks=SHARDS)
    quiet(shards.context)
    for stage, cpus in ((tag, 0.1), (commit, 0.01)):  # stages that need the same would become one
        shards = shards.map_batches(
            stage, batch_size=1, batch_format="pyarrow", compute=TaskPoolStrategy(1), num_cpus=cpus
        )
    ahead = [row["ahead"] - done for done, row in enumerate(shards.iter_rows())]

    assert len(ahead) == SHARDS
    assert max(ahead) < 10

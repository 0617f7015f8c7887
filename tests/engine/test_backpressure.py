"""Stages of the graph wait for one another, and forget what is done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray.data
from ray.data import TaskPoolStrategy

from openbioner_batch.engine.executors import backpressure, block_stats
from openbioner_batch.engine.executors.ray_data import configure_context
from openbioner_batch.engine.ray_internals import BLOCK_STATS, stages_of

from .conftest import Annotate, Corpus

SHARDS = 24


def test_no_stage_runs_far_ahead_of_the_next(ray_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure, "MOST_WAITING", 3)

    def tag(batch: pa.Table) -> pa.Table:
        (tmp_path / str(batch["id"][0])).touch()
        return batch

    def commit(batch: pa.Table) -> pa.Table:
        ahead = len(list(tmp_path.iterdir()))
        time.sleep(0.3)
        return batch.append_column("ahead", [[ahead]])

    shards = ray.data.range(SHARDS, override_num_blocks=SHARDS)
    configure_context(shards.context)
    for stage, cpus in ((tag, 0.1), (commit, 0.01)):  # stages that need the same would become one
        shards = shards.map_batches(
            stage, batch_size=1, batch_format="pyarrow", compute=TaskPoolStrategy(1), num_cpus=cpus
        )
    ahead = [row["ahead"] - done for done, row in enumerate(shards.iter_rows())]

    assert len(ahead) == SHARDS
    assert max(ahead) < 10


def test_the_driver_remembers_nothing_of_each_shard(
    run: Annotate, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[Any] = []

    def noted(executor: Any) -> list[Any]:
        stages.extend(stages_of(executor))
        return list(stages)

    monkeypatch.setattr(block_stats, "stages_of", noted)
    summary = run(corpus("a.jsonl", ["Anna"] * SHARDS), shard_documents=1)
    assert summary.totals.shards == SHARDS
    kept = [getattr(stage, BLOCK_STATS) for stage in stages if hasattr(stage, BLOCK_STATS)]
    assert [len(blocks) for blocks in kept] == [0, 0, 0]  # of reading, tagging and writing

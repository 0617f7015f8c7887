"""What a run's executor is told of its stages: how many processes, with which threads, on GPUs or not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from scorers import GpuScorerFactory, NameScorerFactory

from openbioner_batch.engine.executors.base import Commit, ReadStage, Resources, Workforce
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.no_model import NoModel
from openbioner_batch.engine.run import Tagging, workforce_for
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.work import Job, SplitTask, TaggingJob
from openbioner_batch.formats import get_format
from openbioner_batch.formats.base import ReadOptions


@dataclass
class Told:
    """An executor that keeps what it is told, and does nothing."""

    resources: Resources
    workforces: list[Workforce] = field(default_factory=list)
    jobs: list[TaggingJob] = field(default_factory=list)

    def run(
        self,
        tasks: Sequence[SplitTask],
        workforce: Workforce,
        read: ReadStage,
        tagging: TaggingJob | None,
        commit: Commit,
    ) -> Generator[dict[str, Any], None, None]:
        assert tagging is not None
        self.workforces.append(workforce)
        self.jobs.append(tagging)
        yield from ()


def told(tmp_path: Path, factory: Any, resources: Resources, **more: Any) -> tuple[Workforce, TaggingJob]:
    settings = AnnotateSettings.build({"inputs": ("in",), "output": str(tmp_path), "types": "name", **more})
    job = Job(str(tmp_path), "1", get_format("jsonl"), ReadOptions(), pa.schema([]), False, 200)
    executor = Told(resources)
    assert list(Tagging(settings, factory).stream((), job, executor, Totals())) == []
    return executor.workforces[0], executor.jobs[0]


def test_on_cpus_each_core_has_an_actor_with_a_thread_of_its_own(tmp_path: Path) -> None:
    workforce, job = told(tmp_path, NameScorerFactory(), Resources(cpus=8, gpus=2, nodes=1))
    assert (workforce.actors, workforce.actor_gpus, job.threads) == (8, 0, 1)
    assert told(tmp_path, NameScorerFactory(), Resources(cpus=8, gpus=0, nodes=1), actors=3)[0].actors == 3


def test_on_gpus_each_has_as_many_actors_as_asked_for_and_threads_are_left_alone(tmp_path: Path) -> None:
    resources = Resources(cpus=16, gpus=2, nodes=1)
    workforce, job = told(tmp_path, GpuScorerFactory(), resources)
    assert (workforce.actors, workforce.actor_gpus, job.threads) == (2, 1, None)
    workforce, _ = told(tmp_path, GpuScorerFactory(), resources, actors_per_gpu=4)
    assert (workforce.actors, workforce.actor_gpus) == (8, 0.25)


def test_a_dictionary_alone_needs_no_gpu(tmp_path: Path) -> None:
    workforce, _ = told(tmp_path, NoModel(), Resources(cpus=4, gpus=2, nodes=1))
    assert (workforce.actors, workforce.actor_gpus) == (4, 0)


@pytest.mark.parametrize("share", [1, 2])
def test_gpus_that_are_to_come_bring_cores_to_read_with(share: int) -> None:
    grown = workforce_for(16 * share, True, Resources(cpus=8, gpus=2, nodes=3, may_grow=True), share)
    whole = workforce_for(16 * share, True, Resources(cpus=64, gpus=16, nodes=17), share)
    assert grown == whole
    assert grown.readers > 8
    odd = workforce_for(3, True, Resources(cpus=5, gpus=2, nodes=3, may_grow=True))
    assert odd == workforce_for(3, True, Resources(cpus=7, gpus=3, nodes=4))

"""The Ray that a run starts for itself."""

from __future__ import annotations

import os
import time

import psutil
import ray

from openbioner_batch.engine.cluster import usable_cores


def test_an_idle_worker_waits_for_the_next_shard(ray_here: None) -> None:
    @ray.remote(num_cpus=0.9)  # Ray keeps one idle worker for each CPU that nobody holds
    class Holder:
        def ready(self) -> None: ...

    @ray.remote(num_cpus=0.01)
    def worker() -> int:
        return os.getpid()

    holders = [Holder.remote() for _ in range(usable_cores())]  # type: ignore[attr-defined]
    ray.get([holder.ready.remote() for holder in holders])
    before = ray.get(worker.remote())

    time.sleep(3)  # by default Ray ends it after one second

    assert psutil.pid_exists(before)

"""A run as a Ray job whose scorer is said to need GPUs: INPUT OUTPUT ACTORS."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import ray
from scorers import NameScorerFactory

from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings


@dataclass(frozen=True)
class GpuScorerFactory(NameScorerFactory):
    def fingerprint(self) -> dict[str, Any]:
        return {**super().fingerprint(), "device": "cuda"}


if __name__ == "__main__":
    inputs, output, actors = sys.argv[1:]
    settings = AnnotateSettings((inputs,), output, "name", actors=int(actors), shard_documents=5, ray_address="auto")
    ray.init("auto")
    ray.get(ray.remote(num_gpus=1)(lambda: 0).remote())  # as a model's device is found out on a worker that has one
    annotate(settings, GpuScorerFactory(seconds=0.5))

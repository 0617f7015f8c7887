"""A run as a Ray job whose scorer is said to need GPUs: INPUT OUTPUT ACTORS."""

from __future__ import annotations

import sys

import ray
from scorers import GpuScorerFactory

from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings

if __name__ == "__main__":
    inputs, output, actors = sys.argv[1:]
    settings = AnnotateSettings((inputs,), output, "name", actors=int(actors), shard_documents=5, ray_address="auto")
    ray.init("auto")
    ray.get(ray.remote(num_gpus=1)(lambda: 0).remote())  # as a model's device is found out on a worker that has one
    annotate(settings, GpuScorerFactory(seconds=0.5))

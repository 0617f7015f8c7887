"""Training by Ray Train: a group of workers, passes from Ray Data, and what the driver sees of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from openbioner_batch.engine.cluster import usable_cores
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import OpenBioNERError, RunFailedError
from openbioner_batch.training.display import Display
from openbioner_batch.training.hosts import CHECKPOINTS, FinishedTraining
from openbioner_batch.training.monitor import Metrics, Monitor
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import Preparation
from openbioner_batch.training.ray_host import RayTask, train_worker
from openbioner_batch.training.ray_steps import step_dataset
from openbioner_batch.training.settings import Parallel, PretrainSettings
from openbioner_batch.training.shared import SharedBatch

_POLL_S = 0.5
_FLUSH_POLLS = 20


def train_with_ray(
    preparation: Preparation,
    validation: Sequence[TaggingBatch | SharedBatch],
    cpus: int,
    store: Store,
    metrics: Metrics,
    stream: TextIO,
) -> FinishedTraining:
    """Train to the end in a group of workers, from the latest checkpoint where there is one. Ray must run.

    Raises:
        RunFailedError: workers died more often than `parallel.max_failures`.
    """
    import ray
    import ray.data
    import ray.train
    from ray.train.torch import TorchConfig, TorchTrainer

    class Trainer(TorchTrainer):
        """Leaves Ctrl-C to the command; Ray Train's own handling ends a run that was cut short with exit code 0."""

        def _register_sigint_handler(self, controller: Any) -> None: ...

    settings = preparation.settings
    parallel = settings.parallel
    monitor = ray.remote(Monitor).options(num_cpus=0).remote()
    reference = ray.put(preparation)
    parts = preparation.plan.steps * parallel.workers
    options = ray.data.ExecutionOptions(preserve_order=True)
    threads = parallel.threads or max(1, usable_cores() // parallel.workers)
    task = RayTask(settings, preparation.plan.steps, monitor, ray.put(validation), threads)
    trainer = Trainer(
        train_worker,
        train_loop_config={"task": task},
        datasets={"passes": step_dataset(reference, monitor, parts)},
        dataset_config=ray.train.DataConfig(execution_options=options),
        scaling_config=_scaling(parallel, cpus),
        torch_config=TorchConfig(backend="nccl" if parallel.on_gpu else "gloo"),
        run_config=_keeping(settings, store, validated=bool(validation) and settings.recipe.objective == "tagging"),
    )
    with _watched(monitor, metrics, Display(preparation.plan.steps, stream)):
        try:
            return _chosen(trainer.fit())
        except OpenBioNERError:
            raise
        except Exception as error:
            cause = " ".join(str(error).split())[-400:]
            raise RunFailedError(f"training stopped ({cause}); the same command resumes from its checkpoint") from error


def _scaling(parallel: Parallel, cpus: int) -> Any:
    """How many workers there are, and what each has."""
    import ray.train

    share = 1.0 if cpus > parallel.workers else 0.5 * cpus / parallel.workers  # CPU tasks prepare passes beside them
    return ray.train.ScalingConfig(
        num_workers=parallel.workers,
        use_gpu=parallel.on_gpu,
        resources_per_worker={"CPU": share, **({"GPU": 1} if parallel.on_gpu else {})},
    )


def _keeping(settings: PretrainSettings, store: Store, validated: bool) -> Any:
    """Where checkpoints lie, which of them are kept, and how many deaths of workers a run survives."""
    import ray.train

    return ray.train.RunConfig(
        name=CHECKPOINTS,
        storage_path=store.url,
        failure_config=ray.train.FailureConfig(max_failures=settings.parallel.max_failures),
        checkpoint_config=ray.train.CheckpointConfig(
            num_to_keep=settings.checkpoints.keep, checkpoint_score_attribute="f1" if validated else None
        ),
    )


@contextmanager
def _watched(monitor: Any, metrics: Metrics, display: Display) -> Iterator[None]:
    """While the block runs, entries go from the monitor into the metrics and the display."""
    import ray

    stop = threading.Event()

    def watch() -> None:
        seen = polls = 0
        while True:
            ending = stop.wait(_POLL_S)
            with suppress(ray.exceptions.RayError):
                for entry in ray.get(monitor.since.remote(seen)):
                    metrics.add(entry)
                    display.show(entry)
                    seen += 1
            polls += 1
            if ending:
                return
            if polls % _FLUSH_POLLS == 0 or metrics.cheap:
                metrics.flush()

    thread = threading.Thread(target=watch, daemon=True)
    with display:
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
            metrics.close()


def _chosen(result: Any) -> FinishedTraining:
    """The best validated checkpoint, else the latest."""
    kept = [(metrics.get("f1", -1.0), metrics["step"], checkpoint) for checkpoint, metrics in result.best_checkpoints]
    score, step, checkpoint = max(kept, key=lambda one: one[:2])
    return FinishedTraining(checkpoint.as_directory(), step, None if score < 0 else score)

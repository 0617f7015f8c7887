"""A training run from start to end: data, workers, metrics, and the published checkpoint."""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import torch

from openbioner_batch.engine.cluster import ray_connection, usable_cores
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import OpenBioNERError, RunFailedError, UsageError
from openbioner_batch.model.config import architecture_note
from openbioner_batch.model.location import MODEL_CARD
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import count_parameters
from openbioner_batch.training.card import model_card
from openbioner_batch.training.corpus import Corpus, read_corpus
from openbioner_batch.training.display import Display, draw_curves
from openbioner_batch.training.export import export_checkpoint
from openbioner_batch.training.likeness import type_likeness
from openbioner_batch.training.monitor import Metrics, Monitor
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.plan import Plan, make_plan
from openbioner_batch.training.separate import check_teacher
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.settings_file import as_plain, build
from openbioner_batch.training.sources import read_descriptions
from openbioner_batch.training.start import model_config, tokenizer_directory
from openbioner_batch.training.steps import Preparation, step_dataset
from openbioner_batch.training.trained_types import (
    merge_types,
    read_trained_types,
    types_of_sources,
    write_trained_types,
)
from openbioner_batch.training.validation import validation_batches
from openbioner_batch.training.vocabulary import TypeVocabulary, build_vocabulary
from openbioner_batch.training.worker import WorkerTask, train_worker

SETTINGS, RESULT, MODEL, CURVES, CHECKPOINTS = "settings.json", "result.json", "model", "curves.png", "checkpoints"
FREE_KEYS = ("schedule", "validation", "checkpoints", "card", "stored", "log_every", "ray_address", "storage")
"""What a resumed run may change; also `parallel.threads` and `parallel.max_failures`."""
_POLL_S = 0.5
_FLUSH_POLLS = 20


def pretrain(settings: PretrainSettings, stream: TextIO | None = None) -> dict[str, Any]:
    """Train, or go on with the run in `settings.storage`, and write its checkpoint to `storage/model`.

    Args:
        settings: what to train on, how, and where.
        stream: where progress goes; standard error by default.

    Returns:
        The facts of the finished run, as `result.json` has them. A run that is finished does nothing.

    Raises:
        UsageError: the request is wrong, or the folder holds a run with other settings.
        RunFailedError: workers died more often than `parallel.max_failures`; the same command goes on.
    """
    stream = stream or sys.stderr
    _check_packages(settings)
    store = Store(settings.storage)
    resumed = check_earlier(store, settings)
    finished = _finished(store, settings)
    if finished:
        print(f"finished: {store.url}/{MODEL}", file=stream)
        return finished
    directory = tokenizer_directory(settings)
    config = model_config(settings)
    if note := architecture_note(directory):
        print(f"note: {note}", file=stream, flush=True)
    with ray_connection(settings.ray_address) as resources:
        wanted = settings.parallel.workers
        if settings.parallel.use_gpu and resources.gpus < wanted and settings.ray_address is None:
            raise UsageError(
                f"parallel.workers is {wanted}, a GPU each, and this machine has {resources.gpus}: "
                f"lower it, or set parallel.use_gpu to false"
            )
        tokenizer = Tokenizer.from_directory(directory)
        descriptions = _descriptions(settings)
        vocabulary = _vocabulary(settings, descriptions, tokenizer)
        if vocabulary is not None and vocabulary.cut:
            print(f"{vocabulary.cut} descriptions are longer than start.description_tokens and were cut", file=stream)
        if settings.recipe.distillation:
            check_teacher(settings.recipe.distillation, tokenizer.vocabulary, config)
        batches = validation_batches(settings, descriptions, tokenizer, config)
        corpus = read_corpus(settings, tokenizer)
        mean = vocabulary.mean_tokens if vocabulary is not None else 0.0
        plan = make_plan(corpus.tokens, corpus.weights, mean, settings, 1 - config.separate_layers / config.layers)
        likeness = type_likeness(settings, vocabulary, tokenizer, store) if vocabulary is not None else None
        store.put(SETTINGS, json.dumps(as_plain(settings), indent=2).encode())
        print(
            f"{len(corpus.tokens):,} pieces, {int(corpus.tokens.sum()):,} text tokens, "
            f"{len(vocabulary.views) if vocabulary else 0:,} types; {plan.steps:,} steps, {plan.epochs:.2f} epochs",
            file=stream,
            flush=True,
        )
        metrics = Metrics(store, resumed)
        preparation = Preparation(corpus, plan, vocabulary, tokenizer, settings, config, likeness)
        result = _fit(settings, preparation, batches, resources.cpus, store, metrics, stream)
        checkpoint, step, score = _chosen(result)
        facts = _facts(settings, corpus, plan, vocabulary, metrics, step, score, count_parameters(config))
        with checkpoint.as_directory() as state, _local_folder(store, MODEL) as output:
            export_checkpoint(Path(state), output, config, directory, getattr(torch, settings.stored))
            (output / MODEL_CARD).write_text(model_card(settings, facts, directory, config), "utf-8")
            if settings.recipe.objective == "tagging":
                write_trained_types(output, _trained_types(settings, directory))
        curves = draw_curves(metrics.entries)
        if curves:
            store.put(CURVES, curves)
        store.put(RESULT, json.dumps(facts, indent=2).encode())
    print(f"finished: {store.url}/{MODEL}", file=stream, flush=True)
    return facts


def _fit(
    settings: PretrainSettings,
    preparation: Preparation,
    batches: list[Any],
    cpus: int,
    store: Store,
    metrics: Metrics,
    stream: TextIO,
) -> Any:
    import ray
    import ray.data
    import ray.train
    from ray.train.torch import TorchConfig, TorchTrainer

    class Trainer(TorchTrainer):
        """Leaves Ctrl-C to the command; Ray Train's own handling ends a run that was cut short with exit code 0."""

        def _register_sigint_handler(self, controller: Any) -> None: ...

    parallel = settings.parallel
    monitor = ray.remote(Monitor).options(num_cpus=0).remote()
    reference = ray.put(preparation)
    parts = preparation.plan.steps * parallel.workers
    options = ray.data.ExecutionOptions(preserve_order=True)
    share = 1.0 if cpus > parallel.workers else 0.5 * cpus / parallel.workers  # CPU tasks prepare passes beside them
    threads = parallel.threads or max(1, usable_cores() // parallel.workers)
    validated = bool(batches) and settings.recipe.objective == "tagging"
    task = WorkerTask(settings, preparation.plan.steps, monitor, ray.put(batches), threads)
    trainer = Trainer(
        train_worker,
        train_loop_config={"task": task},
        datasets={"passes": step_dataset(reference, monitor, parts, settings.batch.accumulation)},
        dataset_config=ray.train.DataConfig(execution_options=options),
        scaling_config=ray.train.ScalingConfig(
            num_workers=parallel.workers,
            use_gpu=parallel.use_gpu,
            resources_per_worker={"CPU": share, **({"GPU": 1} if parallel.use_gpu else {})},
        ),
        torch_config=TorchConfig(backend="nccl" if parallel.use_gpu else "gloo"),
        run_config=ray.train.RunConfig(
            name=CHECKPOINTS,
            storage_path=store.url,
            failure_config=ray.train.FailureConfig(max_failures=parallel.max_failures),
            checkpoint_config=ray.train.CheckpointConfig(
                num_to_keep=settings.checkpoints.keep, checkpoint_score_attribute="f1" if validated else None
            ),
        ),
    )
    with _watched(monitor, metrics, Display(preparation.plan.steps, stream)):
        try:
            return trainer.fit()
        except OpenBioNERError:
            raise
        except Exception as error:
            cause = " ".join(str(error).split())[-400:]
            raise RunFailedError(f"training stopped ({cause}); the same command goes on from its checkpoint") from error


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


def _descriptions(settings: PretrainSettings) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    if settings.recipe.objective == "tagging":
        for source in settings.sources:
            for kind, view, text in read_descriptions(source.path):
                found.setdefault(kind, {}).setdefault(view, text)
    return found


def _vocabulary(
    settings: PretrainSettings, descriptions: Mapping[str, Mapping[str, str]], tokenizer: Tokenizer
) -> TypeVocabulary | None:
    if settings.recipe.objective != "tagging":
        return None
    rows = ((kind, view, text) for kind, views in descriptions.items() for view, text in views.items())
    return build_vocabulary(rows, settings.recipe.views, tokenizer, settings.start.description_tokens)


def _check_packages(settings: PretrainSettings) -> None:
    """Say now what workers would fail on.

    Raises:
        UsageError: DeepSpeed is asked for and not installed.
    """
    if settings.parallel.zero_stage and not importlib.util.find_spec("deepspeed"):
        raise UsageError(
            f"parallel.zero_stage {settings.parallel.zero_stage} needs DeepSpeed: install openbioner-batch[train], "
            f"or set parallel.zero_stage to 0"
        )


def check_earlier(store: Store, settings: PretrainSettings) -> bool:
    """Whether the folder holds an earlier part of this run.

    Raises:
        UsageError: it holds another run.
    """
    try:
        kept = json.loads(store.get(SETTINGS))
    except FileNotFoundError:
        return False
    # A run of a release that knew fewer keys had what their defaults say.
    earlier, now = as_plain(build(PretrainSettings, kept)), as_plain(settings)
    for name in ("threads", "max_failures"):
        earlier["parallel"][name] = now["parallel"][name]
    for key in now:
        if key not in FREE_KEYS and earlier.get(key) != now[key]:
            raise UsageError(
                f"{store.url} holds a run whose {key} is {json.dumps(earlier.get(key))}, not {json.dumps(now[key])}: "
                f"give another storage, or the same settings"
            )
    return True


def _finished(store: Store, settings: PretrainSettings) -> dict[str, Any] | None:
    """The facts of a run that ended under the same settings; a changed schedule goes on."""
    try:
        found: dict[str, Any] = json.loads(store.get(RESULT))
        earlier = json.loads(store.get(SETTINGS))
    except FileNotFoundError:
        return None
    return found if earlier["schedule"] == as_plain(settings)["schedule"] else None


def _chosen(result: Any) -> tuple[Any, int, float | None]:
    """The best validated checkpoint, else the latest; its step and F1."""
    kept = [(metrics.get("f1", -1.0), metrics["step"], checkpoint) for checkpoint, metrics in result.best_checkpoints]
    score, step, checkpoint = max(kept, key=lambda one: one[:2])
    return checkpoint, step, None if score < 0 else score


def _facts(
    settings: PretrainSettings,
    corpus: Corpus,
    plan: Plan,
    vocabulary: TypeVocabulary | None,
    metrics: Metrics,
    step: int,
    score: float | None,
    parameters: int,
) -> dict[str, Any]:
    losses = [entry["loss"] for entry in metrics.entries if "loss" in entry]
    return {
        "steps": plan.steps,
        "epochs": plan.epochs,
        "chosen_step": step,
        "loss": losses[-1],
        "f1": score,
        "parameters": parameters,
        "types": len(vocabulary.views) if vocabulary else 0,
        "passages": corpus.counts,
        "gold_types": list(corpus.annotated) if settings.card.supervision != "silver" else [],
        "workers": settings.parallel.workers,
    }


def _trained_types(settings: PretrainSettings, start_directory: Path) -> list[TypeFacts]:
    """The types of this stage and, where it began with a tagger that lists its own, of those before it."""
    earlier = read_trained_types(start_directory) if settings.start.encoder or settings.start.checkpoint else None
    return merge_types(earlier or [], types_of_sources(source.path for source in settings.sources))


@contextmanager
def _local_folder(store: Store, name: str) -> Iterator[Path]:
    """A folder of the store to write files to: itself where it is local, else one that is uploaded afterwards."""
    if store.local:
        yield Path(store.url) / name
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)
        for path in sorted(Path(temporary).iterdir()):
            store.put(f"{name}/{path.name}", path.read_bytes())

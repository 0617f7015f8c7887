"""A training run from start to end: data, workers, metrics, and the published checkpoint."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TextIO

import torch

from openbioner_batch.engine.cluster import ray_connection
from openbioner_batch.engine.resources import Resources
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import UsageError
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.reading import architecture_note
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.settings import build, with_current_names
from openbioner_batch.training.corpus import tokenize_sources
from openbioner_batch.training.display import draw_curves
from openbioner_batch.training.hosts import FinishedTraining
from openbioner_batch.training.likeness import needs_likeness, start_vectors, type_likeness
from openbioner_batch.training.local_host import train_here
from openbioner_batch.training.material import Material, gather_material, read_material, source_types, write_material
from openbioner_batch.training.monitor import Metrics
from openbioner_batch.training.packing import TaggingBatch
from openbioner_batch.training.passes import Preparation
from openbioner_batch.training.plan import plan_training
from openbioner_batch.training.publishing import MODEL, facts_of, publish
from openbioner_batch.training.separate import check_teacher
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.settings_file import as_plain
from openbioner_batch.training.shared import SharedBatch
from openbioner_batch.training.start import model_config, tokenizer_directory, training_tokenizer
from openbioner_batch.training.validation import validation_batches
from openbioner_batch.training.vocabulary import TypeVocabulary, build_type_vocabulary

SETTINGS, RESULT, CURVES = "settings.json", "result.json", "curves.png"
FREE_KEYS = (
    "schedule",
    "validation",
    "checkpoints",
    "card",
    "output_dtype",
    "log_every",
    "ray_address",
    "output",
    "prepared",
)
"""What a resumed run may change; also `parallel.threads` and `parallel.max_failures`."""


def pretrain(settings: PretrainSettings, stream: TextIO | None = None) -> dict[str, Any]:
    """Train, or resume the run in `settings.output`, and write its checkpoint to `output/model`.

    Args:
        settings: what to train on, how, and where.
        stream: where progress goes; standard error by default.

    Returns:
        The facts of the finished run, as `result.json` has them. A run that is finished does nothing.

    Raises:
        UsageError: the request is wrong, or the folder holds a run with other settings.
        RunFailedError: workers died more often than `parallel.max_failures`; the same command resumes the run.
    """
    stream = stream or sys.stderr
    _check_packages(settings)
    store = Store(settings.output)
    resumed = check_earlier(store, settings)
    finished = _finished(store, settings)
    if finished:
        print(f"finished: {store.url}/{MODEL}", file=stream)
        return finished
    directory = tokenizer_directory(settings)
    config = model_config(settings)
    if note := architecture_note(directory):
        print(f"note: {note}", file=stream, flush=True)
    with _place(settings) as cluster:
        tokenizer = training_tokenizer(settings)
        material = _material(settings, tokenizer)
        batches = validation_batches(settings, material.validation, tokenizer, config)
        preparation = _prepared(settings, config, tokenizer, material, store, stream)
        store.put(SETTINGS, json.dumps(as_plain(settings), indent=2).encode())
        print(_amounts(preparation), file=stream, flush=True)
        metrics = Metrics(store, resumed)
        found = _train(preparation, batches, cluster, store, metrics, stream)
        facts = facts_of(preparation, found, metrics.entries)
        publish(store, preparation, found, facts, directory, material)
        curves = draw_curves(metrics.entries)
        if curves:
            store.put(CURVES, curves)
        store.put(RESULT, json.dumps(facts, indent=2).encode())
    print(f"finished: {store.url}/{MODEL}", file=stream, flush=True)
    return facts


def prepare(settings: PretrainSettings, target: str, stream: TextIO | None = None) -> None:
    """Read and tokenize what a run trains on, in this process, and write it to one file: `prepared` of its settings.

    Args:
        settings: of the run.
        target: path or URL of the file.
        stream: where a line about it goes; standard error by default.

    Raises:
        UsageError: a source cannot be read, or the file cannot be written.
    """
    stream = stream or sys.stderr
    _check_arrow("pretrain --prepare")
    model_config(settings)  # says now what the run would fail on
    tokenizer = training_tokenizer(settings)
    material = gather_material(settings, tokenizer, tokenize_sources)
    vocabulary = _vocabulary(settings, material.descriptions, tokenizer, stream)
    vectors = None
    if vocabulary is not None and needs_likeness(settings):
        vectors = start_vectors(settings, vocabulary, tokenizer)
    size = write_material(target, replace(material, types=source_types(settings), vectors=vectors), settings, tokenizer)
    tokens = material.corpus.tokens
    print(f"{target}: {len(tokens):,} pieces, {int(tokens.sum()):,} text tokens, {size >> 20:,} MiB", file=stream)


@contextmanager
def _place(settings: PretrainSettings) -> Iterator[Resources | None]:
    """Ray for the time of the run, with what it has; None where this process trains alone.

    Raises:
        UsageError: Ray has fewer GPUs than the settings request.
    """
    parallel = settings.parallel
    few = (
        f"parallel.workers is {parallel.workers}, a GPU each, and this machine has {{}}: "
        "lower it, or set parallel.devices to cpu"
    )
    if settings.in_process:
        if parallel.on_gpu and not torch.cuda.is_available():
            raise UsageError(few.format(0))
        yield None
        return
    with ray_connection(settings.ray_address) as resources:
        if parallel.on_gpu and resources.gpus < parallel.workers and settings.ray_address is None:
            raise UsageError(few.format(resources.gpus))
        yield resources


def _prepared(
    settings: PretrainSettings,
    config: ModelConfig,
    tokenizer: Tokenizer,
    material: Material,
    store: Store,
    stream: TextIO,
) -> Preparation:
    """What passes are made of: pieces, the types to query, their likeness, and the plan."""
    corpus, vocabulary = material.corpus, _vocabulary(settings, material.descriptions, tokenizer, stream)
    if settings.recipe.distillation:
        check_teacher(settings.recipe.distillation, tokenizer.vocabulary, config)
    mean = vocabulary.mean_tokens if vocabulary is not None else 0.0
    joint = 1 - config.separate_layers / config.layers
    plan = plan_training(corpus.tokens, corpus.weights, mean, settings, joint, corpus.groups(settings.batch.apart))
    likeness = None
    if vocabulary is not None:
        likeness = type_likeness(settings, vocabulary, tokenizer, store, material.vectors)
    return Preparation(corpus, plan, vocabulary, tokenizer, settings, config, likeness)


def _amounts(preparation: Preparation) -> str:
    """How much is trained on, and how long, in a line."""
    corpus, vocabulary, plan = preparation.corpus, preparation.vocabulary, preparation.plan
    seen = corpus.weights > 0
    return (
        f"{int(seen.sum()):,} pieces, {int(corpus.tokens[seen].sum()):,} text tokens, "
        f"{len(vocabulary.views) if vocabulary else 0:,} types; {plan.steps:,} steps, {plan.epochs:.2f} epochs"
    )


def _train(
    preparation: Preparation,
    validation: Sequence[TaggingBatch | SharedBatch],
    cluster: Resources | None,
    store: Store,
    metrics: Metrics,
    stream: TextIO,
) -> FinishedTraining:
    """Train to the end: by workers on Ray, or alone in this process."""
    if cluster is None:
        return train_here(preparation, validation, store, metrics, stream)
    from openbioner_batch.training.ray_run import train_with_ray

    return train_with_ray(preparation, validation, cluster.cpus, store, metrics, stream)


def _material(settings: PretrainSettings, tokenizer: Tokenizer) -> Material:
    if settings.prepared:
        return read_material(settings.prepared, settings, tokenizer)
    if settings.in_process:
        return gather_material(settings, tokenizer, tokenize_sources)
    from openbioner_batch.training import ray_corpus

    return gather_material(settings, tokenizer, ray_corpus.tokenize_sources_on_ray)


def _vocabulary(
    settings: PretrainSettings, descriptions: Mapping[str, Mapping[str, str]], tokenizer: Tokenizer, stream: TextIO
) -> TypeVocabulary | None:
    if settings.recipe.objective != "tagging":
        return None
    rows = ((kind, view, text) for kind, views in descriptions.items() for view, text in views.items())
    found = build_type_vocabulary(rows, settings.recipe.views, tokenizer, settings.start.description_tokens)
    if found.cut:
        print(f"{found.cut} descriptions are longer than start.description_tokens and were cut", file=stream)
    return found


def _check_packages(settings: PretrainSettings) -> None:
    """Say now what workers would fail on.

    Raises:
        UsageError: DeepSpeed, Ray or Arrow is needed and not installed.
    """
    if not settings.in_process and not importlib.util.find_spec("ray"):
        raise UsageError(
            "pretrain needs Ray, which is not installed here: train in one process with --executor in-process"
        )
    if not settings.prepared:
        _check_arrow("reading Parquet files")
    if settings.parallel.zero_stage and not importlib.util.find_spec("deepspeed"):
        raise UsageError(
            f"parallel.zero_stage {settings.parallel.zero_stage} needs DeepSpeed: install openbioner-batch[train], "
            f"or set parallel.zero_stage to 0"
        )


def _check_arrow(what: str) -> None:
    if not importlib.util.find_spec("pyarrow"):
        raise UsageError(
            f"{what} needs pyarrow, which is not installed here: make a file with pretrain --prepare elsewhere, "
            f"and give it with --prepared"
        )


def check_earlier(store: Store, settings: PretrainSettings) -> bool:
    """Whether the folder holds an earlier part of this run.

    Raises:
        UsageError: the folder holds another run.
    """
    try:
        kept = json.loads(store.get(SETTINGS))
    except FileNotFoundError:
        return False
    # A run of a release that knew fewer keys had what their defaults say; some keys and values had other names.
    earlier, now = as_plain(build(PretrainSettings, with_current_names(PretrainSettings, kept))), as_plain(settings)
    for name in ("threads", "max_failures"):
        earlier["parallel"][name] = now["parallel"][name]
    for key in now:
        if key not in FREE_KEYS and earlier.get(key) != now[key]:
            raise UsageError(
                f"{store.url} holds a run whose {key} is {json.dumps(earlier.get(key))}, not {json.dumps(now[key])}: "
                f"give another --output, or the same settings"
            )
    return True


def _finished(store: Store, settings: PretrainSettings) -> dict[str, Any] | None:
    """The facts of a run that ended under the same settings; a changed schedule continues."""
    try:
        found: dict[str, Any] = json.loads(store.get(RESULT))
        earlier = json.loads(store.get(SETTINGS))
    except FileNotFoundError:
        return None
    return found if earlier["schedule"] == as_plain(settings)["schedule"] else None

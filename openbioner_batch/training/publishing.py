"""What is published of a training run: the checkpoint that was chosen, with its card and the types that it has seen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from openbioner_batch.engine.store import Store
from openbioner_batch.model.location import MODEL_CARD
from openbioner_batch.model.variants import count_parameters
from openbioner_batch.training.card import model_card
from openbioner_batch.training.export import export_checkpoint
from openbioner_batch.training.gold.corpora import derived_types
from openbioner_batch.training.hosts import FinishedTraining
from openbioner_batch.training.material import Material, source_types
from openbioner_batch.training.monitor import Entry
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passes import Preparation
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.trained_types import merge_types, read_trained_types, write_trained_types

MODEL = "model"
"""The folder of a run that holds the checkpoint."""


def facts_of(preparation: Preparation, found: FinishedTraining, entries: Sequence[Entry]) -> dict[str, Any]:
    """What the card and `result.json` say of a run.

    Args:
        preparation: what was trained on.
        found: what training ended with.
        entries: of its log, one with a loss among them.
    """
    settings, corpus, vocabulary = preparation.settings, preparation.corpus, preparation.vocabulary
    marked = corpus.annotated if settings.card.supervision != "silver" else ()
    derived = derived_types()
    losses = [entry["loss"] for entry in entries if "loss" in entry]
    return {
        "steps": preparation.plan.steps,
        "epochs": preparation.plan.epochs,
        "chosen_step": found.step,
        "loss": losses[-1],
        "f1": found.f1,
        "parameters": count_parameters(preparation.config),
        "types": len(vocabulary.views) if vocabulary else 0,
        "passages": corpus.counts,
        "gold_types": [name for name in marked if name not in derived],
        "derived_types": [name for name in marked if name in derived],
        "workers": settings.parallel.workers,
    }


def publish(
    store: Store,
    preparation: Preparation,
    found: FinishedTraining,
    facts: Mapping[str, Any],
    start_directory: Path,
    material: Material,
) -> None:
    """Write the checkpoint to `model/`.

    Args:
        store: the run's folder.
        preparation: what was trained on.
        found: what training ended with.
        facts: for the card.
        start_directory: of the weights or the vocabulary that training began with.
        material: of this stage.
    """
    settings, config = preparation.settings, preparation.config
    with found.checkpoint as state, _local_folder(store, MODEL) as output:
        export_checkpoint(Path(state), output, config, start_directory, getattr(torch, settings.output_dtype))
        (output / MODEL_CARD).write_text(model_card(settings, facts, start_directory, config), "utf-8")
        if settings.recipe.objective == "tagging":
            write_trained_types(output, _trained_types(settings, start_directory, material))


def _trained_types(settings: PretrainSettings, start_directory: Path, material: Material) -> list[TypeFacts]:
    """The types of this stage and, where it began with a tagger that lists its own, of those before it."""
    earlier = read_trained_types(start_directory) if settings.start.encoder or settings.start.checkpoint else None
    return merge_types(earlier or [], source_types(settings) if material.types is None else material.types)


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

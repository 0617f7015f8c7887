"""The similarity of types for the model before training: the mean states of their descriptions."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence

import numpy as np
import torch

from openbioner_batch.catalog.views import NAME_VIEW
from openbioner_batch.engine.store import Store
from openbioner_batch.model.checkpoint import checkpoint_digest
from openbioner_batch.model.device import resolve_dtype
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.models import Model
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.material import Vectors
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.start import starting_model, tokenizer_directory
from openbioner_batch.training.vocabulary import Likeness, TypeVocabulary

FILE = "likeness.npy"
_TOGETHER = 128
"""How many descriptions are in a batch."""


def type_likeness(
    settings: PretrainSettings,
    vocabulary: TypeVocabulary,
    tokenizer: Tokenizer,
    store: Store,
    ready: Vectors | None = None,
) -> Likeness | None:
    """The likeness of the vocabulary's types; None where the recipe does not use it.

    It is kept in the run's folder, so that a resumed run, maybe on another machine, gets the same vectors.

    Args:
        settings: of the run.
        vocabulary: the types.
        tokenizer: of the model.
        store: the run's folder.
        ready: vectors that were computed before; taken if they are those of this start and these types.
    """
    above = settings.recipe.near_above
    if above is None or not needs_likeness(settings):
        return None
    try:
        vectors = np.load(io.BytesIO(store.get(FILE)), allow_pickle=False)
    except FileNotFoundError:
        if ready is None or ready.key != vectors_key(settings, vocabulary):
            ready = start_vectors(settings, vocabulary, tokenizer)
        vectors = ready.rows
        stored = io.BytesIO()
        np.save(stored, vectors)
        store.put(FILE, stored.getvalue())
    return Likeness(vectors, above)


def needs_likeness(settings: PretrainSettings) -> bool:
    """Whether the recipe uses it."""
    recipe = settings.recipe
    return recipe.near_above is not None and (recipe.shared_types is not None or recipe.negatives.beyond > 0)


def start_vectors(settings: PretrainSettings, vocabulary: TypeVocabulary, tokenizer: Tokenizer) -> Vectors:
    """The descriptions' vectors by the model that training starts from."""
    rows = description_vectors(starting_model(settings), vocabulary, tokenizer)
    return Vectors(vectors_key(settings, vocabulary), rows)


def vectors_key(settings: PretrainSettings, vocabulary: TypeVocabulary) -> str:
    """A digest of what `start_vectors` depend on, independent of the start's location."""
    start = settings.start
    described = resolve_checkpoint(start.description_encoder) if start.description_encoder else None
    shape = (start.variant, start.separate_layers, start.projection, start.shared_encoder, settings.seed)
    digests = [checkpoint_digest(folder) for folder in (tokenizer_directory(settings), described) if folder]
    views = [[kind, list(views.items())] for kind, views in vocabulary.views.items()]
    return hashlib.sha256(json.dumps([shape, digests, views]).encode()).hexdigest()


def description_vectors(model: Model, vocabulary: TypeVocabulary, tokenizer: Tokenizer) -> np.ndarray:
    """[types, hidden] float16 of unit length: the mean state of each type's first view other than the name."""
    told = [
        [ids for view, ids in views.items() if view != NAME_VIEW] or list(views.values())
        for views in vocabulary.views.values()
    ]
    return text_vectors(model, [views[0] for views in told], tokenizer)


@torch.inference_mode()
def text_vectors(model: Model, descriptions: Sequence[Sequence[int]], tokenizer: Tokenizer) -> np.ndarray:
    """[texts, hidden] float16 of unit length: the mean state of each description.

    Args:
        model: a late-interaction model, or one that reads texts alone.
        descriptions: vocabulary indices of each.
        tokenizer: for its special tokens.
    """
    encoder = model.description_encoder if isinstance(model, LateEncoder) else model
    encoder.eval()
    texts = [[tokenizer.cls, *ids, tokenizer.sep] for ids in descriptions]
    vectors = np.zeros((len(texts), encoder.config.hidden), np.float16)
    order = np.argsort([len(ids) for ids in texts], kind="stable")
    dtype = getattr(torch, resolve_dtype("auto", "cpu"))
    for first in range(0, len(order), _TOGETHER):
        some = order[first : first + _TOGETHER]
        lengths = torch.tensor([len(texts[place]) for place in some])
        token_ids = torch.zeros(len(some), int(lengths.max()), dtype=torch.int64)
        for row, place in enumerate(some):
            token_ids[row, : lengths[row]] = torch.tensor(texts[place])
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            states = encoder.read_alone(token_ids, lengths, encoder.config.layers).float()
        real = torch.arange(token_ids.shape[1]) < lengths[:, None]
        mean = (states * real[..., None]).sum(1) / lengths[:, None]
        vectors[some] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return vectors

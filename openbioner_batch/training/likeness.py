"""How alike types are to the model before it is trained: the mean states of their descriptions."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch

from openbioner_batch.engine.store import Store
from openbioner_batch.model.checkpoint import Model
from openbioner_batch.model.device import resolve_dtype
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.exposure import Likeness
from openbioner_batch.training.settings import PretrainSettings
from openbioner_batch.training.start import starting_model
from openbioner_batch.training.vocabulary import NAME_VIEW, TypeVocabulary

FILE = "likeness.npy"
_TOGETHER = 128
"""Descriptions in a batch."""


def type_likeness(
    settings: PretrainSettings, vocabulary: TypeVocabulary, tokenizer: Tokenizer, store: Store
) -> Likeness | None:
    """The likeness of the vocabulary's types; None where the recipe has no use for it.

    It is kept in the run's folder, so that a resumed run, maybe on another machine, has the very same.
    """
    recipe = settings.recipe
    if recipe.shared_types is None or recipe.near_above is None:
        return None
    try:
        vectors = np.load(io.BytesIO(store.get(FILE)), allow_pickle=False)
    except FileNotFoundError:
        vectors = description_vectors(starting_model(settings), vocabulary, tokenizer)
        stored = io.BytesIO()
        np.save(stored, vectors)
        store.put(FILE, stored.getvalue())
    return Likeness(vectors, recipe.near_above)


def description_vectors(model: Model, vocabulary: TypeVocabulary, tokenizer: Tokenizer) -> np.ndarray:
    """[types, hidden] float16 of unit length: the mean state of each type's first view that is more than a name."""
    told = [
        [ids for view, ids in views.items() if view != NAME_VIEW] or list(views.values())
        for views in vocabulary.views.values()
    ]
    return text_vectors(model, [views[0] for views in told], tokenizer)


@torch.inference_mode()
def text_vectors(model: Model, descriptions: Sequence[Sequence[int]], tokenizer: Tokenizer) -> np.ndarray:
    """[texts, hidden] float16 of unit length: the mean state of each description.

    Args:
        model: a late-interaction model, or one that reads a text alone.
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

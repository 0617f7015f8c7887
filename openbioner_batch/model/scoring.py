"""Logits of words: the pairs of windows and types through the encoder, and what its heads say where words begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model.batching import Batch, batches
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.prepare import DescribedType, Prepared
from openbioner_batch.model.tokens import Tokenizer


@torch.inference_mode()
def score_group(
    model: CrossEncoder, tokenizer: Tokenizer, prepared: Prepared, types: Sequence[DescribedType], token_budget: int
) -> np.ndarray:
    """The logits of every word for one group of types.

    Returns:
        float32 [words, 1 + types]. Column 0 (no entity) is the maximum of what the text-only pass and every type's
        pass say against an entity; column k is the evidence of the k-th type's pass.
    """
    device = next(model.parameters()).device
    logits = np.full((len(prepared.word_tokens), 1 + len(types)), -np.inf, np.float32)
    bounds = prepared.window_bounds
    # Words of window w are [first[w], first[w + 1]); `logits` also asks for [CLS], one place before the first window.
    first = np.searchsorted(prepared.word_tokens, bounds)
    first[0] = 0
    read = np.flatnonzero(np.diff(first))
    heads = {name: getattr(model, name) for name in ("evidence", "against", "background")}
    weights = torch.cat([heads[name].weight for name in heads]).float()
    biases = torch.cat([heads[name].bias for name in heads]).float()
    descriptions = np.array([len(kind.description) for kind in types], np.int64)
    for batch in batches(np.diff(bounds)[read], descriptions, token_budget):
        batch = Batch(batch.length, read[batch.windows], batch.columns)
        rows, places, words = _places(batch, prepared, first)
        hidden = model(*(part.to(device) for part in _inputs(batch, prepared, types, tokenizer)))
        read_states = hidden[torch.from_numpy(rows).to(device), torch.from_numpy(places).to(device)].float()
        evidence, against, background = F.linear(read_states, weights, biases).T.cpu().numpy()
        columns = batch.columns[rows]
        alone = columns == 0
        negative = np.where(alone, background, against)
        np.maximum.at(logits[:, 0], words, negative)
        logits[words[~alone], columns[~alone]] = evidence[~alone]
    return logits


def _places(batch: Batch, prepared: Prepared, first: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every word read from a batch: its row, its place in the row, and its index among all words."""
    counts = first[batch.windows + 1] - first[batch.windows]
    rows = np.repeat(np.arange(len(counts)), counts)
    words = np.arange(counts.sum()) + np.repeat(first[batch.windows] - np.cumsum(counts) + counts, counts)
    places = prepared.word_tokens[words] - prepared.window_bounds[batch.windows][rows] + 1  # [CLS] stands first
    return rows, places, words


def _inputs(
    batch: Batch, prepared: Prepared, types: Sequence[DescribedType], tokenizer: Tokenizer
) -> tuple[Tensor, Tensor, Tensor]:
    token_ids = np.zeros((len(batch.windows), batch.length), np.int64)
    segments = np.zeros_like(token_ids)
    lengths = np.zeros(len(batch.windows), np.int64)
    token_ids[:, 0] = tokenizer.cls
    for row, (window, column) in enumerate(zip(batch.windows.tolist(), batch.columns.tolist(), strict=True)):
        start, stop = prepared.window_bounds[window], prepared.window_bounds[window + 1]
        end = 1 + stop - start
        token_ids[row, 1:end] = prepared.token_ids[start:stop]
        lengths[row] = end
        if column:
            description = types[column - 1].description
            lengths[row] = end + len(description) + 2
            token_ids[row, end] = tokenizer.sep
            token_ids[row, end + 1 : lengths[row] - 1] = description
            token_ids[row, lengths[row] - 1] = tokenizer.sep
            segments[row, end : lengths[row]] = 1
    return torch.from_numpy(token_ids), torch.from_numpy(segments), torch.from_numpy(lengths)

"""Scores words with an encoder of separate layers: all groups of types at once, since they share the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from openbioner_batch.errors import is_out_of_memory
from openbioner_batch.model.batching import batches
from openbioner_batch.model.placing import HostTransfer
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.scoring import Windows, copy_repeats
from openbioner_batch.model.split import SplitEncoder, Tail
from openbioner_batch.model.tokens import Tokenizer


def score_groups(
    encoder: SplitEncoder,
    tokenizer: Tokenizer,
    windows: Windows,
    words: int,
    groups: Sequence[Sequence[DescribedType]],
    token_budget: int,
) -> list[np.ndarray]:
    """The logits of every word for each group of types; arguments and results as of `scoring.score_group`."""
    logits = [np.full((words, 1 + len(group)), -np.inf, np.float32) for group in groups]
    of_groups = [[(tokenizer.sep, *kind.description, tokenizer.sep) for kind in group] for group in groups]
    tails = list(dict.fromkeys(tail for group in of_groups for tail in group))
    numbers = {tail: number for number, tail in enumerate(tails)}
    columns = [np.array([numbers[tail] for tail in group], np.int64) for group in of_groups]
    texts = [np.append(tokenizer.cls, text).astype(np.int64) for text in windows.texts]
    call = _Call(encoder, texts, windows.places, tails)
    under_way: list[PendingWindows] = []
    for batch in batches(np.array([len(text) - 1 for text in texts], np.int64), np.zeros(0, np.int64), token_budget):
        chosen = np.concatenate([block.windows for block in batch.blocks])
        under_way += call.compute(chosen, token_budget)
        # results are read one batch later, so that a GPU computes while the next batch is laid out
        while len(under_way) > 1:
            _store_logits(call, windows, *under_way.pop(0), columns, logits, token_budget)
    for waiting in under_way:
        _store_logits(call, windows, *waiting, columns, logits, token_budget)
    for of_group in logits:
        copy_repeats(windows, of_group)
    return logits


PendingWindows = tuple[np.ndarray, HostTransfer]
"""Windows given to the encoder, and its heads' outputs."""


class _Call:
    """Some texts and descriptions to score."""

    def __init__(
        self, encoder: SplitEncoder, texts: Sequence[np.ndarray], places: Sequence[np.ndarray], tails: Sequence[Tail]
    ) -> None:
        self._encoder, self._texts, self._places, self._tails = encoder, texts, places, tails

    def compute(self, chosen: np.ndarray, token_budget: int, shifted: bool = False) -> list[PendingWindows]:
        """Some windows with the heads' outputs; in parts if memory runs out."""
        texts, places = ([part[window] for window in chosen.tolist()] for part in (self._texts, self._places))
        try:
            heads = self._encoder(texts, places, self._tails, token_budget, shifted)
            return [(chosen, HostTransfer(heads))]
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error) or (len(chosen) == 1 and token_budget <= len(texts[0])):
                raise
        if self._encoder.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(chosen) == 1:
            return self.compute(chosen, token_budget // 2, shifted)
        return [found for half in _halves(chosen) for found in self.compute(half, token_budget, shifted)]


def _halves(chosen: np.ndarray) -> Iterator[np.ndarray]:
    yield chosen[: len(chosen) // 2]
    yield chosen[len(chosen) // 2 :]


def _store_logits(
    call: _Call,
    windows: Windows,
    chosen: np.ndarray,
    heads: HostTransfer,
    columns: Sequence[np.ndarray],
    logits: Sequence[np.ndarray],
    token_budget: int,
) -> None:
    """Write the heads' outputs for some windows to the logits of their words."""
    found = heads.numpy()
    if not np.isfinite(found).all():
        for part, again in call.compute(chosen, token_budget, shifted=True):
            _write(windows, part, again.numpy(), columns, logits)
    else:
        _write(windows, chosen, found, columns, logits)


def _write(
    windows: Windows,
    chosen: np.ndarray,
    found: np.ndarray,
    columns: Sequence[np.ndarray],
    logits: Sequence[np.ndarray],
) -> None:
    words = np.concatenate([windows.first_words[w] + np.arange(len(windows.places[w])) for w in chosen.tolist()])
    evidence, against = found
    for of_types, of_group in zip(columns, logits, strict=True):
        of_group[words, 0] = np.maximum(against[0], against[1 + of_types].max(0, initial=-np.inf))
        of_group[words, 1:] = evidence[1 + of_types].T

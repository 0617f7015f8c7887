"""Scores words: runs the pairs of windows and types through the encoder, and reads its heads where words begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from openbioner_batch.errors import is_out_of_memory
from openbioner_batch.model.batching import Batch, batches
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.layout import Layout, lay_out
from openbioner_batch.model.placing import HostTransfer
from openbioner_batch.model.prepared import DescribedType, Prepared
from openbioner_batch.model.tokens import Tokenizer

PendingBatch = tuple[Batch, Layout, HostTransfer]
"""A batch given to the encoder, and its results."""


class DeviceEncoder(Protocol):
    """An encoder: computes its heads' outputs for the read tokens of a layout, as [., reads]."""

    @property
    def device(self) -> torch.device:
        """The device of the weights."""

    def __call__(self, layout: Layout, shifted: bool = False) -> Tensor:
        """The heads' outputs; `shifted` as for `attention.attend`."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The distinct windows of some texts; equal ones are computed once.

    Attributes:
        texts: [distinct] token ids of each.
        places: [distinct] which of its tokens are read: 0 for `[CLS]`, else one more than the index.
        first_words: [distinct] the index, among all words, of each one's first.
        copies: [windows, 2] for each window that is read, its first word and the distinct one that it equals.
        repeats: [all windows] whether it equals an earlier one.
    """

    texts: tuple[np.ndarray, ...]
    places: tuple[np.ndarray, ...]
    first_words: np.ndarray
    copies: np.ndarray
    repeats: np.ndarray


def find_windows(prepared: Prepared) -> Windows:
    """The windows with words, equal ones once."""
    bounds = prepared.window_bounds
    # words of window w are [first[w], first[w + 1]); `logits` also reads [CLS], one position before the first window
    first = np.searchsorted(prepared.word_tokens, bounds)
    first[0] = 0
    texts: list[np.ndarray] = []
    places: list[np.ndarray] = []
    first_words: list[int] = []
    copies: list[tuple[int, int]] = []
    repeats = np.zeros(len(bounds) - 1, np.bool_)
    known: dict[tuple[bytes, bytes], int] = {}
    for window in np.flatnonzero(np.diff(first)).tolist():
        text = prepared.token_ids[bounds[window] : bounds[window + 1]]
        words = slice(first[window], first[window + 1])
        place = prepared.word_tokens[words] - bounds[window] + 1
        number = known.setdefault((text.tobytes(), place.tobytes()), len(texts))
        if number == len(texts):
            texts.append(text)
            places.append(place)
            first_words.append(words.start)
        else:
            repeats[window] = True
        copies.append((words.start, number))
    origins = np.array(copies, np.int64).reshape(-1, 2)
    return Windows(tuple(texts), tuple(places), np.array(first_words, np.int64), origins, repeats)


def score_group(
    encoder: InferenceEncoder,
    tokenizer: Tokenizer,
    windows: Windows,
    words: int,
    types: Sequence[DescribedType],
    token_budget: int,
) -> np.ndarray:
    """The logits of every word for one group of types.

    Args:
        encoder: the model.
        tokenizer: for its special tokens.
        windows: the windows to read.
        words: the number of words in all texts.
        types: queried together.
        token_budget: tokens of one batch.

    Returns:
        float32 [words, 1 + types]. Column 0 (no entity) is the maximum of what the text-only pass and every type's
        pass say against an entity; column k is the evidence of the k-th type's pass.
    """
    logits = np.full((words, 1 + len(types)), -np.inf, np.float32)
    texts = [np.append(tokenizer.cls, text) for text in windows.texts]
    tails = [np.array([tokenizer.sep, *kind.description, tokenizer.sep], np.int64) for kind in types]
    window_tokens = np.array([len(text) - 1 for text in texts], np.int64)
    description_tokens = np.array([len(tail) - 2 for tail in tails], np.int64)
    planned = batches(window_tokens, description_tokens, token_budget)
    for batch, layout, found in run_batches(encoder, planned, lambda one: lay_out(one, texts, windows.places, tails)):
        _store_logits(windows, batch, layout, found, logits)
    copy_repeats(windows, logits)
    return logits


def run_batches(
    encoder: DeviceEncoder, planned: Iterable[Batch], arrange: Callable[[Batch], Layout]
) -> Iterator[tuple[Batch, Layout, np.ndarray]]:
    """The encoder's outputs for each batch, as [., reads]; computed by halves if memory runs out.

    Outputs that are not finite are computed again with attention that guards against scores beyond the range of floats.
    """
    under_way: list[PendingBatch] = []
    for batch in planned:
        under_way += _encode(encoder, batch, arrange)
        # results are read one batch later, so that a GPU computes while the next batch is laid out
        while len(under_way) > 1:
            yield _collect(encoder, *under_way.pop(0))
    for waiting in under_way:
        yield _collect(encoder, *waiting)


def copy_repeats(windows: Windows, found: np.ndarray) -> None:
    """Copy to the words of windows that equal earlier ones the values of those; `found` is [words, .]."""
    for first_word, number in windows.copies.tolist():
        original, count = int(windows.first_words[number]), len(windows.places[number])
        if first_word != original:
            found[first_word : first_word + count] = found[original : original + count]


def _encode(
    encoder: DeviceEncoder, batch: Batch, arrange: Callable[[Batch], Layout]
) -> list[tuple[Batch, Layout, HostTransfer]]:
    layout = arrange(batch)
    try:
        return [(batch, layout, HostTransfer(encoder(layout)))]
    except (MemoryError, RuntimeError) as error:
        halves = batch.halves()
        if not (halves and is_out_of_memory(error)):
            raise
    if encoder.device.type == "cuda":
        torch.cuda.empty_cache()
    return [found for half in halves for found in _encode(encoder, half, arrange)]


def _collect(
    encoder: DeviceEncoder, batch: Batch, layout: Layout, heads: HostTransfer
) -> tuple[Batch, Layout, np.ndarray]:
    found = heads.numpy()
    if not np.isfinite(found).all():
        found = encoder(layout, shifted=True).cpu().numpy()
    return batch, layout, found


def _store_logits(windows: Windows, batch: Batch, layout: Layout, found: np.ndarray, logits: np.ndarray) -> None:
    """Write the heads' outputs for a batch to the logits of its windows' words."""
    for group in layout.groups:
        column = batch.columns[group.column]
        for row, window in enumerate(batch.blocks[group.block].windows.tolist()):
            start, count = group.read_start + row * group.reads, len(windows.places[window])
            evidence, against, background = found[:, start : start + count]
            into = logits[windows.first_words[window] :][:count]
            np.maximum(into[:, 0], against if column else background, out=into[:, 0])
            if column:
                into[:, column] = evidence

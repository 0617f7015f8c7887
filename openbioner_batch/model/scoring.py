"""Logits of words: the pairs of windows and types through the encoder, and what its heads say where words begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from openbioner_batch.errors import is_want_of_memory
from openbioner_batch.model.batching import Batch, batches
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.layout import Layout, lay_out
from openbioner_batch.model.prepare import DescribedType, Prepared
from openbioner_batch.model.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of some texts that are unlike each other; copies are computed once.

    Attributes:
        texts: [unlike] token ids of each.
        places: [unlike] which of its tokens are read: 0 for `[CLS]`, else one more than the index.
        first_words: [unlike] the index, among all words, of each one's first.
        copies: [windows, 2] for each window that is read, its first word and which of the unlike it equals.
        repeats: [all windows] whether an equal one comes before it.
    """

    texts: tuple[np.ndarray, ...]
    places: tuple[np.ndarray, ...]
    first_words: np.ndarray
    copies: np.ndarray
    repeats: np.ndarray


def find_windows(prepared: Prepared) -> Windows:
    """The windows that hold words, equal ones once."""
    bounds = prepared.window_bounds
    # Words of window w are [first[w], first[w + 1]); `logits` also asks for [CLS], one place before the first window.
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
        windows: what is to be read.
        words: how many words all texts have.
        types: asked together.
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
    under_way: list[tuple[Batch, Layout, Tensor]] = []
    for planned in batches(window_tokens, description_tokens, token_budget):
        under_way += _encode(encoder, planned, texts, windows.places, tails)
        # One batch behind: a GPU computes while the next is laid out.
        while len(under_way) > 1:
            _collect(encoder, windows, *under_way.pop(0), logits)
    for waiting in under_way:
        _collect(encoder, windows, *waiting, logits)
    for first_word, number in windows.copies.tolist():
        original, count = int(windows.first_words[number]), len(windows.places[number])
        if first_word != original:
            logits[first_word : first_word + count] = logits[original : original + count]
    return logits


def _encode(
    encoder: InferenceEncoder,
    batch: Batch,
    texts: Sequence[np.ndarray],
    places: Sequence[np.ndarray],
    tails: Sequence[np.ndarray],
) -> list[tuple[Batch, Layout, Tensor]]:
    """A batch's heads; where memory does not suffice, those of its halves."""
    layout = lay_out(batch, texts, places, tails)
    try:
        return [(batch, layout, encoder(layout))]
    except (MemoryError, RuntimeError) as error:
        halves = batch.halves()
        if not (halves and is_want_of_memory(error)):
            raise
    if encoder.device.type == "cuda":
        torch.cuda.empty_cache()
    return [found for half in halves for found in _encode(encoder, half, texts, places, tails)]


def _collect(
    encoder: InferenceEncoder, windows: Windows, batch: Batch, layout: Layout, heads: Tensor, logits: np.ndarray
) -> None:
    """Enter what a batch says into the logits of its windows' words."""
    found = heads.cpu().numpy()
    if not np.isfinite(found).all():
        found = encoder(layout, shifted=True).cpu().numpy()
    for stretch in layout.stretches:
        column = batch.columns[stretch.column]
        for row, window in enumerate(batch.blocks[stretch.block].windows.tolist()):
            start, count = stretch.read_start + row * stretch.reads, len(windows.places[window])
            evidence, against, background = found[:, start : start + count]
            into = logits[windows.first_words[window] :][:count]
            np.maximum(into[:, 0], against if column else background, out=into[:, 0])
            if column:
                into[:, column] = evidence

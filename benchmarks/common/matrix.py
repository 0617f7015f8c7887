"""The matrix rate of a device, and the operations that tagging cannot do without: together, the least time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from openbioner_batch.model import ModelConfig, Prepared

TOKENS = {"cpu": (512, 2048), "cuda": (4096, 16384, 65536)}
"""Rows of the products that are timed; the rate is that of the fastest."""
REPEATS = 5


def matrix_rate(config: ModelConfig, dtype: str, device: str) -> float:
    """Operations per second of matrix products in the shapes of one layer's weights, at their fastest.

    A product of [tokens, in] and [in, out] counts 2 * tokens * in * out operations. Each of the four shapes (query, key
    and value; attention output; up; down) is timed by itself, the best of five, so no other work is in the rate: as a
    plain product, and with the weights laid out as the encoder has them. The faster way counts.
    """
    import torch

    from openbioner_batch.model.linear import linear

    hidden, inner = config.hidden, config.intermediate
    shapes = ((hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden))
    number_format = getattr(torch, dtype)
    best = 0.0
    for tokens in TOKENS[device.partition(":")[0]]:
        plain = packed = 0.0
        for rows, columns in shapes:
            left, weight = (torch.randn(n, rows, device=device).to(number_format) for n in (tokens, columns))
            transposed = weight.T.contiguous()
            product = linear(weight, torch.zeros(columns), number_format, device)
            plain += _seconds(partial(torch.matmul, other=transposed), left)
            packed += _seconds(product, left)
        best = max(best, 2 * tokens * sum(rows * columns for rows, columns in shapes) / min(plain, packed))
    return best


def _seconds(product: Callable[[Tensor], Tensor], left: Tensor) -> float:
    """The least time of some calls."""
    import torch

    times = []
    for _ in range(1 + REPEATS):
        _wait(left)
        began = perf_counter()
        with torch.inference_mode():
            product(left)
        _wait(left)
        times.append(perf_counter() - began)
    return min(times)


def _wait(tensor: Tensor) -> None:
    if tensor.device.type == "cuda":
        import torch

        torch.cuda.synchronize()


@dataclass(frozen=True, slots=True)
class Work:
    """What tagging some prepared texts takes, whoever does it.

    Attributes:
        pairs: (window, type) pairs, the passes without a description not counted.
        tokens: real tokens of all sequences that go through the joint layers; where no layers join, of the texts.
        model_operations: of every layer over all of its tokens, as "model FLOPs" are counted.
        least_operations: of what exact results need: the last layer has queries only at words' first subwords, and what
            the first joint layer makes of `[CLS] text` by itself is the same for every type.
    """

    pairs: int
    tokens: int
    model_operations: float
    least_operations: float


def work_of(prepared: Prepared, config: ModelConfig) -> Work:
    """The work in tagging `prepared`; a window that comes again counts once.

    Operations are two for each multiplication and addition: a token meets 4 h^2 weights in attention's projections and
    2 h i in the feed-forward part, and 2 h for each token that it attends to (h hidden, i intermediate). Separate
    layers are counted once for each text and once for each description.
    """
    texts, words = _distinct_windows(prepared)
    texts = texts + 1  # [CLS]
    windows = len(prepared.window_bounds) - 1
    if config.separate_layers:
        tails = {kind.description for group in prepared.groups for kind in group}
        described = np.array([len(tail) + 2.0 for tail in tails])  # and two special tokens
        tokens, whole, least = operations(config, texts, words, described)
        return Work(windows * len(described), tokens, whole, least)
    tokens, pairs, whole, least = 0, 0, 0.0, 0.0
    for group in prepared.groups:
        described = np.array([len(kind.description) + 2.0 for kind in group])
        more = operations(config, texts, words, described)
        tokens, whole, least = tokens + more[0], whole + more[1], least + more[2]
        pairs += windows * len(group)
    return Work(pairs, tokens, whole, least)


def operations(
    config: ModelConfig, texts: np.ndarray, words: np.ndarray, described: np.ndarray
) -> tuple[int, float, float]:
    """Tokens, model operations and least operations (see `Work`) of some texts with each of some descriptions.

    Args:
        config: of the model.
        texts: [windows] tokens of each, `[CLS]` included.
        words: [windows] that are read of each.
        described: [types] tokens of each description, its special tokens included.
    """
    hidden, separate, joint = config.hidden, config.separate_layers, config.layers - config.separate_layers
    square, feed, attend = hidden**2, 2 * hidden * config.intermediate, 2 * hidden

    def layer(tokens: np.ndarray) -> float:
        return float(2 * ((4 * square + feed) * tokens + attend * tokens**2).sum())

    def last(tokens: np.ndarray, read: np.ndarray) -> float:
        """Keys and values everywhere; queries, their output and the feed-forward part where a word is read."""
        return float(2 * (2 * square * tokens + (2 * square + feed) * read + attend * read * tokens).sum())

    if not joint:
        vectors = config.late.projection
        products = 2 * vectors * (hidden * (words.sum() + len(described)) + words.sum() * len(described))
        apart = layer(described) * separate
        whole = layer(texts) * separate + apart + products
        return int(texts.sum()), whole, layer(texts) * (separate - 1) + last(texts, words) + apart + products
    sequences = texts[:, None] + np.append(0.0, described)[None, :]
    read = np.broadcast_to(words[:, None], sequences.shape)
    apart = separate * (layer(texts) + layer(described))
    whole = apart + joint * layer(sequences)
    again = len(described) * 2 * (3 * square * texts + attend * texts**2).sum()  # a text's projections, and itself
    least = apart + (joint - 1) * layer(sequences) + last(sequences, read) - (again if joint > 1 else 0.0)
    if separate:  # projections of descriptions, once for all texts
        each = 3 if joint > 1 else 2
        least -= 2 * each * square * described.sum() * (len(texts) - 1)
    if separate and joint == 1:  # of texts, keys and values; of words, queries and what they gather from their texts
        least -= len(described) * 2 * (2 * square * texts + square * words + attend * words * texts).sum()
    return int(sequences.sum()), whole, float(least)


def _distinct_windows(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Text tokens, and words that are read, of each window that is not a copy of an earlier one."""
    bounds = prepared.window_bounds
    read = np.diff(np.searchsorted(prepared.word_tokens, bounds))
    first: dict[bytes, int] = {}
    for number, (low, high) in enumerate(pairwise(bounds)):
        first.setdefault(prepared.token_ids[low:high].tobytes(), number)
    kept = list(first.values())
    return np.diff(bounds)[kept].astype(np.float64), read[kept].astype(np.float64)

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
        tokens: real tokens of all passes, those without a description included.
        model_operations: of every layer over all of `tokens`, as "model FLOPs" are counted.
        least_operations: of what exact results need: the last layer asks only at words' first subwords, and what the
            first layer makes of `[CLS] text` by itself is the same for every type.
    """

    pairs: int
    tokens: int
    model_operations: float
    least_operations: float


def work_of(prepared: Prepared, config: ModelConfig) -> Work:
    """The work in tagging `prepared`; a window that comes again counts once.

    Operations are two for each multiplication and addition: a token meets 4 h^2 weights in attention's projections and
    2 h i in the feed-forward part, and 2 h for each token that it attends to (h hidden, i intermediate).
    """
    hidden, inner, layers = config.hidden, config.intermediate, config.layers
    bounds = prepared.window_bounds
    texts, words = _distinct_windows(prepared)
    tokens, pairs, whole, least = 0, 0, 0.0, 0.0
    for group in prepared.groups:
        described = np.array([len(kind.description) + 2 for kind in group], np.float64)  # and two [SEP]
        lengths = 1 + texts[:, None] + np.append(0.0, described)[None, :]
        read = np.broadcast_to(words[:, None], lengths.shape)
        project, attend = 4 * hidden**2 + 2 * hidden * inner, 2 * hidden
        layer = 2 * (project * lengths + attend * lengths**2)
        # Keys and values everywhere; queries, their output and the feed-forward part where a word is read.
        last = 2 * (2 * hidden**2 * lengths + (2 * hidden**2 + 2 * hidden * inner) * read + attend * read * lengths)
        of_texts = 2 * (3 * hidden**2 * (1 + texts) + attend * (1 + texts) ** 2)
        tokens += int(lengths.sum())
        pairs += (len(bounds) - 1) * len(group)
        whole += layers * layer.sum()
        least += (layers - 1) * layer.sum() + last.sum() - of_texts.sum() * len(group)
    return Work(pairs, tokens, float(whole), float(least))


def _distinct_windows(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Text tokens, and words that are read, of each window that is not a copy of an earlier one."""
    bounds = prepared.window_bounds
    read = np.diff(np.searchsorted(prepared.word_tokens, bounds))
    first: dict[bytes, int] = {}
    for number, (low, high) in enumerate(pairwise(bounds)):
        first.setdefault(prepared.token_ids[low:high].tobytes(), number)
    kept = list(first.values())
    return np.diff(bounds)[kept].astype(np.float64), read[kept].astype(np.float64)

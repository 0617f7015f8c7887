"""Character trigrams of the words of normalised texts, for many texts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SPACE, _BREAK = 32, 10
_BITS = 21
"""Of a code point, so that three of them are a number of 63 bits."""


def trigrams(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The distinct trigrams of texts, each word with a space before and after it.

    Args:
        texts: forms with single spaces between.

    Returns:
        Trigrams as numbers, and which text each is of; sorted by text, then number.
    """
    joined = "".join(f"\n {text} " for text in texts) + "\n"
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    owners = np.cumsum(points == _BREAK)[:-2] - 1
    first, middle, last = points[:-2], points[1:-1], points[2:]
    good = (first != _BREAK) & (middle != _BREAK) & (last != _BREAK) & (middle != _SPACE)
    codes = (first[good] << (2 * _BITS)) | (middle[good] << _BITS) | last[good]
    return _distinct(codes, owners[good])


def _distinct(codes: np.ndarray, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((codes, owners))
    codes, owners = codes[order], owners[order]
    is_new = np.ones(codes.size, bool)
    is_new[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    return codes[is_new], owners[is_new]

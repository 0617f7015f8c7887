"""The names nearest to a mention by the vectors of an encoder: for mentions of which no name shares the words."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbioner_batch.concepts.index_file import build_command
from openbioner_batch.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.model.text_vectors import TextEncoder

VECTORS, ENCODER = "name_vectors", "encoder"
"""What an index calls the vectors of its names, and what it says of their encoder."""
_NAMES_AT_ONCE, _MENTIONS_AT_ONCE = 1 << 13, 256
"""Of names, also when they are encoded."""


def encode_names(names: Sequence[str], encoder: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The vectors of names, and what an index says of them.

    Args:
        names: in the order of their numbers.
        encoder: as `TextEncoder.from_pretrained` takes it.

    Returns:
        float16 [names x size] in a row, by `VECTORS`; and the encoder's name and digest, by `ENCODER`.

    Raises:
        CheckpointError: it is no encoder.
    """
    from openbioner_batch.model.text_vectors import TextEncoder

    found = TextEncoder.from_pretrained(encoder)
    vectors = np.zeros((len(names), found.size), np.float16)
    for start in range(0, len(names), _NAMES_AT_ONCE):
        vectors[start : start + _NAMES_AT_ONCE] = found.vectors(names[start : start + _NAMES_AT_ONCE])
    path = os.path.expanduser(encoder)
    name = os.path.abspath(path) if os.path.isdir(path) else encoder
    return {VECTORS: vectors.ravel()}, {ENCODER: {"name": name, "digest": found.digest}}


class NearestVectors:
    """Finds names near to mentions by an encoder that is loaded when first used.

    The names' vectors stay in the file, of which processes share the pages; 8,192 of them at a time are compared with
    256 mentions, in some 25 MiB.
    """

    def __init__(self, vocabulary: Vocabulary, most: int) -> None:
        """Prepare for an index that was built with an encoder.

        Args:
            vocabulary: the index.
            most: the most names for a mention.
        """
        self._vocabulary = vocabulary
        self._vectors = vocabulary.arrays[VECTORS].reshape(vocabulary.names, -1)
        self._is_short = vocabulary.arrays["name_short"].astype(bool)
        self._most = min(most, vocabulary.names)

    def find(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        """For each text the nearest names that are no abbreviations, and their cosines above 0, the nearest first.

        Raises:
            UsageError: the encoder is not there, or another one is.
        """
        for start in range(0, len(texts), _MENTIONS_AT_ONCE):
            yield from self._find(texts[start : start + _MENTIONS_AT_ONCE])

    @functools.cached_property
    def _encoder(self) -> TextEncoder:
        return _loaded(encoder_directory(self._vocabulary))

    def _find(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        import torch

        with _one_thread():
            wanted = self._encoder.vectors(texts)
            best, numbers = [], []
            for start in range(0, len(self._vectors), _NAMES_AT_ONCE):
                names = torch.from_numpy(self._vectors[start : start + _NAMES_AT_ONCE].astype(np.float32))
                cosines = torch.from_numpy(wanted) @ names.T
                cosines[:, torch.from_numpy(self._is_short[start : start + _NAMES_AT_ONCE])] = -1
                top = cosines.topk(min(self._most, len(names)))
                best.append(top.values)
                numbers.append(top.indices + start)
            nearest = torch.cat(best, 1).topk(self._most).indices
            found = torch.cat(numbers, 1).gather(1, nearest).sort().values.numpy()
        for vector, some in zip(wanted, found, strict=True):
            yield self._exactly(vector, some)

    def _exactly(self, vector: np.ndarray, names: np.ndarray) -> list[tuple[int, float]]:
        """Names and their cosines, by sums that do not depend on what else was compared at once."""
        names = names[~self._is_short[names]]
        vectors = self._vectors[names].astype(np.float64)
        cosines = (vectors * vector).sum(1) / np.sqrt((vectors**2).sum(1))
        order = np.argsort(-cosines, kind="stable")
        return [(int(names[at]), float(cosines[at])) for at in order if cosines[at] > 0]


def encoder_directory(vocabulary: Vocabulary) -> Path:
    """Where the encoder lies that an index was built with: as it was named then, or beside the index.

    Raises:
        UsageError: it is at neither place, or another one is.
    """
    from openbioner_batch.model.checkpoint import checkpoint_digest
    from openbioner_batch.model.location import resolve_checkpoint

    name, digest = vocabulary.about[ENCODER]["name"], vocabulary.about[ENCODER]["digest"]
    places = [name, os.path.join(os.path.dirname(os.path.abspath(vocabulary.path)), os.path.basename(name))]
    others = []
    for place in places if os.path.isabs(name) else [name]:
        try:
            directory = resolve_checkpoint(place)
        except CheckpointError:
            continue
        if checkpoint_digest(directory) == digest:
            return directory
        others.append(place)
    again = build_command(vocabulary.about, vocabulary.path)
    what = f"{others[0]} is another model" if others else f"there is none at {' or '.join(places)}"
    raise UsageError(
        f"the index {vocabulary.path} needs the encoder that it was built with, and {what}: put it back, or build the "
        f"index again by `{again}`, or without --encoder"
    )


@functools.lru_cache(maxsize=4)
def _loaded(directory: Path) -> TextEncoder:
    from openbioner_batch.model.text_vectors import TextEncoder

    return TextEncoder.from_pretrained(directory)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread of torch, since several processes of a machine may link; then as many as before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""What takes the place of a model's encoder where the cost of all else is measured: it takes no time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.late_inference import LateInference

WORDS_A_SPAN = 64
"""One word in so many is a span of a type: with five types about as many as the bundled model finds in abstracts."""


class StubEncoder:
    """Says of every word at once what a real one would have to compute."""

    def __init__(self, device: str, config: ModelConfig) -> None:
        import torch

        self.config = config
        self.device = torch.device(device)
        self._heads = torch.full((3, 1 << 20), -4.0)
        self._heads[1:] = 0.0  # against an entity
        self._heads[0, ::WORDS_A_SPAN] = 4.0

    def __call__(self, layout: Any, shifted: bool = False) -> Any:
        """The same made-up logits for every batch, cut to its read tokens."""
        return self._heads[:, : len(layout.read)]


class StubLate(LateInference):
    """The same in late interaction: at fixed steps a word has the vector that all descriptions have."""

    def __init__(self, device: str, config: ModelConfig) -> None:
        import torch

        self.config = config
        self.device = torch.device(device)
        self._scale, self._bias = 8.0, -4.0
        self._words = np.zeros((1 + config.late.projection, 0), np.float32)

    def __call__(self, layout: Any, shifted: bool = False) -> Any:
        """Vectors of words, of which every `WORDS_A_SPAN`-th is one that all types accept."""
        import torch

        if (words := len(layout.read)) > self._words.shape[1]:
            self._words = np.zeros((1 + self.config.late.projection, words), np.float32)
            self._words[1, ::WORDS_A_SPAN] = 1.0
        return torch.from_numpy(self._words[:, :words])

    def describe(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """The same vector for every description."""
        vectors = np.zeros((len(descriptions), self.config.late.projection), np.float32)
        vectors[:, 0] = 1.0
        return vectors


def stub_for(tagger: Tagger) -> StubEncoder | StubLate:
    """What takes the place of a tagger's encoder.

    Raises:
        UsageError: the model separates some of its layers, for which there is no stub.
    """
    config = tagger.encoder.config
    if 0 < config.separate_layers < config.layers:
        raise UsageError("--stub-encoder: there is no stub of a model some of whose layers are separate; give another")
    return (StubLate if config.is_late else StubEncoder)(tagger.device, config)

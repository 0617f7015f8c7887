"""Turns short texts, such as names, into vectors of unit length: the mean of an encoder's last states."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.checkpoint import checkpoint_digest, load_backbone, load_model
from openbioner_batch.model.config import LateSettings, read_raw_config
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.model.tokens import Tokenizer

MOST_TOKENS = 48
"""The most tokens of a text; longer ones are cut. Longer names are rare, and their ends add little."""
_TOGETHER = 16
"""The size of a batch of texts of one length, which is constant, since products of other shapes round differently."""


class TextEncoder:
    """Computes vectors of texts, on the CPU in float32. A text's vector does not depend on the texts beside it.

    Args:
        model: a late-interaction model, of which the part that reads descriptions is used.
        tokenizer: of its checkpoint.
        directory: the checkpoint's.
    """

    def __init__(self, model: Model, tokenizer: Tokenizer, directory: Path) -> None:
        config = model.config
        self.size = config.late.projection
        """The size of a vector."""
        self._encoder = by_name(config.architecture).arrange(model, torch.float32, "cpu")
        self._tokenizer = tokenizer
        self._most = min(MOST_TOKENS, config.windows.description_tokens)
        self._directory = directory

    @classmethod
    def from_pretrained(cls, path_or_id: str | Path) -> TextEncoder:
        """An encoder from a late-interaction checkpoint, or from a plain encoder such as all-MiniLM-L6-v2.

        Args:
            path_or_id: "bundled-open", a directory, or a hub id.

        Raises:
            CheckpointError: no checkpoint is found, or it is of neither kind.
        """
        directory = resolve_checkpoint(path_or_id)
        return cls(_late_model(directory), load_tokenizer(directory), directory)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the checkpoint."""
        return checkpoint_digest(self._directory)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """The vector of each text: float32 [texts, size]."""
        tokenizer = self._tokenizer
        readable = [text.encode("utf-8", "replace").decode() for text in texts]  # lone surrogates become question marks
        sequences = [(tokenizer.cls, *tokenizer.ids(text)[: self._most], tokenizer.sep) for text in readable]
        by_length: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
        for one in dict.fromkeys(sequences):
            by_length[len(one)].append(one)
        found: dict[tuple[int, ...], np.ndarray] = {}
        for length, group in by_length.items():
            for start in range(0, len(group), _TOGETHER):
                some = group[start : start + _TOGETHER]
                filled = [*some, *some[-1:] * (_TOGETHER - len(some))]
                budget = 2 * _TOGETHER * length  # one batch has them all
                found.update(zip(some, self._encoder.read_descriptions(filled, budget), strict=False))
        return np.array([found[one] for one in sequences], np.float32).reshape(len(sequences), self.size)


def _late_model(directory: Path) -> Model:
    """The checkpoint's model; a plain encoder gets an identity as projection.

    Raises:
        CheckpointError: the checkpoint is a cross-encoder, or not a model.
    """
    config = read_config(directory)
    if config.is_late:
        return load_model(directory)
    if any("Tagger" in str(name) for name in read_raw_config(directory).get("architectures") or ()):
        raise CheckpointError(
            f"{directory}: a cross-encoder, which reads descriptions only with texts; expected a late-interaction "
            "model such as bundled-open, or a plain encoder"
        )
    config = dataclasses.replace(
        config, separate_layers=config.layers, late=LateSettings(config.hidden, shared_encoder=True)
    )
    return load_backbone(directory, config, seed=0).eval()

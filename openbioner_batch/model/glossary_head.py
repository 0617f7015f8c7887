"""The weights that compare what a glossary says of names with the descriptions of types.

Late interaction of tokens (ColBERT, Khattab and Zaharia 2020): each token of a description looks for its most similar
one in all that is said of a name. A name fits where the tokens that carry the description's meaning all find one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from openbioner_batch.errors import CheckpointError

STEEPEST = 60.0
"""The largest factor of similarities."""
_WEIGHTS = ("query", "gloss", "weight", "weight_bias", "scale", "scale_bias")


@dataclass(frozen=True, slots=True)
class Queries:
    """Descriptions as the head compares them with statements.

    Attributes:
        tokens: float32 [tokens, size] of all descriptions, each of unit length.
        weights: float32 [types, tokens] the share of each token in its description's meaning, 0 for others' tokens.
        factor, added: float32 [types] what makes a logit of the weighted similarity.
    """

    tokens: np.ndarray
    weights: np.ndarray
    factor: np.ndarray
    added: np.ndarray


@dataclass(frozen=True, slots=True)
class GlossaryHead:
    """The weights, and the tokens of the checkpoint's own statements.

    Attributes:
        query: [size, hidden] for the states of descriptions' tokens.
        gloss: [size, hidden] for the states of statements' tokens.
        weight: [hidden] how much a description's token matters, before a softplus.
        weight_bias: [1] its constant.
        scale: [2, hidden] the logarithm of the factor of the similarity, and what is added, from the mean state.
        scale_bias: [2] constants of these.
        tokens: int8 [tokens, size] the directions of statements' tokens, as `project` gives them, in the order of
            `Glossary.statements`.
        counts: int16 [statements] how many tokens are of each.
    """

    query: np.ndarray
    gloss: np.ndarray
    weight: np.ndarray
    weight_bias: np.ndarray
    scale: np.ndarray
    scale_bias: np.ndarray
    tokens: np.ndarray
    counts: np.ndarray

    def queries(self, states: Sequence[np.ndarray]) -> Queries:
        """Descriptions from the states of their tokens, [tokens, hidden] each."""
        every = np.concatenate(states)
        weights = np.zeros((len(states), len(every)), np.float32)
        of_token = np.logaddexp(0, every @ self.weight + self.weight_bias)
        means = unit(np.stack([of_one.mean(0) for of_one in states]))
        end = 0
        for row, of_one in enumerate(states):
            start, end = end, end + len(of_one)
            weights[row, start:end] = of_token[start:end] / of_token[start:end].sum()
        log_factor, added = self.scale @ means.T + self.scale_bias[:, None]
        return Queries(unit(every @ self.query.T), weights, np.minimum(np.exp(log_factor), STEEPEST), added)

    def project(self, states: np.ndarray) -> np.ndarray:
        """The directions of statements' tokens, float32 [tokens, size], from their states."""
        return unit(states @ self.gloss.T)

    @classmethod
    def read(cls, path: Path, hidden: int) -> GlossaryHead:
        """The head of a checkpoint whose states have this width.

        Raises:
            CheckpointError: the file is damaged, or the head is of another model.
        """
        try:
            stored = load_file(path)
            of_statements = {name: stored.pop(name) for name in ("tokens", "counts")}
            head = cls(**{name: part.astype(np.float32) for name, part in stored.items()}, **of_statements)
        except Exception as error:  # safetensors has an exception of its own for each kind of damage
            raise CheckpointError(f"{path}: not the head of a glossary ({type(error).__name__})") from None
        size = head.query.shape[0]
        expected = ((size, hidden), (size, hidden), (hidden,), (1,), (2, hidden), (2,))
        shapes = tuple(getattr(head, name).shape for name in _WEIGHTS)
        counted = head.counts.dtype == np.int16 and head.counts.ndim == 1 and head.counts.min(initial=0) >= 0
        finite = all(np.isfinite(getattr(head, name)).all() for name in _WEIGHTS)
        if not counted or not finite or head.tokens.dtype != np.int8:
            raise CheckpointError(f"{path}: not the head of a glossary; get the checkpoint anew")
        if shapes != expected or head.tokens.shape != (head.counts.sum(), size):
            raise CheckpointError(f"{path}: the head of a glossary for another model; expected states of {hidden}")
        return head

    def write(self, path: Path) -> None:
        """Store the head, its weights as float16."""
        weights = {name: np.ascontiguousarray(getattr(self, name), np.float16) for name in _WEIGHTS}
        save_file({**weights, "tokens": np.ascontiguousarray(self.tokens), "counts": self.counts}, path)


def as_int8(directions: np.ndarray) -> np.ndarray:
    """Rows as int8, each as long as it can be: [rows, size]."""
    largest = np.maximum(np.abs(directions).max(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.round(directions / largest * 127), np.int8)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of unit length, float32; those of zeros stay."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)

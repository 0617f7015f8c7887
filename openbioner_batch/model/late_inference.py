"""Late interaction for inference: computes the vectors of words once, and caches those of descriptions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model.batching import batches
from openbioner_batch.model.inference import InferenceStack
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.layout import Layout, lay_out
from openbioner_batch.model.placing import place
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.scoring import Windows, copy_repeats, run_batches
from openbioner_batch.model.tokens import Tokenizer

_TYPES_AT_ONCE = 64
"""The fewest columns of one product of words and types, since each product reads all words' vectors."""


class DescriptionEncoder(Protocol):
    """The part of a late-interaction model that reads descriptions."""

    def describe(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """A vector for each description, given as token ids, in passes of at most `token_budget` tokens."""

    def evidence(self, words: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
        """The logits of words for descriptions, by the vectors of both."""


class KnownEvidence(Protocol):
    """What is known of names in the texts that are scored."""

    plain_types: Collection[DescribedType]
    """Types that are found without it."""

    def add(self, evidence: np.ndarray, background: np.ndarray, descriptions: Sequence[tuple[int, ...]]) -> np.ndarray:
        """Evidence, [words, types], with what is known; by the score of no entity and the descriptions' token ids."""


class LateInference:
    """A `LateEncoder`'s weights on one device in one number format, only for inference.

    Args:
        model: the module.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
        compiled: whether torch's compiler fuses what it can.
    """

    def __init__(self, model: LateEncoder, dtype: torch.dtype, device: str, compiled: bool = False) -> None:
        self.config = model.config
        self.device = torch.device(device)
        self._text = InferenceStack(model.text, dtype, device, compiled)
        shared = model.config.late.shared_encoder
        own = model.description_encoder
        self._description = self._text if shared else InferenceStack(own, dtype, device, compiled)
        of_words = torch.cat([model.text_projection.weight, model.background.weight]).detach()
        self._of_words = of_words.to(device, torch.float32)
        self._of_descriptions = model.description_projection.weight.detach().to(device, torch.float32)
        self._background_bias = float(model.background.bias.detach())
        self._scale, self._bias = float(model.log_scale.detach().exp()), float(model.bias.detach())
        self._vectors: dict[tuple[int, ...], np.ndarray] = {}

    @torch.inference_mode()
    def __call__(self, layout: Layout, shifted: bool = False) -> Tensor:
        """The scores and vectors of the read tokens of texts.

        Args:
            layout: of texts alone, its ids those of the vocabulary.
            shifted: see `InferenceEncoder`.

        Returns:
            float32 [1 + projection, reads]: the score of no entity, and the vector of unit length.
        """
        placed = place(layout, self.device)
        hidden = self._text.finish(0, *self._text.embed(placed), placed, shifted)
        vectors, background = F.linear(hidden, self._of_words).split([self.config.late.projection, 1], 1)
        return torch.cat([background + self._background_bias, F.normalize(vectors, dim=-1)], 1).T

    def describe(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """The vectors of `[CLS] description [SEP]`, float32 [descriptions, projection]; each is computed once.

        Args:
            descriptions: vocabulary indices, special tokens included.
            token_budget: of those that are read together.
        """
        if new := [one for one in dict.fromkeys(descriptions) if one not in self._vectors]:
            self._vectors.update(zip(new, self.read_descriptions(new, token_budget), strict=True))
        return np.stack([self._vectors[one] for one in descriptions])

    def read_descriptions(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """As `describe`, but without a cache, for very many descriptions."""
        vectors = np.zeros((len(descriptions), self.config.late.projection), np.float32)
        for places, states in self._read_alone(descriptions, token_budget):
            projected = F.linear(states.mean(1), self._of_descriptions)
            vectors[places] = F.normalize(projected, dim=-1).cpu().numpy()
        return vectors

    def description_states(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> list[np.ndarray]:
        """The last states of descriptions' tokens but the first and the last, float32 [tokens, hidden] each."""
        found: dict[int, np.ndarray] = {}
        for places, states in self._read_alone(descriptions, token_budget):
            found |= dict(zip(places.tolist(), states[:, 1:-1].cpu().numpy(), strict=True))
        return [found[place] for place in range(len(descriptions))]

    @torch.inference_mode()
    def _read_alone(
        self, descriptions: Sequence[tuple[int, ...]], token_budget: int
    ) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Descriptions of one length at a time: their indices, and [descriptions, length, hidden] their last states."""
        rows = [np.array(one, np.int64) for one in descriptions]
        lengths = np.array([len(row) for row in rows], np.int64)
        for batch in batches(lengths - 1, np.zeros(0, np.int64), token_budget):
            layout = lay_out(batch, rows, [np.zeros(1, np.int64)] * len(rows), ())
            hidden, _ = self._description.read_alone(layout, self.config.layers, shifted=False)
            if not hidden.isfinite().all():
                hidden, _ = self._description.read_alone(layout, self.config.layers, shifted=True)
            for group in layout.groups:
                states = hidden[group.start : group.start + group.sequences * group.length]
                yield batch.blocks[group.block].windows, states.unflatten(0, (group.sequences, group.length))

    def evidence(self, words: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
        """The evidence for each described type at each word: float32 [words, types]."""
        return cosine_evidence(words, descriptions, self._scale, self._bias)


def cosine_evidence(words: np.ndarray, descriptions: np.ndarray, scale: float, bias: float) -> np.ndarray:
    """Scaled cosines of vectors of unit length, float32 [words, types]."""
    cosines = torch.from_numpy(words) @ torch.from_numpy(descriptions).T
    return cosines.mul_(scale).add_(bias).numpy()


def score_late(
    encoder: LateInference,
    tokenizer: Tokenizer,
    windows: Windows,
    words: int,
    groups: Sequence[Sequence[DescribedType]],
    token_budget: int,
    known: KnownEvidence | None = None,
) -> Iterator[np.ndarray]:
    """The logits of every word for each group of types; arguments and results as of `scoring.score_group`.

    `known` are the names of a glossary in the texts.
    """
    found = np.zeros((words, 1 + encoder.config.late.projection), np.float32)
    texts = [np.append(tokenizer.cls, text) for text in windows.texts]
    window_tokens = np.array([len(text) - 1 for text in texts], np.int64)
    planned = batches(window_tokens, np.zeros(0, np.int64), token_budget)
    for batch, layout, vectors in run_batches(encoder, planned, lambda one: lay_out(one, texts, windows.places, ())):
        for group in layout.groups:
            for row, window in enumerate(batch.blocks[group.block].windows.tolist()):
                start, count = group.read_start + row * group.reads, len(windows.places[window])
                found[windows.first_words[window] :][:count] = vectors[:, start : start + count].T
    copy_repeats(windows, found)
    yield from late_logits(encoder, tokenizer, found, groups, token_budget, known)


def late_logits(
    encoder: DescriptionEncoder,
    tokenizer: Tokenizer,
    found: np.ndarray,
    groups: Sequence[Sequence[DescribedType]],
    token_budget: int,
    known: KnownEvidence | None = None,
) -> Iterator[np.ndarray]:
    """The logits of every word for each group of types, from `found`: [words, 1 + projection].

    What a description excludes is read as a description of its own, and counts against its type: where it is found, the
    type is not.
    """
    background, vectors = found[:, :1], np.ascontiguousarray(found[:, 1:])

    def evidence_for(descriptions: Mapping[int, tuple[int, ...]], kinds: Sequence[DescribedType]) -> np.ndarray:
        tails = [(tokenizer.cls, *one, tokenizer.sep) for one in descriptions.values()]
        evidence = encoder.evidence(vectors, encoder.describe(tails, token_budget))
        if known:
            of = [place for place, kind in enumerate(descriptions) if kinds[kind] not in known.plain_types]
            if of:
                evidence[:, of] = known.add(evidence[:, of], background, [tails[place] for place in of])
        return evidence

    for some in _portions(groups):
        kinds = [kind for group in some for kind in group]
        described = {place: kind.description for place, kind in enumerate(kinds)}
        evidence = evidence_for(described, kinds) if kinds else found[:, :0]
        without = {place: kind.excluded for place, kind in enumerate(kinds) if kind.excluded}
        if without:
            against = 2 * background - evidence_for(without, kinds)
            evidence[:, list(without)] = np.minimum(evidence[:, list(without)], against)
        bounds = np.cumsum([len(group) for group in some])[:-1]
        for of_group in np.split(evidence, bounds, axis=1):
            yield np.concatenate([background, of_group], axis=1)


def _portions(groups: Sequence[Sequence[DescribedType]]) -> Iterator[list[Sequence[DescribedType]]]:
    """Joins neighbouring groups to `_TYPES_AT_ONCE` types or more."""
    portion: list[Sequence[DescribedType]] = []
    for group in groups:
        portion.append(group)
        if sum(map(len, portion)) >= _TYPES_AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion

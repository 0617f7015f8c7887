"""Late interaction: a text is read once, a description is one vector, and a type costs a dot product a word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import Encoder, PaddedSequences

FIRST_SCALE, FIRST_BIAS = 10.0, -4.0
"""Initial values: a cosine of 0.4 outweighs no entity, since most types are absent from most words."""


class LateEncoder(nn.Module):
    """Reads `[CLS] text` and, separately, `[CLS] description [SEP]`; every layer is separate.

    A description's vector is the projected mean of all its states, a word's the projected state of its first subword,
    both of unit length. The evidence for a type is `exp(log_scale)` times their cosine plus `bias`; `background`
    scores no entity and depends on the text alone. Whether types compete is `config.late.competing`: the probability of
    a type is its share of a softmax over no entity and all types queried, or over no entity and itself. Encoders of
    other architectures read both with special tokens of their own.
    """

    def __init__(self, config: ModelConfig, encoder: Callable[[ModelConfig], Any] = Encoder) -> None:
        super().__init__()
        self.config = config
        self.text = encoder(config)
        if not config.late.shared_encoder:
            self.description = encoder(config)
        self.head_dropout = nn.Dropout(config.head_dropout)
        self.text_projection = nn.Linear(config.hidden, config.late.projection, bias=False)
        self.description_projection = nn.Linear(config.hidden, config.late.projection, bias=False)
        self.background = nn.Linear(config.hidden, 1)
        self.log_scale = nn.Parameter(torch.full((1,), math.log(FIRST_SCALE)))
        self.bias = nn.Parameter(torch.full((1,), FIRST_BIAS))

    @property
    def description_encoder(self) -> Any:
        """The encoder that reads descriptions."""
        return self.text if self.config.late.shared_encoder else self.description

    def read(self, texts: Sequence[PaddedSequences], descriptions: Sequence[PaddedSequences]) -> tuple[Tensor, Tensor]:
        """The last states of `[CLS] text`, and the vectors of `[CLS] description [SEP]`.

        Args:
            texts: all at segment 0 and position 0, as descriptions are.
            descriptions: at least one.

        Returns:
            [slots, hidden], the places of all texts one after another (values at padded ones are meaningless), and
            float32 [types, projection], each of unit length.
        """
        layers = self.config.layers
        if self.config.late.shared_encoder:
            both = self.text.read_together([*texts, *descriptions], layers)
            slots = sum(part.token_ids.numel() for part in texts)
            states, described = both.split([slots, len(both) - slots])
        else:
            states = self.text.read_together(texts, layers)
            described = self.description.read_together(descriptions, layers)
        sizes = [part.token_ids.numel() for part in descriptions]
        means = [_means(own, part) for own, part in zip(described.split(sizes), descriptions, strict=True)]
        vectors = self._project(self.head_dropout(torch.cat(means)), self.description_projection)
        return self.head_dropout(states), vectors

    def type_scores(self, states: Tensor, descriptions: Tensor) -> tuple[Tensor, Tensor]:
        """The scores of words' states for described types.

        Args:
            states: [words, hidden], each of a word's first subword, as `read` gives them.
            descriptions: [types, projection], as `read` gives them.

        Returns:
            float32 [words, types] evidence for each type, and float32 [words] for no entity.
        """
        vectors = self._project(states.float(), self.text_projection)
        with torch.autocast(states.device.type, enabled=False):
            evidence = self.log_scale.float().exp() * (vectors @ descriptions.T) + self.bias.float()
            background = F.linear(states.float(), self.background.weight.float(), self.background.bias.float())
        return evidence, background[:, 0]

    def forward(self, text: Tensor, text_length: Tensor, descriptions: Tensor, lengths: Tensor) -> Tensor:
        """Logits of every token of padded texts for every description.

        Returns:
            float32 [texts, length, 1 + types]: column 0 for no entity, in the layout of `CrossEncoder`'s logits.
        """
        states, vectors = self.read([PaddedSequences(text, text_length)], [PaddedSequences(descriptions, lengths)])
        evidence, background = self.type_scores(states, vectors)
        return torch.cat([background[:, None], evidence], 1).unflatten(0, text.shape)

    def start_projections(self, seed: int) -> None:
        """The same matrix with orthogonal rows for words and descriptions: their cosines start as the encoders' own."""
        size, width = self.text_projection.weight.shape
        drawn = torch.randn(max(size, width), min(size, width), generator=torch.Generator().manual_seed(seed))
        matrix = torch.eye(width) if size == width else torch.linalg.qr(drawn)[0]
        matrix = matrix if matrix.shape == (size, width) else matrix.T
        for projection in (self.text_projection, self.description_projection):
            projection.weight.data.copy_(matrix)

    def _project(self, states: Tensor, projection: nn.Linear) -> Tensor:
        with torch.autocast(states.device.type, enabled=False):
            return F.normalize(F.linear(states, projection.weight.float()), dim=-1)


def _means(states: Tensor, part: PaddedSequences) -> Tensor:
    """float32 [sequences, hidden] means of the real tokens' states."""
    real = torch.arange(part.token_ids.shape[1], device=states.device) < part.lengths[:, None]
    total = (states.float().view(*part.token_ids.shape, -1) * real[..., None]).sum(1)
    return total / part.lengths[:, None]

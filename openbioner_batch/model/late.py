"""Late interaction: a text is read once, a description is one vector, and a type costs a dot product a word."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import Encoder

FIRST_SCALE, FIRST_BIAS = 10.0, -4.0
"""Before training: a cosine of 0.4 outweighs no entity, and most types are absent from most words."""


class LateEncoder(nn.Module):
    """Reads `[CLS] text` and, apart, `[CLS] description [SEP]`; every layer is separate.

    A description's vector is the projected mean of all its states, a word's the projected state of its first subword,
    both of unit length. The evidence for a type is `exp(log_scale)` times their cosine plus `bias`; `background` speaks
    for no entity and depends on the text alone. Whether types compete is `config.late.competing`: the probability of a
    type is its share of a softmax over no entity and all types asked, or over no entity and itself.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.text = Encoder(config)
        if not config.late.shared_encoder:
            self.description = Encoder(config)
        self.head_dropout = nn.Dropout(config.head_dropout)
        self.text_projection = nn.Linear(config.hidden, config.late.projection, bias=False)
        self.description_projection = nn.Linear(config.hidden, config.late.projection, bias=False)
        self.background = nn.Linear(config.hidden, 1)
        self.log_scale = nn.Parameter(torch.full((1,), math.log(FIRST_SCALE)))
        self.bias = nn.Parameter(torch.full((1,), FIRST_BIAS))

    @property
    def description_encoder(self) -> Encoder:
        """The encoder that reads descriptions."""
        return self.text if self.config.late.shared_encoder else self.description

    def read_texts(self, token_ids: Tensor, lengths: Tensor) -> Tensor:
        """The last states of `[CLS] text`.

        Args:
            token_ids: [texts, length] vocabulary indices, padded at the end.
            lengths: [texts] real lengths.

        Returns:
            [texts, length, hidden]; what stands at padded places means nothing.
        """
        return self.head_dropout(self.text.read_alone(token_ids, lengths, self.config.layers))

    def read_descriptions(self, token_ids: Tensor, lengths: Tensor) -> Tensor:
        """The vectors of `[CLS] description [SEP]`, each of unit length.

        Args:
            token_ids: [types, length] vocabulary indices, padded at the end.
            lengths: [types] real lengths.

        Returns:
            [types, projection] float32.
        """
        states = self.description_encoder.read_alone(token_ids, lengths, self.config.layers)
        real = torch.arange(token_ids.shape[1], device=token_ids.device) < lengths[:, None]
        total = (states.float() * real[..., None]).sum(1)
        return self._project(self.head_dropout(total / lengths[:, None]), self.description_projection)

    def judge(self, states: Tensor, descriptions: Tensor) -> tuple[Tensor, Tensor]:
        """What words' states say of described types.

        Args:
            states: [words, hidden], each of a word's first subword, as `read_texts` gives them.
            descriptions: [types, projection], as `read_descriptions` gives them.

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
            float32 [texts, length, 1 + types]: column 0 for no entity, as `CrossEncoder`'s logits are laid out.
        """
        states = self.read_texts(text, text_length)
        evidence, background = self.judge(states.flatten(0, 1), self.read_descriptions(descriptions, lengths))
        return torch.cat([background[:, None], evidence], 1).unflatten(0, states.shape[:2])

    def start_projections(self, seed: int) -> None:
        """The same matrix with orthogonal rows for words and descriptions: their cosines begin as the encoders' own."""
        size, width = self.text_projection.weight.shape
        drawn = torch.randn(max(size, width), min(size, width), generator=torch.Generator().manual_seed(seed))
        matrix = torch.eye(width) if size == width else torch.linalg.qr(drawn)[0]
        matrix = matrix if matrix.shape == (size, width) else matrix.T
        for projection in (self.text_projection, self.description_projection):
            projection.weight.data.copy_(matrix)

    def _project(self, states: Tensor, projection: nn.Linear) -> Tensor:
        with torch.autocast(states.device.type, enabled=False):
            return F.normalize(F.linear(states, projection.weight.float()), dim=-1)

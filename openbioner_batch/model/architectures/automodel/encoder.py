"""The modules: an encoder of `transformers`, and the published heads on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from openbioner_batch.model.architectures.automodel.shape import transformers_config
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import PaddedSequences


class AutoEncoder(nn.Module):
    """An encoder of `AutoModel`, with the interface of `encoder.Encoder`; all of its layers are separate, or none."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        from transformers import AutoModel

        assert config.backbone is not None
        described = transformers_config(config.backbone, config.encoder_dropout)
        self.config = config
        self.backbone: Any = AutoModel.from_config(described)
        if hasattr(self.backbone, "pooler"):
            self.backbone.pooler = None  # unused
        self._padding = int(described.pad_token_id or 0)
        self._has_segments = config.segments > 1

    @property
    def token_embedding(self) -> Any:
        """The embedding of vocabulary indices."""
        return self.backbone.get_input_embeddings()

    def states(self, token_ids: Tensor, segments: Tensor | None, lengths: Tensor) -> Tensor:
        """The last hidden states.

        Args:
            token_ids: [batch, length] vocabulary indices with special tokens; those from `lengths` on are ignored.
            segments: [batch, length] token types; None is 0 for all. Ignored where the encoder has none.
            lengths: [batch] real lengths.

        Returns:
            [batch, length, hidden]; 0 at padded places.
        """
        real = torch.arange(token_ids.shape[1], device=token_ids.device) < lengths[:, None]
        inputs = {"input_ids": token_ids.masked_fill(~real, self._padding), "attention_mask": real.long()}
        if self._has_segments:
            inputs["token_type_ids"] = torch.zeros_like(token_ids) if segments is None else segments
        states: Tensor = self.backbone(**inputs).last_hidden_state
        return states.masked_fill(~real[..., None], 0.0)  # attention without keys may give NaN

    def read_alone(self, token_ids: Tensor, lengths: Tensor, layers: int) -> Tensor:
        """The last hidden states of texts or descriptions alone; `layers` is all of them."""
        assert layers == self.config.layers
        return self.states(token_ids, None, lengths)

    def read_together(self, parts: Sequence[PaddedSequences], layers: int) -> Tensor:
        """As `read_alone`, for sequences of many lengths: [slots, hidden], all parts one after another."""
        return torch.cat([self.read_alone(part.token_ids, part.lengths, layers).flatten(0, 1) for part in parts])


class AutoCrossEncoder(AutoEncoder):
    """Reads text and description as a pair in the encoder's own format; heads as `CrossEncoder` has them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head_dropout = nn.Dropout(config.head_dropout)
        self.evidence = nn.Linear(config.hidden, 1)
        self.against = nn.Linear(config.hidden, 1)
        self.background = nn.Linear(config.hidden, 1)

    def forward(self, token_ids: Tensor, segments: Tensor, lengths: Tensor) -> Tensor:
        """The last hidden states; arguments and results as of `states`."""
        return self.head_dropout(self.states(token_ids, segments, lengths))

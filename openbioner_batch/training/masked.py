"""Continued masked-language pretraining: the encoder predicts hidden tokens of plain passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.recipe import Recipe

_MASKED, _RANDOM = 0.8, 0.1
"""Shares of the tokens to predict: replaced by `[MASK]`, replaced by another token; the rest are unchanged (BERT)."""


@dataclass(frozen=True, slots=True)
class MaskedBatch:
    """Passages with hidden tokens.

    Attributes:
        token_ids: [passages, length] int32 with `[CLS]` and `[SEP]`, padded with 0.
        lengths: [passages] real lengths.
        rows, places, targets: [hidden tokens] their positions and values.
        text_tokens: of all passages.
    """

    token_ids: np.ndarray
    lengths: np.ndarray
    rows: np.ndarray
    places: np.ndarray
    targets: np.ndarray
    text_tokens: int

    @property
    def sequence_lengths(self) -> np.ndarray:
        """[sequences] real lengths of all sequences in the encoder."""
        return self.lengths


def mask_pieces(
    pieces: Sequence[Piece], tokenizer: Tokenizer, recipe: Recipe, random: np.random.Generator
) -> MaskedBatch:
    """A batch in which `recipe.mask_probability` of the tokens are to be predicted, at least one in each passage."""
    lengths = np.array([len(piece.token_ids) + 2 for piece in pieces])
    token_ids = np.zeros((len(pieces), int(lengths.max())), np.int32)
    hidden = np.zeros(token_ids.shape, np.bool_)
    for row, piece in enumerate(pieces):
        end = len(piece.token_ids) + 1
        token_ids[row, 0], token_ids[row, end] = tokenizer.cls, tokenizer.sep
        token_ids[row, 1:end] = piece.token_ids
        hidden[row, 1:end] = random.random(end - 1) < recipe.mask_probability
        hidden[row, 1 + int(random.integers(end - 1))] |= not hidden[row].any()
    rows, places = np.nonzero(hidden)
    targets = token_ids[rows, places].astype(np.int64)
    chance = random.random(len(rows))
    drawn = random.integers(len(tokenizer.vocabulary), size=len(rows))
    shown = np.where(chance < _MASKED, tokenizer.mask, np.where(chance < _MASKED + _RANDOM, drawn, targets))
    token_ids[rows, places] = shown
    return MaskedBatch(token_ids, lengths, rows, places, targets, int((lengths - 2).sum()))


class MaskedObjective(nn.Module):
    """The encoder with BERT's prediction head, whose decoder is the token embedding."""

    def __init__(self, encoder: CrossEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden
        self.transform = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=encoder.config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(encoder.config.vocabulary))
        nn.init.eye_(self.transform.weight)  # starts as the encoder's own embedding
        nn.init.zeros_(self.transform.bias)
        for name in ("evidence", "against", "background"):
            getattr(encoder, name).requires_grad_(False)

    def forward(self, batch: MaskedBatch) -> Tensor:
        """The mean cross-entropy of the hidden tokens."""
        device = self.encoder.token_embedding.weight.device
        token_ids = torch.from_numpy(batch.token_ids).to(device, torch.int64)
        lengths, rows, places, targets = (
            torch.from_numpy(part).to(device) for part in (batch.lengths, batch.rows, batch.places, batch.targets)
        )
        hidden = self.encoder(token_ids, torch.zeros_like(token_ids), lengths)[rows, places]
        hidden = self.norm(F.gelu(self.transform(hidden)))
        return F.cross_entropy(F.linear(hidden, self.encoder.token_embedding.weight, self.bias).float(), targets)

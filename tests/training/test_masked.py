"""Masked-language pretraining hides its share of tokens, and learns to tell them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from openbioner_batch.model import Tagger
from openbioner_batch.model.checkpoint import load_encoder
from openbioner_batch.training.masked import MaskedObjective, mask_pieces
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.recipe import Recipe

RECIPE = Recipe(objective="masked-language", mask_probability=0.15)


def piece(tagger: Tagger, text: str) -> Piece:
    ids = np.array(tagger.tokenizer.ids(text), np.int32)
    return Piece("s", ids, np.arange(len(ids)), (), (), None)


def test_a_share_of_tokens_is_hidden_and_most_of_those_shown_as_masks(tagger: Tagger) -> None:
    pieces = [piece(tagger, "aspirin was given in lung cancer " * 30) for _ in range(150)]
    batch = mask_pieces(pieces, tagger.tokenizer, RECIPE, np.random.default_rng(0))
    original = np.concatenate([one.token_ids for one in pieces])
    assert 0.13 < len(batch.targets) / len(original) < 0.17
    shown = batch.token_ids[batch.rows, batch.places]
    assert 0.77 < (shown == tagger.tokenizer.mask).mean() < 0.83
    assert 0.08 < (shown == batch.targets).mean() < 0.13
    batch.token_ids[batch.rows, batch.places] = batch.targets
    assert batch.token_ids[:, 1:-1].ravel().tolist() == original.tolist()


def test_every_passage_has_a_token_to_tell(tagger: Tagger) -> None:
    batch = mask_pieces([piece(tagger, "fever")] * 9, tagger.tokenizer, RECIPE, np.random.default_rng(0))
    assert sorted(batch.rows.tolist()) == list(range(9))


def test_the_loss_falls(checkpoint: Path, tagger: Tagger) -> None:
    torch.manual_seed(0)
    objective = MaskedObjective(load_encoder(checkpoint))
    optimizer = torch.optim.AdamW([p for p in objective.parameters() if p.requires_grad], lr=3e-3)
    pieces = [piece(tagger, "the patient was given aspirin in lung cancer with fever")] * 8
    losses = []
    for step in range(40):
        loss = objective(mask_pieces(pieces, tagger.tokenizer, RECIPE, np.random.default_rng(step)))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])

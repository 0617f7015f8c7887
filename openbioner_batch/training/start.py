"""The model that training starts from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.model.checkpoint import load_backbone, load_encoder
from openbioner_batch.model.config import ModelConfig, WindowSettings, read_config
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import VARIANTS
from openbioner_batch.training.settings import PretrainSettings


def tokenizer_directory(settings: PretrainSettings) -> Path:
    """The directory whose tokenizer the model has.

    Raises:
        CheckpointError: it is not there.
    """
    start = settings.start
    return resolve_checkpoint(start.encoder or start.checkpoint or start.vocabulary or "")


def model_config(settings: PretrainSettings) -> ModelConfig:
    """The shape of the model, with the dropouts and window budgets that training asks for.

    Raises:
        UsageError: an unknown variant.
    """
    start = settings.start
    directory = tokenizer_directory(settings)
    if start.variant:
        if start.variant not in VARIANTS:
            raise UsageError(f"start.variant is {start.variant!r}: give one of {', '.join(VARIANTS)}")
        size = max(Tokenizer.from_directory(directory).vocabulary.values()) + 1
        config = dataclasses.replace(VARIANTS[start.variant].config, vocabulary=size)
    else:
        config = read_config(directory)
    return dataclasses.replace(
        config,
        encoder_dropout=start.encoder_dropout,
        head_dropout=settings.recipe.head_dropout if settings.recipe.objective == "tagging" else 0.0,
        windows=WindowSettings(start.text_tokens, start.description_tokens),
        separate_layers=config.separate_layers if start.separate_layers is None else start.separate_layers,
        description_position=None,
    )


def starting_model(settings: PretrainSettings) -> CrossEncoder:
    """The model before its first step; the same on every worker."""
    config = model_config(settings)
    directory = tokenizer_directory(settings)
    if settings.start.variant:
        model = CrossEncoder(config)
        initialize(model, settings.seed)
    elif settings.start.encoder:
        model = load_backbone(directory, config, settings.seed)
    else:
        model = CrossEncoder(config)
        model.load_state_dict(load_encoder(directory).state_dict())
    # Never used; without gradients it is neither decayed nor sharded.
    model.pooler.requires_grad_(False)
    return model.train()

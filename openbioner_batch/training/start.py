"""The model that training starts from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from openbioner_batch.catalog.views import NAMED_VIEW
from openbioner_batch.errors import UsageError
from openbioner_batch.model.checkpoint import build_model, load_backbone, load_model
from openbioner_batch.model.config import LateSettings, ModelConfig, WindowSettings
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import VARIANTS
from openbioner_batch.training.settings import ALL_LAYERS, PretrainSettings


def tokenizer_directory(settings: PretrainSettings) -> Path:
    """The directory with the model's tokenizer.

    Raises:
        CheckpointError: the model does not exist.
    """
    start = settings.start
    return resolve_checkpoint(start.encoder or start.checkpoint or start.vocabulary or "")


def training_tokenizer(settings: PretrainSettings) -> Tokenizer:
    """The model's tokenizer.

    Raises:
        CheckpointError: the model does not exist.
    """
    tokenizer = load_tokenizer(tokenizer_directory(settings))
    if settings.start.letter_case is not None:
        tokenizer.letter_case = settings.start.letter_case
    return tokenizer


def model_config(settings: PretrainSettings) -> ModelConfig:
    """The shape of the model, with the dropouts and window budgets that training needs.

    Raises:
        UsageError: an unknown variant.
    """
    start = settings.start
    directory = tokenizer_directory(settings)
    if start.variant:
        if start.variant not in VARIANTS:
            raise UsageError(f"start.variant is {start.variant!r}: give one of {', '.join(VARIANTS)}")
        tokenizer = load_tokenizer(directory)
        if type(tokenizer) is not Tokenizer:
            raise UsageError(f"start.vocabulary {start.vocabulary} is not BERT's, as variants need: give one that is")
        size = max(tokenizer.vocabulary.values()) + 1
        config = dataclasses.replace(VARIANTS[start.variant].config, vocabulary=size)
    else:
        config = read_config(directory)
    separate = config.separate_layers if start.separate_layers is None else start.separate_layers
    if separate == ALL_LAYERS:
        separate = config.layers
    late = config.late
    found = dataclasses.replace(
        config,
        encoder_dropout=start.encoder_dropout,
        head_dropout=settings.recipe.head_dropout if settings.recipe.objective == "tagging" else 0.0,
        windows=WindowSettings(start.text_tokens, start.description_tokens),
        separate_layers=int(separate),
        description_position=None,
        letter_case=config.letter_case if start.letter_case is None else start.letter_case,
        late=LateSettings(
            late.projection if start.projection is None else start.projection,
            late.shared_encoder if start.shared_encoder is None else start.shared_encoder,
            settings.recipe.loss == "competing",
            late.named or NAMED_VIEW in settings.recipe.views,
        ),
    )
    _check(settings, found)
    return found


def starting_model(settings: PretrainSettings) -> Model:
    """The model before its first step; the same on every worker."""
    config = model_config(settings)
    directory = tokenizer_directory(settings)
    start = settings.start
    if start.variant:
        model = build_model(config)
        initialize(model, settings.seed)
        if isinstance(model, LateEncoder):
            model.start_projections(settings.seed)
    elif start.encoder or config.is_late:
        described = resolve_checkpoint(start.description_encoder) if start.description_encoder else None
        model = load_backbone(directory, config, settings.seed, described)
    else:
        model = build_model(config)
        model.load_state_dict(load_model(directory).state_dict())
    if isinstance(model, CrossEncoder):
        # unused; without gradients it is neither decayed nor sharded
        model.pooler.requires_grad_(False)
    return model.train()


def _check(settings: PretrainSettings, config: ModelConfig) -> None:
    """Raises UsageError where the recipe does not fit the model."""
    start, recipe = settings.start, settings.recipe
    if not config.separate_layers:
        for wrong, key in (
            (recipe.loss == "per-type", "loss per-type"),
            (recipe.shared_types, "shared_types"),
            (recipe.distillation, "distillation"),
        ):
            if wrong:
                raise UsageError(
                    f"recipe.{key} is for models with separate layers: "
                    f'set start.separate_layers to 1 to {config.layers - 1}, or to "{ALL_LAYERS}" for late interaction'
                )
    if recipe.distillation and recipe.distillation.except_types and not recipe.shared_types:
        raise UsageError("recipe.distillation.except_types is for types that passages share: set recipe.shared_types")
    if not recipe.shared_types:
        for share, key in ((recipe.unnamed, "unnamed"), (recipe.negatives.listed, "negatives.listed")):
            if share:
                raise UsageError(
                    f"recipe.{key} is for types that passages share, in models with separate layers: "
                    "set recipe.shared_types, or leave it out"
                )
    if config.letter_case:
        _check_letter_case(settings, config)
    if config.backbone is not None and recipe.objective != "tagging":
        raise UsageError("recipe.objective masked-language trains BERT's encoders: give one as start.encoder")
    if config.is_late and recipe.objective != "tagging":
        raise UsageError("recipe.objective masked-language trains one encoder: leave out start.separate_layers")
    if not config.is_late:
        given = [name for name in ("projection", "shared_encoder", "description_encoder") if getattr(start, name)]
        if given:
            raise UsageError(f'start.{given[0]} is for late interaction: set start.separate_layers to "{ALL_LAYERS}"')


def _check_letter_case(settings: PretrainSettings, config: ModelConfig) -> None:
    """Raises UsageError where the model cannot learn letter case."""
    if config.backbone is not None:
        raise UsageError("start.letter_case is for BERT's encoders: leave it out")
    if settings.recipe.objective != "tagging":
        raise UsageError("recipe.objective masked-language predicts an uncased vocabulary: leave out start.letter_case")
    if settings.recipe.distillation:
        raise UsageError("recipe.distillation's teacher reads no letter case: leave out it or start.letter_case")
    if settings.start.letter_case and settings.start.checkpoint and not config.is_late:
        own = read_config(tokenizer_directory(settings)).letter_case
        if not own:
            raise UsageError("start.letter_case is added to an encoder or to late interaction: give start.encoder")

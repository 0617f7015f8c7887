"""`config.json` of encoders that `transformers` runs, and of our models on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.config import OWN_KEY, LateSettings, ModelConfig, window_budgets

MODEL_TYPE = "openbioner-automodel"
"""`model_type` of our models on such an encoder."""
ENCODER_KEY = "encoder"
"""The key of the encoder's own configuration in our `config.json`."""
FAMILIES = ("deberta-v2", "electra", "modernbert", "roberta", "xlm-roberta")
"""`model_type` of each encoder that is tested; DeBERTa-v3's is deberta-v2."""
_OFFSET_POSITIONS = ("roberta", "xlm-roberta")
"""Families whose positions begin after the padding token's index."""
_NOT_SHAPE = ("_name_or_path", "architectures", "auto_map", "dtype", "torch_dtype", "transformers_version")
_ENCODER_DROPOUTS = ("hidden_dropout_prob", "embedding_dropout", "mlp_dropout")
_ATTENTION_DROPOUTS = ("attention_probs_dropout_prob", "attention_dropout")


def described_encoder(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The encoder's own part of a `config.json`."""
    encoder = raw.get(ENCODER_KEY, {}) if raw.get("model_type") == MODEL_TYPE else raw
    return {key: value for key, value in encoder.items() if key not in _NOT_SHAPE}


def transformers_config(backbone: str, dropout: float = 0.0) -> Any:
    """The `PreTrainedConfig` of `ModelConfig.backbone`, with dropout in the encoder and none in attention."""
    from transformers import AutoConfig

    described = json.loads(backbone)
    config = AutoConfig.for_model(described.pop("model_type"), **described)
    for names, value in ((_ENCODER_DROPOUTS, dropout), (_ATTENTION_DROPOUTS, 0.0)):
        for name in names:
            if hasattr(config, name):
                setattr(config, name, value)
    return config


def read_shape(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """The `ModelConfig` of a plain encoder or of one of our models.

    Raises:
        CheckpointError: `raw` does not describe an encoder of `FAMILIES`, or `transformers` refuses it.
    """
    encoder = described_encoder(raw)
    family = encoder.get("model_type")
    if family not in FAMILIES:
        raise CheckpointError(f"{where}: {ENCODER_KEY}.model_type is {family!r}; expected {', '.join(FAMILIES)}")
    if encoder.get("is_decoder"):
        raise CheckpointError(f"{where}: is_decoder is true; expected an encoder, whose tokens see each other")
    backbone = json.dumps(encoder, sort_keys=True)
    own = raw.get(OWN_KEY) or {} if raw.get("model_type") == MODEL_TYPE else {}
    task = (raw.get("finetuning_task") or {}) if own else {}
    try:
        config = transformers_config(backbone)
        positions = int(config.max_position_embeddings)
        if family in _OFFSET_POSITIONS:
            positions -= int(config.pad_token_id) + 1
        return ModelConfig(
            vocabulary=int(config.vocab_size),
            hidden=int(config.hidden_size),
            layers=int(config.num_hidden_layers),
            heads=int(config.num_attention_heads),
            intermediate=int(config.intermediate_size),
            positions=positions,
            segments=max(1, int(getattr(config, "type_vocab_size", 0) or 0)),
            initializer_range=float(config.initializer_range),
            encoder_dropout=float(task.get("encoder_dropout_prob", 0.1)),
            head_dropout=float(task.get("dropout_prob", 0.5)),
            windows=window_budgets(own, positions - 1),  # one special token more than in BERT's formats
            separate_layers=int(own.get("separate_layers", 0)),
            late=LateSettings(**own.get("late", {})),
            architecture="automodel",
            backbone=backbone,
        )
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from None
    except Exception as error:  # transformers' checks raise their own classes
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{where}: no {family} config.json that transformers takes ({reason})") from None


def shape_json(config: ModelConfig) -> dict[str, Any]:
    """`config.json` of a model of ours; `read_shape` reads it again."""
    assert config.backbone is not None, "every model on such an encoder carries its config"
    own: dict[str, Any] = asdict(config.windows)
    if config.is_late:
        own |= {"separate_layers": config.separate_layers, "late": asdict(config.late)}
    return {
        "architectures": ["AutoModelTagger"],
        "model_type": MODEL_TYPE,
        ENCODER_KEY: json.loads(config.backbone),
        "finetuning_task": {"dropout_prob": config.head_dropout, "encoder_dropout_prob": config.encoder_dropout},
        OWN_KEY: own,
    }

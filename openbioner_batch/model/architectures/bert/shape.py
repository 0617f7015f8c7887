"""`config.json` of BERT's shape in the published format: plain encoders, and our models on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.config import OWN_KEY, LateSettings, ModelConfig, window_budgets

ARCHITECTURE = "BertTaggerMultiClass"
MODEL_TYPE = "bert"
SPLIT_ARCHITECTURE = "SplitTagger"
SPLIT_MODEL_TYPE = "openbioner-split"
"""`model_type` with separate layers. Readers of the published format refuse it; they would misread the weights."""
CASED_ARCHITECTURE = "CasedTagger"
CASED_MODEL_TYPE = "openbioner-cased"
"""`model_type` of cross-encoders that read letter case: other tools would ignore its embeddings."""
LATE_ARCHITECTURE = "LateInteractionTagger"
LATE_MODEL_TYPE = "openbioner-late"
"""`model_type` of checkpoints whose layers are all separate (see `late.py`)."""


def bert_config(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """The configuration in the published format's terms (those of a BERT `config.json`)."""
    if raw.get("position_embedding_type", "absolute") != "absolute":
        raise CheckpointError(
            f"{where}: position_embedding_type is {raw['position_embedding_type']!r}; expected 'absolute'"
        )
    positions = int(raw.get("max_position_embeddings", 512))
    own = raw.get(OWN_KEY) or {}
    try:
        config = ModelConfig(
            vocabulary=int(raw["vocab_size"]),
            hidden=int(raw["hidden_size"]),
            layers=int(raw["num_hidden_layers"]),
            heads=int(raw["num_attention_heads"]),
            intermediate=int(raw["intermediate_size"]),
            positions=positions,
            segments=int(raw.get("type_vocab_size", 2)),
            activation=str(raw.get("hidden_act", "gelu")),
            layer_norm_eps=float(raw.get("layer_norm_eps", 1e-12)),
            initializer_range=float(raw.get("initializer_range", 0.02)),
            encoder_dropout=float(raw.get("hidden_dropout_prob", 0.1)),
            head_dropout=float((raw.get("finetuning_task") or {}).get("dropout_prob", 0.5)),
            windows=window_budgets(own, positions),
            separate_layers=int(own.get("separate_layers", 0)),
            description_position=own.get("description_position"),
            late=LateSettings(**own.get("late", {})),
            letter_case=bool(own.get("letter_case", False)),
        )
    except TypeError:
        raise CheckpointError(
            f"{where}: {OWN_KEY}.late is {own['late']!r}; expected {', '.join(f.name for f in fields(LateSettings))}"
        ) from None
    except KeyError as missing:
        raise CheckpointError(f"{where}: no {missing.args[0]}; expected a BERT config.json") from None
    _check_model_type(config, raw.get("model_type", MODEL_TYPE), where)
    return config


def bert_json(config: ModelConfig) -> dict[str, Any]:
    """`config.json` in the published format, with our window budgets and separate layers beside it."""
    separate: dict[str, Any] = {}
    architecture, model_type = _names(config)
    if config.is_late:
        separate = {"separate_layers": config.separate_layers, "late": asdict(config.late)}
    elif config.separate_layers:
        separate = {"separate_layers": config.separate_layers, "description_position": config.description_start}
    return {
        "architectures": [architecture],
        "model_type": model_type,
        "vocab_size": config.vocabulary,
        "hidden_size": config.hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.intermediate,
        "max_position_embeddings": config.positions,
        "type_vocab_size": config.segments,
        "hidden_act": config.activation,
        "layer_norm_eps": config.layer_norm_eps,
        "initializer_range": config.initializer_range,
        "hidden_dropout_prob": config.encoder_dropout,
        "attention_probs_dropout_prob": config.encoder_dropout,
        "position_embedding_type": "absolute",
        "pad_token_id": 0,
        "finetuning_task": {"dropout_prob": config.head_dropout},
        OWN_KEY: {**asdict(config.windows), **separate, **({"letter_case": True} if config.letter_case else {})},
    }


def _names(config: ModelConfig) -> tuple[str, str]:
    """`architectures` and `model_type`: the published names only if other readers of the format compute the same."""
    if config.is_late:
        return LATE_ARCHITECTURE, LATE_MODEL_TYPE
    if config.separate_layers:
        return SPLIT_ARCHITECTURE, SPLIT_MODEL_TYPE
    return (CASED_ARCHITECTURE, CASED_MODEL_TYPE) if config.letter_case else (ARCHITECTURE, MODEL_TYPE)


def _check_model_type(config: ModelConfig, model_type: str, where: str) -> None:
    """Raises CheckpointError unless `model_type` distinguishes a checkpoint from a cross-encoder for other tools."""
    expected = _names(config)[1]
    if model_type != expected and (model_type, expected) != (MODEL_TYPE, CASED_MODEL_TYPE):  # of earlier releases
        raise CheckpointError(
            f"{where}: model_type is {model_type!r}, but {config.separate_layers} of {config.layers} layers are "
            f"separate; expected {expected!r}: correct the one or {OWN_KEY}.separate_layers"
        )

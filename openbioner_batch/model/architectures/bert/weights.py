"""BERT's weights: their published names, reading plain checkpoints, and counting."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.letter_case import CASES
from openbioner_batch.model.tensors import HEADS, LATE_HEADS, read_tensors

_BACKGROUND = {f"background.{part}": (f"{HEADS['background']}.{part}",) for part in ("weight", "bias")}
_EMBEDDINGS = {
    "token_embedding.weight": "embeddings.word_embeddings.weight",
    "position_embedding.weight": "embeddings.position_embeddings.weight",
    "segment_embedding.weight": "embeddings.token_type_embeddings.weight",
    "embedding_norm.weight": "embeddings.LayerNorm.weight",
    "embedding_norm.bias": "embeddings.LayerNorm.bias",
}
_CASE_EMBEDDING = {"case_embedding.weight": "embeddings.letter_case_embeddings.weight"}
_IN_LAYER = {
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "output_norm": "output.LayerNorm",
}


def bert_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """As `checkpoint.published_names`, for BERT."""
    if config.is_late:
        names = _encoder_names(config, "text.", "bert")
        if not config.late.shared_encoder:
            names |= _encoder_names(config, "description.", "description_bert")
        return names | _BACKGROUND | {name: (name,) for name in LATE_HEADS}
    names = _encoder_names(config, "", "bert")
    for part in ("weight", "bias"):
        names[f"pooler.{part}"] = (f"bert.pooler.dense.{part}",)
        for ours, theirs in HEADS.items():
            names[f"{ours}.{part}"] = (f"{theirs}.{part}",)
    return names


def _encoder_names(config: ModelConfig, ours_in: str, theirs_in: str) -> dict[str, tuple[str, ...]]:
    embeddings = _EMBEDDINGS | (_CASE_EMBEDDING if config.letter_case else {})
    names: dict[str, tuple[str, ...]] = {f"{ours_in}{a}": (f"{theirs_in}.{b}",) for a, b in embeddings.items()}
    for layer in range(config.layers):
        own, prefix = f"{ours_in}layers.{layer}", f"{theirs_in}.encoder.layer.{layer}"
        for part in ("weight", "bias"):
            names[f"{own}.query_key_value.{part}"] = tuple(
                f"{prefix}.attention.self.{role}.{part}" for role in ("query", "key", "value")
            )
            for ours, theirs in _IN_LAYER.items():
                names[f"{own}.{ours}.{part}"] = (f"{prefix}.{theirs}.{part}",)
    return names


def bert_tensors(directory: Path) -> dict[str, Tensor]:
    """The tensors of a BERT checkpoint, plain (`bert.` before its names or not) or ours, under the published names."""
    tensors = read_tensors(directory)
    if any(name.startswith("bert.") for name in tensors):
        return tensors
    return {f"bert.{name}": tensor for name, tensor in tensors.items()}


def count_bert_parameters(config: ModelConfig) -> int:
    """As `variants.count_parameters`, for a `CrossEncoder` and a `LateEncoder` on BERT."""
    width, inner = config.hidden, config.intermediate
    norm = 2 * width
    cases = len(CASES) if config.letter_case else 0
    embeddings = (config.vocabulary + config.positions + config.segments + cases) * width + norm
    attention = 4 * (width * width + width) + norm
    feed_forward = 2 * width * inner + inner + width + norm
    encoder = embeddings + config.layers * (attention + feed_forward)
    if config.is_late:
        encoders = 1 if config.late.shared_encoder else 2
        return encoders * encoder + 2 * width * config.late.projection + (width + 1) + 2
    pooler = width * width + width
    heads = 3 * (width + 1)
    return encoder + pooler + heads

"""Encoders of other shapes than BERT's, run by `transformers`: any of `shape.FAMILIES`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures.automodel.shape import FAMILIES, MODEL_TYPE, described_encoder
from openbioner_batch.model.architectures.base import Architecture

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from openbioner_batch.model.config import ModelConfig
    from openbioner_batch.model.models import Model
    from openbioner_batch.model.tokens import Tokenizer


class AutoModelArchitecture(Architecture):
    """A cross-encoder or a late-interaction model on an encoder that `transformers`' `AutoModel` builds."""

    name = "automodel"
    model_types = (MODEL_TYPE, *FAMILIES)

    def note(self, raw: Mapping[str, Any]) -> str:
        return (
            f"the model's encoder is of type {described_encoder(raw).get('model_type')}, which transformers runs: "
            "slower than a BERT of its size, for which this package has kernels of its own"
        )

    def read_config(self, raw: Mapping[str, Any], where: str) -> ModelConfig:
        from openbioner_batch.model.architectures.automodel.shape import read_shape

        return read_shape(raw, where)

    def config_json(self, config: ModelConfig) -> dict[str, Any]:
        from openbioner_batch.model.architectures.automodel.shape import shape_json

        return shape_json(config)

    def check_heads(self, directory: Path, raw: Mapping[str, Any]) -> None:
        if raw.get("model_type") != MODEL_TYPE:
            raise CheckpointError(
                f"{directory}: a plain {raw.get('model_type')} encoder, which cannot tag: train a model on it "
                "with `openbioner-batch pretrain` and start.encoder"
            )

    def tokenizer(self, directory: Path) -> Tokenizer:
        from openbioner_batch.model.architectures.automodel.tokens import read_tokenizer

        return read_tokenizer(directory)

    def build(self, config: ModelConfig) -> Model:
        from openbioner_batch.model.architectures.automodel.weights import build

        return build(config)

    def tensor_names(self, config: ModelConfig) -> dict[str, tuple[str, ...]]:
        from openbioner_batch.model.architectures.automodel.weights import stored_names

        return stored_names(config)

    def encoder_tensors(self, directory: Path) -> dict[str, Tensor]:
        from openbioner_batch.model.architectures.automodel.weights import read_encoder

        return read_encoder(directory)

    def count_parameters(self, config: ModelConfig) -> int:
        from openbioner_batch.model.architectures.automodel.weights import on_no_device

        return sum(parameter.numel() for parameter in on_no_device(config).parameters())

    def arrange(self, model: Model, dtype: torch.dtype, device: str, compiled: bool = False) -> Any:
        from openbioner_batch.model.architectures.automodel.inference import PaddedCross, PaddedLate
        from openbioner_batch.model.late import LateEncoder

        return (PaddedLate if isinstance(model, LateEncoder) else PaddedCross)(model, dtype, device)

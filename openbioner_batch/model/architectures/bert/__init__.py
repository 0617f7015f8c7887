"""BERT: the published models' architecture, whose fast path is the rest of this room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbioner_batch.model.architectures.base import Architecture

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from openbioner_batch.model.config import ModelConfig
    from openbioner_batch.model.models import Model
    from openbioner_batch.model.tokens import Tokenizer


class BertArchitecture(Architecture):
    """Registers the encoder of `encoder.py`, with separate layers or not."""

    name = "bert"
    model_types = ("bert", "openbioner-cased", "openbioner-split", "openbioner-late")
    can_be_compiled = True
    reads_glossaries = True

    def read_config(self, raw: Mapping[str, Any], where: str) -> ModelConfig:
        from openbioner_batch.model.architectures.bert.shape import bert_config

        return bert_config(raw, where)

    def config_json(self, config: ModelConfig) -> dict[str, Any]:
        from openbioner_batch.model.architectures.bert.shape import bert_json

        return bert_json(config)

    def check_heads(self, directory: Path, raw: Mapping[str, Any]) -> None:
        """Does nothing: loading weights checks this, since the published `config.json` is the same without heads."""

    def tokenizer(self, directory: Path) -> Tokenizer:
        from openbioner_batch.model.tokens import Tokenizer

        return Tokenizer.of_bert(directory)

    def build(self, config: ModelConfig) -> Model:
        from openbioner_batch.model.encoder import CrossEncoder
        from openbioner_batch.model.late import LateEncoder

        return LateEncoder(config) if config.is_late else CrossEncoder(config)

    def tensor_names(self, config: ModelConfig) -> dict[str, tuple[str, ...]]:
        from openbioner_batch.model.architectures.bert.weights import bert_names

        return bert_names(config)

    def encoder_tensors(self, directory: Path) -> dict[str, Tensor]:
        from openbioner_batch.model.architectures.bert.weights import bert_tensors

        return bert_tensors(directory)

    def count_parameters(self, config: ModelConfig) -> int:
        from openbioner_batch.model.architectures.bert.weights import count_bert_parameters

        return count_bert_parameters(config)

    def arrange(self, model: Model, dtype: torch.dtype, device: str, compiled: bool = False) -> Any:
        from openbioner_batch.model.encoder import CrossEncoder
        from openbioner_batch.model.inference import InferenceEncoder
        from openbioner_batch.model.late import LateEncoder
        from openbioner_batch.model.late_inference import LateInference
        from openbioner_batch.model.split import SplitEncoder

        if isinstance(model, LateEncoder):
            return LateInference(model, dtype, device, compiled)
        assert isinstance(model, CrossEncoder)
        encoder = InferenceEncoder(model, dtype, device, compiled)
        return SplitEncoder(encoder) if model.config.separate_layers else encoder

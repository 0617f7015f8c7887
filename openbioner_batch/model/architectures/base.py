"""The interface of an encoder architecture. Its methods import what they need, so that the registry is cheap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

    from openbioner_batch.model.config import ModelConfig
    from openbioner_batch.model.models import Model
    from openbioner_batch.model.prepared import DescribedType
    from openbioner_batch.model.scoring import Windows
    from openbioner_batch.model.tokens import Tokenizer


class Inference(ABC):
    """A model prepared for inference that scores windows itself."""

    config: ModelConfig

    @abstractmethod
    def score(
        self,
        tokenizer: Tokenizer,
        windows: Windows,
        words: int,
        groups: Sequence[Sequence[DescribedType]],
        token_budget: int,
    ) -> Iterator[np.ndarray]:
        """The logits of every word for each group of types; arguments and results as of `scoring.score_group`."""


class Architecture(ABC):
    """An encoder architecture: reads and writes its checkpoints, builds its module, and prepares it for inference."""

    name: str
    """Its name in `ModelConfig.architecture`."""
    model_types: tuple[str, ...]
    """Values of `model_type` in the `config.json` of plain encoders and of our models on them."""
    can_be_compiled = False
    """Whether `arrange` has a compiled form."""
    reads_glossaries = False
    """Whether its late interaction reads a glossary."""

    def note(self, raw: Mapping[str, Any]) -> str | None:
        """A remark for users when a run with such a checkpoint starts; None without one."""
        return None

    @abstractmethod
    def read_config(self, raw: Mapping[str, Any], where: str) -> ModelConfig:
        """The shape in a `config.json` of a plain encoder or of one of our models.

        Raises:
            CheckpointError: `raw` describes no such shape; the message begins with `where`.
        """

    @abstractmethod
    def config_json(self, config: ModelConfig) -> dict[str, Any]:
        """`config.json` of a model of ours; `read_config` reads it again."""

    @abstractmethod
    def check_heads(self, directory: Path, raw: Mapping[str, Any]) -> None:
        """Raises CheckpointError if the checkpoint is a plain encoder, which cannot tag."""

    @abstractmethod
    def tokenizer(self, directory: Path) -> Tokenizer:
        """The checkpoint's tokenizer."""

    @abstractmethod
    def build(self, config: ModelConfig) -> Model:
        """The module of this shape, its weights not yet set."""

    @abstractmethod
    def tensor_names(self, config: ModelConfig) -> dict[str, tuple[str, ...]]:
        """Each tensor of the module with the stored tensors that form it, stacked along rows."""

    @abstractmethod
    def encoder_tensors(self, directory: Path) -> dict[str, Tensor]:
        """The tensors of a plain encoder or of one of our models, under the names of `tensor_names`."""

    @abstractmethod
    def count_parameters(self, config: ModelConfig) -> int:
        """Exact number of weights of a model of this shape."""

    @abstractmethod
    def arrange(self, model: Model, dtype: torch.dtype, device: str, compiled: bool = False) -> Any:
        """The model for inference: an `Inference`, or one of those that `Tagger` knows.

        Args:
            model: its module.
            dtype: of its matrices.
            device: where it will run.
            compiled: whether torch's compiler fuses what it can; only where `can_be_compiled`.
        """

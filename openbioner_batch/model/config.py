"""The shape of a model, as in its `config.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from openbioner_batch.errors import CheckpointError, UsageError

ACTIVATIONS = ("gelu", "gelu_new", "relu")
OWN_KEY = "openbioner_batch"
"""Our own entry in `config.json`; other readers of the published format ignore it."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """The budgets of text and description in one pass of the encoder, in subword tokens.

    The defaults are the budgets of the published checkpoints' training.
    """

    text_tokens: int = 300
    """Longest window of text."""
    description_tokens: int = 150
    """Longest description; a longer one is an error."""
    overlap_tokens: int | None = None
    """Tokens that two windows share where a longer sentence must be cut; None is a quarter of `text_tokens`."""

    def __post_init__(self) -> None:
        if self.text_tokens < 8:
            raise UsageError(f"text_tokens is {self.text_tokens}; expected at least 8")
        if self.description_tokens < 4:
            raise UsageError(f"description_tokens is {self.description_tokens}; expected at least 4")
        half = self.text_tokens // 2
        if not 0 <= self.overlap <= half:
            raise UsageError(f"overlap_tokens is {self.overlap_tokens}; expected 0 to half of text_tokens ({half})")

    @property
    def overlap(self) -> int:
        """`overlap_tokens`, resolved."""
        return self.text_tokens // 4 if self.overlap_tokens is None else self.overlap_tokens


@dataclass(frozen=True, slots=True)
class LateSettings:
    """The settings of late interaction, a model whose layers are all separate."""

    projection: int = 256
    """Size of the vectors of words and of descriptions."""
    shared_encoder: bool = False
    """Whether one encoder reads texts and descriptions; else each has its own."""
    competing: bool = False
    """Whether types compete for a word (a softmax), or each competes only with no entity (a sigmoid each)."""
    named: bool = False
    """Whether a description is read after its type's name, as `prepare.named_description` joins them."""

    def __post_init__(self) -> None:
        if self.projection < 1:
            raise UsageError(f"projection is {self.projection}; expected at least 1")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The sizes of the encoder and of its heads."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int = 512
    segments: int = 2
    activation: str = "gelu"
    layer_norm_eps: float = 1e-12
    initializer_range: float = 0.02
    encoder_dropout: float = 0.1
    head_dropout: float = 0.5
    windows: WindowSettings = WindowSettings()
    separate_layers: int = 0
    """Lower layers in which text and description do not see each other; 0 is the published cross-encoder, all of them
    late interaction."""
    description_position: int | None = None
    """Position of a description's first token where layers are separate; None is the first after the longest text."""
    late: LateSettings = LateSettings()
    """The settings of late interaction; otherwise unused."""
    letter_case: bool = False
    """Whether an uncased encoder reads the letter case of words beside them, as `letter_case.py` says."""
    architecture: str = "bert"
    """The encoder's architecture, one of `architectures.ARCHITECTURES`."""
    backbone: str | None = None
    """The `config.json` of an encoder that `transformers` runs; None for others."""

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise CheckpointError(f"hidden_size {self.hidden} is not a multiple of num_attention_heads {self.heads}")
        if self.activation not in ACTIVATIONS:
            raise CheckpointError(f"hidden_act is {self.activation!r}; expected one of {', '.join(ACTIVATIONS)}")
        if self.segments < 1:
            raise CheckpointError(f"type_vocab_size is {self.segments}; expected 1 or 2, as BERT's models have")
        if not 0 <= self.separate_layers <= self.layers:
            raise CheckpointError(
                f"separate_layers is {self.separate_layers}; expected 0 to {self.layers}, the number of layers"
            )
        if self.backbone is not None and 0 < self.separate_layers < self.layers:
            raise CheckpointError(
                f"separate_layers is {self.separate_layers}; an encoder that transformers runs takes 0 (cross-encoder) "
                f"or all {self.layers} (late interaction): only BERT's layers can be split"
            )
        longest = self.positions_for(self.windows)
        if longest > self.positions:
            raise CheckpointError(
                f"a window of {self.windows.text_tokens} text and {self.windows.description_tokens} description tokens "
                f"needs {longest} positions; the model has {self.positions}: lower one of the two budgets"
            )

    @property
    def is_late(self) -> bool:
        """Whether text and description meet in no layer: a `LateEncoder`, not a `CrossEncoder`."""
        return self.separate_layers == self.layers

    @property
    def types_compete(self) -> bool:
        """Whether the types of a group compete for a word; where they do not, spans of two types may overlap."""
        return self.late.competing or not self.is_late

    def positions_for(self, windows: WindowSettings) -> int:
        """Positions that texts and descriptions of these budgets need, with their special tokens."""
        # other encoders have a special token after a text too, and up to two between it and a description
        text = windows.text_tokens + (1 if self.backbone is None else 2)
        description = windows.description_tokens + 2
        return max(text, description) if self.is_late else text + description

    @property
    def description_start(self) -> int:
        """`description_position`, resolved."""
        return self.windows.text_tokens + 1 if self.description_position is None else self.description_position


def with_separate_layers(config: ModelConfig, layers: int | None) -> ModelConfig:
    """`config` of a cross-encoder with its lower layers separated without training; None changes nothing.

    Raises:
        UsageError: the model has fewer layers, or was trained with another number of separate ones.
    """
    if layers is None or layers == config.separate_layers:
        return config
    if config.separate_layers:
        raise UsageError(
            f"separate_layers is {layers}; the model was trained with {config.separate_layers} separate layers, "
            f"which cannot be changed: leave it out"
        )
    if config.backbone is not None:
        raise UsageError(
            f"separate_layers is {layers}; only BERT's layers can be separated without training, and transformers runs "
            "this encoder: leave it out"
        )
    if not 0 <= layers < config.layers:
        raise UsageError(f"separate_layers is {layers}; expected 0 to {config.layers - 1}, one less than the layers")
    return replace(config, separate_layers=layers)


def read_raw_config(directory: Path) -> dict[str, Any]:
    """The content of `config.json` of the checkpoint in `directory`.

    Raises:
        CheckpointError: the file is missing or not a JSON object.
    """
    path = directory / "config.json"
    try:
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot be read ({error.strerror}); expected a checkpoint's config.json"
        ) from None
    except ValueError:
        raise CheckpointError(f"{path}: not JSON; expected a checkpoint's config.json") from None
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path}: not a JSON object; expected a checkpoint's config.json")
    return raw


def window_budgets(own: Mapping[str, Any], positions: int) -> WindowSettings:
    """The budgets in our entry of `config.json`, else the published ones, else what the positions allow."""
    budgets = {field.name: own[field.name] for field in fields(WindowSettings) if field.name in own}
    if budgets:
        return WindowSettings(**budgets)
    published = WindowSettings()
    room = positions - 3
    if published.text_tokens + published.description_tokens <= room:
        return published
    text = room * 2 // 3  # the published proportion of text to description
    return WindowSettings(text, room - text)

"""The shape of a cross-encoder, as its `config.json` says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.architectures import by_model_type, by_name

ARCHITECTURE = "BertTaggerMultiClass"
MODEL_TYPE = "bert"
SPLIT_ARCHITECTURE = "SplitTagger"
SPLIT_MODEL_TYPE = "openbioner-split"
"""Of checkpoints with separate layers. Readers of the published format refuse the name; they would misread the rest."""
LATE_ARCHITECTURE = "LateInteractionTagger"
LATE_MODEL_TYPE = "openbioner-late"
"""Of checkpoints whose layers are all separate (see `late.py`)."""
ACTIVATIONS = ("gelu", "gelu_new", "relu")
OWN_KEY = "openbioner_batch"
"""Our own entry in `config.json`; other readers of the published format ignore it."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How much of a text and of a description one pass of the encoder sees, in subword tokens.

    The defaults are the budgets of the published checkpoints' training.
    """

    text_tokens: int = 300
    """Longest window of text."""
    description_tokens: int = 150
    """Longest description; a longer one is an error."""
    overlap_tokens: int | None = None
    """Shared by two windows where a sentence longer than a window must be cut; None is a quarter of `text_tokens`."""

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
    """What a model has whose layers are all separate: late interaction."""

    projection: int = 256
    """Size of the vectors of words and of descriptions."""
    shared_encoder: bool = False
    """Whether one encoder reads texts and descriptions; else each has its own."""
    competing: bool = False
    """Whether types compete for a word (a softmax), or each is judged against no entity alone (a sigmoid each)."""
    named: bool = False
    """Whether a description is read after its type's name, as `prepare.named_description` joins them."""

    def __post_init__(self) -> None:
        if self.projection < 1:
            raise UsageError(f"projection is {self.projection}; expected at least 1")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes of the BERT-shaped encoder and of its heads."""

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
    """Of a description's first token where layers are separate; None is the first position after the longest text."""
    late: LateSettings = LateSettings()
    """Of late interaction; without it, unused."""
    letter_case: bool = False
    """Whether an uncased encoder reads the letter case of words beside them, as `letter_case.py` says."""
    architecture: str = "bert"
    """Which of `architectures.ARCHITECTURES` the encoder is of."""
    backbone: str | None = None
    """Of an encoder that `transformers` runs, its own `config.json`; None for others."""

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
        # Other encoders have a special token behind a text too, and up to two between it and a description.
        text = windows.text_tokens + (1 if self.backbone is None else 2)
        description = windows.description_tokens + 2
        return max(text, description) if self.is_late else text + description

    @property
    def description_start(self) -> int:
        """`description_position`, resolved."""
        return self.windows.text_tokens + 1 if self.description_position is None else self.description_position


def with_separate_layers(config: ModelConfig, layers: int | None) -> ModelConfig:
    """`config` of a cross-encoder with its lower layers separated, which it was not trained for; None changes nothing.

    Raises:
        UsageError: there are not so many layers, or the model was trained with another number of separate ones.
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


def read_config(directory: Path) -> ModelConfig:
    """The configuration of the checkpoint in `directory`.

    Raises:
        CheckpointError: `config.json` is missing, is not JSON, or describes another kind of model.
    """
    return config_from_json(read_raw_config(directory), str(directory / "config.json"))


def architecture_note(directory: Path) -> str | None:
    """What a user should know of the architecture of the checkpoint in `directory`; None for nothing."""
    raw = read_raw_config(directory)
    return by_model_type(raw, str(directory / "config.json")).note(raw)


def check_heads(directory: Path) -> None:
    """Raises CheckpointError if it is known of the checkpoint in `directory` that it is a plain encoder."""
    raw = read_raw_config(directory)
    by_model_type(raw, str(directory / "config.json")).check_heads(directory, raw)


def read_raw_config(directory: Path) -> dict[str, Any]:
    """`config.json` of the checkpoint in `directory`, as it stands.

    Raises:
        CheckpointError: it is missing, or no JSON object.
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


def config_from_json(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """The configuration that a `config.json` describes, whatever its architecture."""
    return by_model_type(raw, where).read_config(raw, where)


def config_to_json(config: ModelConfig) -> dict[str, Any]:
    """`config.json` of a model, as its architecture writes it."""
    return by_name(config.architecture).config_json(config)


def bert_config(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """The configuration in the published format's terms (those of a BERT `config.json`)."""
    if raw.get("position_embedding_type", "absolute") != "absolute":
        raise CheckpointError(
            f"{where}: position_embedding_type is {raw['position_embedding_type']!r}; expected 'absolute'"
        )
    positions = int(raw.get("max_position_embeddings", 512))
    own = raw.get(OWN_KEY) or {}
    try:
        return ModelConfig(
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


def window_budgets(own: Mapping[str, Any], positions: int) -> WindowSettings:
    """The budgets that our entry in `config.json` has, else the published ones, else what so many positions allow."""
    budgets = {field.name: own[field.name] for field in fields(WindowSettings) if field.name in own}
    if budgets:
        return WindowSettings(**budgets)
    published = WindowSettings()
    room = positions - 3
    if published.text_tokens + published.description_tokens <= room:
        return published
    text = room * 2 // 3  # the published proportion of text to description
    return WindowSettings(text, room - text)


def bert_json(config: ModelConfig) -> dict[str, Any]:
    """`config.json` in the published format, with our window budgets and separate layers beside it."""
    separate: dict[str, Any] = {}
    architecture, model_type = ARCHITECTURE, MODEL_TYPE
    if config.is_late:
        architecture, model_type = LATE_ARCHITECTURE, LATE_MODEL_TYPE
        separate = {"separate_layers": config.separate_layers, "late": asdict(config.late)}
    elif config.separate_layers:
        architecture, model_type = SPLIT_ARCHITECTURE, SPLIT_MODEL_TYPE
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

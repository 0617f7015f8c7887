"""Reads a checkpoint of any architecture without its weights: shape, remarks and tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openbioner_batch.model.architectures import by_model_type, by_name, find_architecture
from openbioner_batch.model.config import ModelConfig, read_raw_config
from openbioner_batch.model.tokens import Tokenizer, read_json_file


def read_config(directory: Path) -> ModelConfig:
    """The configuration of the checkpoint in `directory`.

    Raises:
        CheckpointError: `config.json` is missing, is not JSON, or describes another kind of model.
    """
    return config_from_json(read_raw_config(directory), str(directory / "config.json"))


def architecture_note(directory: Path) -> str | None:
    """A remark for users on the architecture of the checkpoint in `directory`; None without one."""
    raw = read_raw_config(directory)
    return by_model_type(raw, str(directory / "config.json")).note(raw)


def check_heads(directory: Path) -> None:
    """Raises CheckpointError if the checkpoint in `directory` is known to be a plain encoder."""
    raw = read_raw_config(directory)
    by_model_type(raw, str(directory / "config.json")).check_heads(directory, raw)


def config_from_json(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """The configuration that a `config.json` describes, whatever its architecture."""
    return by_model_type(raw, where).read_config(raw, where)


def config_to_json(config: ModelConfig) -> dict[str, Any]:
    """`config.json` of a model, as its architecture writes it."""
    return by_name(config.architecture).config_json(config)


def load_tokenizer(directory: Path) -> Tokenizer:
    """The checkpoint's own tokenizer, by its architecture; by BERT's where `config.json` names an unknown one.

    Raises:
        CheckpointError: no tokenizer can be read.
    """
    architecture = find_architecture(read_json_file(directory / "config.json"))
    return architecture.tokenizer(directory) if architecture else Tokenizer.of_bert(directory)

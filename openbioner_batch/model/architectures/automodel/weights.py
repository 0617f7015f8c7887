"""The weights of encoders that `transformers` runs: reads its checkpoints, and names tensors in ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder, AutoEncoder
from openbioner_batch.model.architectures.automodel.shape import (
    MODEL_TYPE,
    described_encoder,
    read_shape,
    transformers_config,
)
from openbioner_batch.model.config import ModelConfig, read_raw_config
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.tensors import HEADS, read_tensors

PREFIX = "encoder."
"""Prefix of the stored names of an encoder's tensors; `description_` precedes it for a separate description encoder."""
_PLACES = (("text.backbone.", PREFIX), ("description.backbone.", f"description_{PREFIX}"), ("backbone.", PREFIX))


def build(config: ModelConfig) -> LateEncoder | AutoCrossEncoder:
    """The module of this shape, its weights not yet set."""
    return LateEncoder(config, AutoEncoder) if config.is_late else AutoCrossEncoder(config)


def on_no_device(config: ModelConfig) -> LateEncoder | AutoCrossEncoder:
    """The module of this shape without weights."""
    with torch.device("meta"):
        return build(config)


def stored_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """The stored name of each tensor: the encoder's own after a prefix, heads as in the published format."""
    return {name: (_stored(name),) for name in on_no_device(config).state_dict()}


def _stored(name: str) -> str:
    for ours, theirs in _PLACES:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    head, _, part = name.partition(".")
    return f"{HEADS[head]}.{part}" if head in HEADS else name


def read_encoder(directory: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint under the names of `stored_names`; heads too, where it is one of ours.

    Raises:
        CheckpointError: the checkpoint lacks weights, or its file holds more than tensors.
    """
    raw = read_raw_config(directory)
    if raw.get("model_type") == MODEL_TYPE:
        return read_tensors(directory)
    from transformers import AutoModel

    backbone = read_shape(raw, str(directory / "config.json")).backbone
    assert backbone is not None
    read_tensors(directory)  # its message states in a line what is wrong with the files
    try:
        with _quiet():
            model, report = AutoModel.from_pretrained(
                directory,
                config=transformers_config(backbone),
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:  # a dozen classes, of transformers and its dependencies
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{directory}: transformers cannot load its weights ({reason})") from None
    missing = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
    if missing:
        family = described_encoder(raw)["model_type"]
        raise CheckpointError(f"{directory}: tensor {missing[0]!r} is missing; expected a {family} encoder")
    return {PREFIX + name: part for name, part in model.state_dict().items() if not name.startswith("pooler.")}


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses the progress bars and remarks of `transformers`."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()

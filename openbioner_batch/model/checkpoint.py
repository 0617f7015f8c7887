"""Reads and writes checkpoints in the published format, and maps their tensors onto the encoder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import COPIED_FILES, GLOSSARY_FILES, TOKENIZER_FILES, WEIGHT_FILES
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import check_heads, config_to_json, read_config
from openbioner_batch.model.tensors import HEADS, LATE_HEADS, read_tensors

if TYPE_CHECKING:
    from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder

_ENCODERS = ("bert.", "encoder.")
"""Prefixes of the names of an encoder's tensors, of BERT's and of others."""


def published_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """Each tensor of the model with the stored tensors that form it (stacked along rows).

    Late interaction has the names of the published format where it has the same part; the encoder of descriptions is
    `description_bert`, unless both share one.
    """
    return by_name(config.architecture).tensor_names(config)


def build_model(config: ModelConfig) -> Model:
    """The module of this shape, its weights not yet set."""
    return by_name(config.architecture).build(config)


def load_model(directory: Path) -> Model:
    """The model of a checkpoint, in float32 on the CPU, ready for inference.

    Raises:
        CheckpointError: weights are missing, or a tensor is missing or has another shape.
    """
    config = read_config(directory)
    check_heads(directory)
    model = build_model(config)
    tensors = read_tensors(directory)
    if "bert.pooler.dense.weight" not in tensors:
        initialize(model, seed=0)
    assign_tensors(model, tensors, directory, optional=("pooler",))
    return model.eval()


def load_encoder(directory: Path) -> CrossEncoder | AutoCrossEncoder:
    """As `load_model`, for a cross-encoder.

    Raises:
        CheckpointError: as for `load_model`, or the checkpoint is a late-interaction model.
    """
    model = load_model(directory)
    if isinstance(model, LateEncoder):
        raise CheckpointError(f"{directory}: a late-interaction model; expected a cross-encoder")
    return model


def load_backbone(directory: Path, config: ModelConfig, seed: int, description_directory: Path | None = None) -> Model:
    """A model on plain encoders: their weights with random heads, to be trained.

    Args:
        directory: a plain encoder or one of our models, whose heads are kept where the model has them.
        config: the shape of the model.
        seed: for the heads that are new.
        description_directory: the checkpoint that the encoder of descriptions begins with, where it is separate;
            None takes `directory` for both.
    """
    model = build_model(config)
    initialize(model, seed)
    architecture = by_name(config.architecture)
    tensors = architecture.encoder_tensors(directory)
    new: tuple[str, ...] = (*HEADS, "pooler")
    if isinstance(model, LateEncoder):
        model.start_projections(seed)
        new = (*new, *(name.split(".")[0] for name in LATE_HEADS))
        if not config.late.shared_encoder:
            others = architecture.encoder_tensors(description_directory) if description_directory else tensors
            begun = {f"description_{name}": part for name, part in others.items() if name.startswith(_ENCODERS)}
            tensors = {**tensors, **begun} if description_directory else {**begun, **tensors}
    for ours, (stored, *_) in published_names(config).items():
        if "case_embedding" in ours and stored not in tensors:  # an encoder without letter case
            tensors = {**tensors, stored: torch.zeros_like(model.state_dict()[ours])}
    assign_tensors(model, tensors, directory, optional=new)
    return model


def assign_tensors(model: Model, tensors: dict[str, Tensor], directory: Path, optional: tuple[str, ...]) -> None:
    """Copy stored tensors into `model`.

    Args:
        model: filled in place.
        tensors: by their stored names.
        directory: where they come from, for messages.
        optional: parts of the model that are unchanged where their tensors are missing.

    Raises:
        CheckpointError: a tensor is missing or has another shape.
    """
    state = model.state_dict()
    for ours, theirs in published_names(model.config).items():
        missing = [name for name in theirs if name not in tensors]
        if missing and ours.split(".")[0] in optional:
            continue
        if missing:
            raise CheckpointError(f"{directory}: tensor {missing[0]!r} is missing; expected an OpenBioNER checkpoint")
        tensor = torch.cat([tensors[name] for name in theirs]).float()
        if tensor.shape != state[ours].shape:
            raise CheckpointError(
                f"{directory}: {theirs[0]!r} has shape {tuple(tensor.shape)}; "
                f"config.json says {tuple(state[ours].shape)}"
            )
        state[ours].copy_(tensor)


def save_checkpoint(model: Model, directory: Path, tokenizer_from: Path, dtype: torch.dtype = torch.float32) -> None:
    """Writes `model` in the published format; without separate layers, zshot's `LinkerSMXM` loads it too.

    Args:
        model: the weights to write.
        directory: created where it does not exist.
        tokenizer_from: a checkpoint whose tokenizer files are copied.
        dtype: of the stored floats.
    """
    directory.mkdir(parents=True, exist_ok=True)
    state = model.state_dict()
    tensors: dict[str, Tensor] = {}
    for ours, theirs in published_names(model.config).items():
        for name, part in zip(theirs, state[ours].chunk(len(theirs)), strict=True):
            tensors[name] = part.detach().to("cpu", dtype).contiguous().clone()
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    config = {**config_to_json(model.config), "dtype": str(dtype).removeprefix("torch.")}
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    for name in COPIED_FILES:
        if (tokenizer_from / name).is_file():
            (directory / name).write_bytes((tokenizer_from / name).read_bytes())


def checkpoint_digest(directory: Path) -> str:
    """SHA-256 over a checkpoint's weights, configuration, vocabulary and glossary: what a result depends on."""
    digest = hashlib.sha256()
    weights = [name for name in WEIGHT_FILES if (directory / name).is_file()][:1]
    for name in (*weights, "config.json", *TOKENIZER_FILES, *GLOSSARY_FILES):
        path = directory / name
        if path.is_file():
            digest.update(name.encode())
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

"""Checkpoints in the published format: where they lie, and how their tensors map onto the encoder."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Union

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.config import ModelConfig, check_heads, config_to_json, read_config
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import COPIED_FILES, TOKENIZER_FILES, WEIGHT_FILES

if TYPE_CHECKING:
    from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder

Model = Union[CrossEncoder, LateEncoder, "AutoCrossEncoder"]
HEADS = {"evidence": "linear", "against": "linear_zero2", "background": "linear_zero3"}
_ENCODERS = ("bert.", "encoder.")
"""Before the names of an encoder's tensors, of BERT's and of others."""
_LATE_HEADS = ("text_projection.weight", "description_projection.weight", "log_scale", "bias")
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


_OLD_NORM = re.compile(r"LayerNorm\.(gamma|beta)$")
_NORM = {"gamma": "weight", "beta": "bias"}


def published_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """Each tensor of the model with the stored tensors it is made of (stacked along rows).

    Late interaction has the names of the published format where it has the same part; the encoder of descriptions is
    `description_bert`, unless the text's serves for both.
    """
    return by_name(config.architecture).tensor_names(config)


def bert_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """As `published_names`, for BERT."""
    if config.is_late:
        names = _encoder_names(config, "text.", "bert")
        if not config.late.shared_encoder:
            names |= _encoder_names(config, "description.", "description_bert")
        return names | _BACKGROUND | {name: (name,) for name in _LATE_HEADS}
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


def build_model(config: ModelConfig) -> Model:
    """The module of this shape, its weights not yet set."""
    return by_name(config.architecture).build(config)


def load_model(directory: Path) -> Model:
    """The model of a checkpoint, in float32 on the CPU, ready for inference.

    Raises:
        CheckpointError: no weights, tensors that are missing or of another shape.
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
        CheckpointError: as there, or it is a late-interaction model.
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
        description_directory: the checkpoint that the encoder of descriptions begins with, where it is one of its own;
            None takes `directory` for both.
    """
    model = build_model(config)
    initialize(model, seed)
    architecture = by_name(config.architecture)
    tensors = architecture.encoder_tensors(directory)
    new: tuple[str, ...] = (*HEADS, "pooler")
    if isinstance(model, LateEncoder):
        model.start_projections(seed)
        new = (*new, *(name.split(".")[0] for name in _LATE_HEADS))
        if not config.late.shared_encoder:
            others = architecture.encoder_tensors(description_directory) if description_directory else tensors
            begun = {f"description_{name}": part for name, part in others.items() if name.startswith(_ENCODERS)}
            tensors = {**tensors, **begun} if description_directory else {**begun, **tensors}
    for ours, (stored, *_) in published_names(config).items():
        if "case_embedding" in ours and stored not in tensors:  # an encoder that read no letter case
            tensors = {**tensors, stored: torch.zeros_like(model.state_dict()[ours])}
    assign_tensors(model, tensors, directory, optional=new)
    return model


def bert_tensors(directory: Path) -> dict[str, Tensor]:
    """The tensors of a BERT checkpoint, plain (`bert.` before its names or not) or ours, under the published names."""
    tensors = read_tensors(directory)
    if any(name.startswith("bert.") for name in tensors):
        return tensors
    return {f"bert.{name}": tensor for name, tensor in tensors.items()}


def read_tensors(directory: Path) -> dict[str, Tensor]:
    """The raw tensors of a checkpoint, from safetensors or from a `weights_only` pickle."""
    for name in WEIGHT_FILES:
        path = directory / name
        if path.is_file():
            try:
                if path.suffix == ".safetensors":
                    return _renamed(load_file(path))
                return _renamed(dict(torch.load(path, map_location="cpu", weights_only=True)))
            except (SafetensorError, RuntimeError, OSError, ValueError, EOFError, KeyError) as error:
                raise CheckpointError(
                    f"{path}: unreadable weights ({type(error).__name__}); download it again"
                ) from None
            except Exception as error:  # unpickling refuses with several classes
                raise CheckpointError(
                    f"{path}: refused, it holds more than tensors ({type(error).__name__}); convert it to safetensors"
                ) from None
    raise CheckpointError(f"{directory}: no weights; expected {' or '.join(WEIGHT_FILES)}")


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under the names of today: norms converted from TensorFlow are called gamma and beta."""
    return {_OLD_NORM.sub(lambda old: f"LayerNorm.{_NORM[old[1]]}", name): part for name, part in tensors.items()}


def assign_tensors(model: Model, tensors: dict[str, Tensor], directory: Path, optional: tuple[str, ...]) -> None:
    """Copy stored tensors into `model`.

    Args:
        model: filled in place.
        tensors: by their stored names.
        directory: whence they come, for messages.
        optional: parts of the model that stay as they are where their tensors are missing.

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
    """SHA-256 over a checkpoint's weights, configuration and vocabulary: what a result depends on."""
    digest = hashlib.sha256()
    weights = [name for name in WEIGHT_FILES if (directory / name).is_file()][:1]
    for name in (*weights, "config.json", *TOKENIZER_FILES):
        path = directory / name
        if path.is_file():
            digest.update(name.encode())
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

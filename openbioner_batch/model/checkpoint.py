"""Checkpoints in the published format: where they lie, and how their tensors map onto the encoder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.config import ModelConfig, config_to_json, read_config
from openbioner_batch.model.encoder import CrossEncoder, initialize
from openbioner_batch.model.location import TOKENIZER_FILES, WEIGHT_FILES

HEADS = {"evidence": "linear", "against": "linear_zero2", "background": "linear_zero3"}
_OUTSIDE_LAYERS = {
    "token_embedding.weight": "embeddings.word_embeddings.weight",
    "position_embedding.weight": "embeddings.position_embeddings.weight",
    "segment_embedding.weight": "embeddings.token_type_embeddings.weight",
    "embedding_norm.weight": "embeddings.LayerNorm.weight",
    "embedding_norm.bias": "embeddings.LayerNorm.bias",
    "pooler.weight": "pooler.dense.weight",
    "pooler.bias": "pooler.dense.bias",
}
_IN_LAYER = {
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "output_norm": "output.LayerNorm",
}


def published_names(config: ModelConfig) -> dict[str, tuple[str, ...]]:
    """Each tensor of `CrossEncoder` with the published tensors it is made of (stacked along rows)."""
    names: dict[str, tuple[str, ...]] = {ours: (f"bert.{theirs}",) for ours, theirs in _OUTSIDE_LAYERS.items()}
    for layer in range(config.layers):
        prefix = f"bert.encoder.layer.{layer}"
        for part in ("weight", "bias"):
            names[f"layers.{layer}.query_key_value.{part}"] = tuple(
                f"{prefix}.attention.self.{role}.{part}" for role in ("query", "key", "value")
            )
            for ours, theirs in _IN_LAYER.items():
                names[f"layers.{layer}.{ours}.{part}"] = (f"{prefix}.{theirs}.{part}",)
    for ours, theirs in HEADS.items():
        for part in ("weight", "bias"):
            names[f"{ours}.{part}"] = (f"{theirs}.{part}",)
    return names


def load_encoder(directory: Path) -> CrossEncoder:
    """The cross-encoder of a published checkpoint, in float32 on the CPU, ready for inference.

    Raises:
        CheckpointError: no weights, tensors that are missing or of another shape.
    """
    config = read_config(directory)
    return _assemble(config, read_tensors(directory), directory, new=()).eval()


def load_backbone(directory: Path, config: ModelConfig, seed: int) -> CrossEncoder:
    """A cross-encoder on a plain BERT encoder: its weights with random heads, to be trained.

    Args:
        directory: a BERT checkpoint (`bert.` before its tensor names or not).
        config: `read_config(directory)`, with the dropouts and windows that training wants.
        seed: for the heads.
    """
    tensors = {
        name if name.startswith("bert.") else f"bert.{name}": tensor for name, tensor in read_tensors(directory).items()
    }
    return _assemble(config, tensors, directory, new=tuple(HEADS), seed=seed)


def read_tensors(directory: Path) -> dict[str, Tensor]:
    """The raw tensors of a checkpoint, from safetensors or from a `weights_only` pickle."""
    for name in WEIGHT_FILES:
        path = directory / name
        if path.is_file():
            try:
                if path.suffix == ".safetensors":
                    return load_file(path)
                return dict(torch.load(path, map_location="cpu", weights_only=True))
            except (SafetensorError, RuntimeError, OSError, ValueError, EOFError, KeyError) as error:
                raise CheckpointError(
                    f"{path}: unreadable weights ({type(error).__name__}); download it again"
                ) from None
            except Exception as error:  # unpickling refuses with several classes
                raise CheckpointError(
                    f"{path}: refused, it holds more than tensors ({type(error).__name__}); convert it to safetensors"
                ) from None
    raise CheckpointError(f"{directory}: no weights; expected {' or '.join(WEIGHT_FILES)}")


def _assemble(
    config: ModelConfig, tensors: dict[str, Tensor], directory: Path, new: tuple[str, ...], seed: int = 0
) -> CrossEncoder:
    model = CrossEncoder(config)
    if new or "bert.pooler.dense.weight" not in tensors:
        initialize(model, seed)
    state = model.state_dict()
    for ours, theirs in published_names(config).items():
        if ours.split(".")[0] in (*new, "pooler") and not all(name in tensors for name in theirs):
            continue
        missing = [name for name in theirs if name not in tensors]
        if missing:
            raise CheckpointError(f"{directory}: tensor {missing[0]!r} is missing; expected an OpenBioNER checkpoint")
        tensor = torch.cat([tensors[name] for name in theirs]).float()
        if tensor.shape != state[ours].shape:
            raise CheckpointError(
                f"{directory}: {theirs[0]!r} has shape {tuple(tensor.shape)}; "
                f"config.json says {tuple(state[ours].shape)}"
            )
        state[ours].copy_(tensor)
    return model


def save_checkpoint(
    model: CrossEncoder, directory: Path, tokenizer_from: Path, dtype: torch.dtype = torch.float32
) -> None:
    """Writes `model` in the published format, which zshot's `LinkerSMXM` loads too.

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
    for name in TOKENIZER_FILES:
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

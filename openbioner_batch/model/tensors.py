"""Reads the stored tensors of a checkpoint, and names its heads."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.location import WEIGHT_FILES

HEADS = {"evidence": "linear", "against": "linear_zero2", "background": "linear_zero3"}
"""Ours and the published names of a cross-encoder's heads."""
LATE_HEADS = ("text_projection.weight", "description_projection.weight", "log_scale", "bias")
"""Tensors of a late-interaction model besides its encoders and the head of the background."""
_OLD_NORM = re.compile(r"LayerNorm\.(gamma|beta)$")
_NORM = {"gamma": "weight", "beta": "bias"}


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
            except Exception as error:  # unpickling raises several classes
                raise CheckpointError(
                    f"{path}: refused, it holds more than tensors ({type(error).__name__}); convert it to safetensors"
                ) from None
    raise CheckpointError(f"{directory}: no weights; expected {' or '.join(WEIGHT_FILES)}")


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under current names: norms converted from TensorFlow are called gamma and beta."""
    return {_OLD_NORM.sub(lambda old: f"LayerNorm.{_NORM[old[1]]}", name): part for name, part in tensors.items()}

"""From a checkpoint of training to one in the published format, tensor by tensor."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.checkpoint import published_names
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.location import COPIED_FILES
from openbioner_batch.model.reading import config_to_json
from openbioner_batch.training.engines import MODEL_FILE, TAG

_PREFIX = "encoder."
_SAFETENSORS = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def export_checkpoint(state: Path, output: Path, config: ModelConfig, tokenizer_from: Path, dtype: torch.dtype) -> None:
    """Write the trained weights in the published format. One tensor at a time is in memory; nothing else is written.

    A glossary of the checkpoint that training began with is left behind: its head belongs to the weights that it was
    fitted to.

    Args:
        state: folder of a training checkpoint, every worker's part in it.
        output: created where it does not exist.
        config: the model's shape.
        tokenizer_from: a directory whose tokenizer files are copied.
        dtype: of the stored floats.

    Raises:
        CheckpointError: the checkpoint lacks a tensor.
    """
    output.mkdir(parents=True, exist_ok=True)
    tensors = open_state(state)
    layout: dict[str, tuple[int, ...]] = {}
    sources: list[tuple[str, int]] = []
    for ours, theirs in published_names(config).items():
        if _PREFIX + ours not in tensors:
            raise CheckpointError(f"{state}: tensor {ours!r} is missing from the training checkpoint")
        rows, *rest = tensors[_PREFIX + ours].shape
        layout.update(dict.fromkeys(theirs, (rows // len(theirs), *rest)))
        sources.append((ours, len(theirs)))
    # One tensor of ours is consecutive rows of its published parts.
    parts = (tensors[_PREFIX + ours].read() for ours, _ in sources)
    write_safetensors(output / "model.safetensors", layout, parts, dtype)
    settings = {**config_to_json(config), "dtype": str(dtype).removeprefix("torch.")}
    (output / "config.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    for name in COPIED_FILES:
        if (tokenizer_from / name).is_file():
            (output / name).write_bytes((tokenizer_from / name).read_bytes())


@dataclasses.dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor that lies in files, whole or as consecutive slices of flat vectors."""

    shape: tuple[int, ...]
    slices: tuple[Tensor, ...]
    """Views of memory-mapped files."""

    def read(self) -> Tensor:
        """The tensor in memory."""
        return torch.cat([part.flatten() for part in self.slices]).view(self.shape)


def open_state(folder: Path) -> dict[str, StoredTensor]:
    """Every tensor of the trained module by name, none of them read yet. Master weights where there are some."""
    if (folder / MODEL_FILE).is_file():
        whole = torch.load(folder / MODEL_FILE, map_location="cpu", weights_only=True, mmap=True)
        return {name: StoredTensor(tuple(tensor.shape), (tensor,)) for name, tensor in whole.items()}
    return _open_zero(folder / TAG)


def _open_zero(folder: Path) -> dict[str, StoredTensor]:
    """ZeRO 1 and 2: each group of parameters is one flat float32 vector, cut evenly over the workers' files.

    Weights that are not trained are whole in the model's file. The files are DeepSpeed's own pickles, written by this
    run.
    """
    model = _load(folder / "mp_rank_00_model_states.pt")
    tensors = {name: StoredTensor(tuple(t.shape), (t,)) for name, t in model["module"].items()}
    files = sorted(folder.glob("*_optim_states.pt"), key=_rank_of)
    if not files:
        raise CheckpointError(f"{folder}: no optimizer states; expected DeepSpeed's *_optim_states.pt")
    states = [_load(file)["optimizer_state_dict"] for file in files]
    for group, shapes in enumerate(model["param_shapes"]):
        partitions = [state["single_partition_of_fp32_groups"][group] for state in states]
        place = 0
        for name, shape in shapes.items():
            stop = place + math.prod(shape)
            tensors[name] = StoredTensor(tuple(shape), tuple(_slices(partitions, place, stop)))
            place = stop
    return tensors


def _slices(partitions: Sequence[Tensor], start: int, stop: int) -> Iterator[Tensor]:
    """The parts of [start, stop) of the vector that `partitions` make together."""
    base = 0
    for partition in partitions:
        low, high = max(start, base) - base, min(stop, base + len(partition)) - base
        if low < high:
            yield partition[low:high]
        base += len(partition)


def _rank_of(file: Path) -> int:
    """The worker's number in DeepSpeed's file name: bf16_zero_pp_rank_3_mp_rank_00_optim_states.pt."""
    return int(file.name.partition("zero_pp_rank_")[2].partition("_")[0])


def _load(file: Path) -> dict[str, Any]:
    logging.disable(logging.WARNING)  # DeepSpeed's classes are in the pickle, and it greets whoever imports it
    try:
        loaded: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=False, mmap=True)
    finally:
        logging.disable(logging.NOTSET)
    return loaded


def write_safetensors(
    path: Path, layout: Mapping[str, tuple[int, ...]], parts: Iterable[Tensor], dtype: torch.dtype
) -> None:
    """Write a safetensors file from a stream of tensors; it appears under its name once it is whole.

    Layout: https://github.com/huggingface/safetensors, a little-endian u64 length, a JSON header, the bytes.

    Args:
        path: of the file.
        layout: shape of each tensor, in the order of their bytes.
        parts: tensors whose elements, one after another, are those of the layout; they may be cut elsewhere.
        dtype: of the stored floats.
    """
    size = torch.empty(0, dtype=dtype).element_size()
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, shape in layout.items():
        stop = place + size * math.prod(shape)
        header[name] = {"dtype": _SAFETENSORS[dtype], "shape": list(shape), "data_offsets": [place, stop]}
        place = stop
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)))
        file.write(encoded)
        for part in parts:
            file.write(part.to(dtype).contiguous().view(torch.uint8).numpy().tobytes())
    os.replace(temporary, path)

"""The random checkpoints that the reference implementation's results are of, drawn anew in the published format.

Their weights are normal numbers from a Mersenne Twister, whose stream NumPy keeps as it is for ever: a seed and a place
in the stream stand for a tensor. Of the vocabulary only the pieces that the recorded inputs have are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ENCODER_DEVIATION, HEAD_DEVIATION = 0.12, 0.5


def write_checkpoint(recorded: dict[str, Any], folder: Path) -> Path:
    """Write the checkpoint that `recorded`, a file beside this one, is of into an empty folder; returns the folder."""
    shape, pieces = recorded["shape"], {**recorded["pieces"], **description_pieces(recorded)}
    vocabulary = [*SPECIAL, *pieces]
    ids = [*range(len(SPECIAL)), *pieces.values()]
    tensors = dict(_tensors(recorded["stream"], shape))
    name = "bert.embeddings.word_embeddings.weight"
    tensors[name] = tensors[name][ids]
    save_file(tensors, folder / "model.safetensors")
    config = {
        "architectures": ["BertTaggerMultiClass"],
        "model_type": "bert",
        "finetuning_task": {"dropout_prob": 0.5},
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
        **shape,
        "vocab_size": len(vocabulary),
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": recorded["lowercase"]}), "utf-8")
    return folder


def description_pieces(recorded: dict[str, Any]) -> dict[str, int]:
    """A word for each piece of the descriptions, whose own words are not kept: `x7` for the piece 7."""
    return {f"x{number}": number for kind in recorded["types"] for number in kind["pieces"]}


def _tensors(stream: dict[str, Any], shape: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """Name and value of each tensor, in the order in which they were drawn."""
    hidden, wide = shape["hidden_size"], shape["intermediate_size"]
    tables = {"word": shape["vocab_size"], "position": shape["max_position_embeddings"], "token_type": 2}
    sizes = {f"bert.embeddings.{name}_embeddings": (rows, hidden) for name, rows in tables.items()}
    norms = ["bert.embeddings.LayerNorm"]
    for number in range(shape["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{number}"
        attention = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
        sizes |= {f"{layer}.{name}": (hidden, hidden) for name in attention}
        sizes |= {f"{layer}.intermediate.dense": (wide, hidden), f"{layer}.output.dense": (hidden, wide)}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    sizes["bert.pooler.dense"] = (hidden, hidden)
    numbers = _normals(stream["seed"], stream["encoder"])
    for name, (rows, columns) in sizes.items():
        yield f"{name}.weight", _take(numbers, rows, columns, ENCODER_DEVIATION)
        if not name.startswith("bert.embeddings"):
            yield f"{name}.bias", np.zeros(rows, np.float32)
    for name in norms:
        yield f"{name}.weight", np.ones(hidden, np.float32)
        yield f"{name}.bias", np.zeros(hidden, np.float32)
    numbers = _normals(stream["seed"], stream["heads"])
    for name, bias in stream["biases"].items():
        yield f"{name}.weight", _take(numbers, 1, hidden, HEAD_DEVIATION)
        yield f"{name}.bias", np.array([bias], np.float32)


def _take(numbers: Iterator[np.ndarray], rows: int, columns: int, deviation: float) -> np.ndarray:
    blocks = [next(numbers) for _ in range(rows * columns // 16)]
    return (np.concatenate(blocks) * deviation).astype(np.float32).reshape(rows, columns)


def _normals(seed: int, place: int) -> Iterator[np.ndarray]:
    """[16] standard normal numbers at a time, by Box and Muller: eight radii and eight angles make eight pairs."""
    state = np.random.RandomState(seed)
    state.randint(0, 1 << 32, place, np.uint32)
    while True:
        drawn = (state.randint(0, 1 << 32, (1 << 12, 2, 8), np.uint32) & 0xFFFFFF) / (1 << 24)
        radii, angles = np.sqrt(-2 * np.log(1 - drawn[:, 0])), 2 * np.pi * drawn[:, 1]
        yield from np.concatenate([radii * np.cos(angles), radii * np.sin(angles)], axis=1)

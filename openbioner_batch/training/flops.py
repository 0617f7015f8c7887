"""What a pass costs and what a machine can do: model FLOPs utilisation (MFU)."""

from __future__ import annotations

import time

import numpy as np
import torch

from openbioner_batch.model.config import ModelConfig

PEAK_TFLOPS = {
    "B200": 2250.0,
    "H200": 989.0,
    "H100 PCIe": 756.0,
    "H100 NVL": 835.0,
    "H100": 989.0,
    "A100": 312.0,
    "L40S": 362.0,
    "L40": 181.0,
    "L4": 121.0,
    "A10G": 70.0,
    "A10": 125.0,
    "RTX 4090": 165.0,
    "RTX 3090": 71.0,
    "V100": 125.0,
    "T4": 65.0,
}
"""Dense bfloat16 or float16 matrix rate by a part of the GPU's name, from makers' data sheets; longer names first."""


def training_flops(config: ModelConfig, lengths: np.ndarray, layers: int | None = None) -> float:
    """Floating-point operations of one forward and backward pass over sequences of these real lengths.

    A layer multiplies 4 h^2 + 2 h i weights with each token and 2 L h for its attention to a sequence of L tokens (two
    operations each); the backward pass costs twice the forward one. Padding and recomputation do not count.

    Args:
        config: of the encoder (h hidden, i intermediate).
        lengths: [sequences] tokens.
        layers: how many they go through; None is all.
    """
    layers = config.layers if layers is None else layers
    lengths = lengths.astype(np.float64)
    weights = 4 * config.hidden**2 + 2 * config.hidden * config.intermediate
    attention = 2 * config.hidden
    return float(6 * layers * (weights * lengths.sum() + attention * (lengths**2).sum()))


def peak_flops(device: torch.device, precision: str) -> float | None:
    """Operations per second that a worker's device can do at best.

    They are from the table for a GPU (half for float32 without tensor cores is not told apart), and measured for a CPU;
    None for a GPU that the table does not know.
    """
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        return next((1e12 * rate for part, rate in PEAK_TFLOPS.items() if part in name), None)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    size = 1536
    left, right = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best

"""Chooses a model's device and number format."""

from __future__ import annotations

import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model.choices import DTYPES

_CPU_TOKENS, _GPU_TOKENS = 4096, 65536


def resolve_device(device: str = "auto") -> str:
    """The torch device for "auto", "cpu", "gpu", "cuda" or "cuda:N".

    Raises:
        UsageError: the value is unknown, or asks for a GPU that the machine lacks.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        return device
    kind, _, index = device.partition(":")
    if kind not in ("gpu", "cuda") or not (index.isdigit() or device in ("gpu", "cuda")):
        raise UsageError(f"device {device!r}: expected auto, cpu, gpu, cuda or cuda:N")
    if not torch.cuda.is_available():
        raise UsageError(f"device {device!r}: torch {torch.__version__} sees no GPU here; use cpu or auto")
    if index and int(index) >= torch.cuda.device_count():
        raise UsageError(f"device {device!r}: there are {torch.cuda.device_count()} GPUs; expected a number below that")
    return f"cuda:{index}" if index else "cuda"


def resolve_dtype(dtype: str, device: str) -> str:
    """The number format for "auto" or one of `DTYPES` on a resolved device.

    Raises:
        UsageError: the value is unknown, or float16 on a CPU, whose sums overflow and are slow.
    """
    if dtype == "auto":
        if device.startswith("cuda"):
            return _fastest_on_gpu(torch.device(device))
        return "bfloat16" if _cpu_multiplies_bfloat16() else "float32"
    if dtype not in DTYPES:
        raise UsageError(f"dtype {dtype!r}: expected auto, {', '.join(DTYPES)}")
    if dtype == "float16" and device == "cpu":
        raise UsageError("dtype 'float16' is for GPUs; on a CPU use float32, bfloat16 or auto")
    return dtype


def has_cpu_kernels(device: torch.device) -> bool:
    """Whether a batch takes the code paths for CPUs: packed weights, our own kernels, a shared first layer."""
    return device.type == "cpu"


def default_token_budget(device: str) -> int:
    """Padded tokens of one forward pass: enough to fill the device, few enough to stay in its cache or memory."""
    return _GPU_TOKENS if device.startswith("cuda") else _CPU_TOKENS


def _fastest_on_gpu(device: torch.device) -> str:
    """bfloat16 where the hardware multiplies it, float16 where it multiplies that (T4, V100), else float32."""
    with torch.cuda.device(device):
        # emulated bfloat16 is slower than float32
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16"
        return "float16" if torch.cuda.get_device_capability() >= (7, 0) else "float32"


def _cpu_multiplies_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))

"""Which number format a device gets."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from openbioner_batch.model.device import resolve_dtype


@pytest.mark.parametrize(
    ("card", "capability", "multiplies", "dtype"),
    [
        ("P100", (6, 0), False, "float32"),
        ("V100", (7, 0), False, "float16"),
        ("T4", (7, 5), False, "float16"),
        ("A100", (8, 0), True, "bfloat16"),
        ("H100", (9, 0), True, "bfloat16"),
    ],
)
def test_bfloat16_that_a_gpu_only_emulates_is_not_taken(
    card: str, capability: tuple[int, int], multiplies: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return including_emulation or multiplies  # as torch says it of every one of these cards

    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert resolve_dtype("auto", "cuda") == dtype

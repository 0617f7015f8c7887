"""What a GPU finds is what the CPU finds in float32: `pytest -m gpu` where there is one, and rehearsed on CPUs.

The checks are those of `benchmarks/gpu_check.py`. A rehearsal goes the ways of a GPU with its attention kernel
emulated, at the smallest sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gpu import devices, parity
from gpu.checks import Case
from gpu.devices import REHEARSAL

from openbioner_batch.model import VARIANTS, attention
from openbioner_batch.model import device as device_module

GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here"),
]


def named(prefix: str, cases: Any, *marks: Any) -> list[Any]:
    return [pytest.param(case, marks=marks, id=f"{prefix} {case.name}".replace(" ", "-")) for case in cases]


@pytest.mark.parametrize(
    "case",
    [
        *named("rehearsed", parity.cases(REHEARSAL, parity.DTYPES, parity.MINIATURES, quick=True)),
        *named("gpu", parity.cases("cuda", parity.DTYPES, tuple(VARIANTS), quick=False), *GPU),
    ],
)
def test_a_gpu_finds_what_a_cpu_finds(case: Case) -> None:
    found = case.run()
    assert found["ok"], found


def test_every_way_is_checked_in_every_number_format() -> None:
    names = [case.name for case in parity.cases("cuda", parity.DTYPES, tuple(VARIANTS), quick=False)]
    for dtype in parity.DTYPES:
        ways = {name.removesuffix(f" {dtype}") for name in names if name.endswith(dtype)}
        assert ways > {*VARIANTS, "tiny-2-of-4", "batch tiny", "batch tiny-split", "batch tiny-late", "long"}
    assert names[-3:] == ["memory tiny", "memory tiny-split", "memory tiny-late"]


def test_a_rehearsal_goes_the_ways_of_a_gpu_and_is_over_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    packed = attention.attend_packed
    monkeypatch.setattr(attention, "attend_packed", lambda *given: calls.append(given) or packed(*given))
    parity.variant_parity("tiny", None, REHEARSAL, "float16", 1)
    assert len(calls) == VARIANTS["tiny"].config.layers
    assert device_module.has_cpu_kernels(torch.device("cpu"))


def test_a_wrong_result_of_the_kernel_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = devices.emulated_varlen_attention

    def leaks_into_the_next_sequence(query: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        return kernel(query, *rest, **named).roll(1, 0)

    monkeypatch.setattr(devices, "emulated_varlen_attention", leaks_into_the_next_sequence)
    found = parity.variant_parity("tiny-late", None, REHEARSAL, "bfloat16", 2)
    assert not found["ok"]
    assert not np.isfinite(found["rms"]) or found["rms"] > parity.TOLERANCE["bfloat16"]

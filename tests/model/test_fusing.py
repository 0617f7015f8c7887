"""Fused elementwise work: the switch decides, what is found is the same, and a compiler that fails costs nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch

from openbioner_batch.model import fusing
from openbioner_batch.model.fusing import SWITCH, CompiledFunction, _add_norm


def arguments(rows: int) -> tuple[Any, ...]:
    random = torch.Generator().manual_seed(rows)
    hidden, weight, bias = (torch.randn(*shape, generator=random) for shape in ((rows, 24), (24,), (24,)))
    return hidden, torch.randn(rows, 24, generator=random).bfloat16(), weight, bias, 1e-12


def test_sums_and_norms_are_those_of_plain_torch() -> None:
    hidden, added, weight, bias, epsilon = arguments(5)
    found, rounded = fusing.add_norm(hidden, added, weight, bias, epsilon)
    whole = hidden + added.float()
    expected = (whole - whole.mean(1, keepdim=True)) / whole.std(1, correction=0, keepdim=True) * weight + bias
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert rounded.dtype == torch.bfloat16
    assert torch.equal(rounded, found.bfloat16())


def test_it_is_compiled_only_where_the_switch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: calls.append(dynamic) or function)
    one = CompiledFunction(_add_norm)
    one(*arguments(3))
    assert calls == []
    monkeypatch.setenv(SWITCH, "1")
    for rows in (3, 4):
        one(*arguments(rows))
    assert calls == [True], "once for any number of rows"


def test_a_compiler_that_fails_is_said_once_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no Triton here")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: refuse)
    monkeypatch.setenv(SWITCH, "1")
    one = CompiledFunction(_add_norm)
    with caplog.at_level(logging.WARNING):
        found = [one(*arguments(4))[0] for _ in range(2)]
    assert torch.equal(found[0], _add_norm(*arguments(4))[0])
    assert torch.equal(*found)
    assert [record.message for record in caplog.records] == [
        "OPENBIONER_COMPILE=1 has no effect: torch.compile failed (no Triton here)"
    ]


def test_want_of_memory_is_left_to_those_who_halve(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: refuse)
    monkeypatch.setenv(SWITCH, "1")
    with pytest.raises(MemoryError):
        CompiledFunction(_add_norm)(*arguments(4))


@pytest.mark.slow
def test_the_real_compiler_agrees(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(SWITCH, "1")
    one = CompiledFunction(_add_norm)
    with caplog.at_level(logging.WARNING), torch.inference_mode():
        for rows in (3, 64, 65):
            for ours, theirs in zip(one(*arguments(rows)), _add_norm(*arguments(rows)), strict=True):
                torch.testing.assert_close(ours, theirs, atol=1e-2 if ours.dtype == torch.bfloat16 else 1e-5, rtol=1e-2)
    if caplog.records:
        pytest.skip(f"torch.compile does not work here: {caplog.records[0].message}")

"""Elementwise work fused by torch's compiler: where a switch requests it, and plain torch where that fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.errors import is_out_of_memory

SWITCH = "OPENBIONER_COMPILE"
"""Environment variable; 1 fuses. It costs some seconds at the first batch."""
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class CompiledFunction(Generic[Result]):
    """A function of tensors, compiled once for any number of rows if the switch says so.

    Args:
        function: what it computes; no loop and no branch on values.
    """

    def __init__(self, function: Callable[..., Result]) -> None:
        self._function = function
        self._compiled: Callable[..., Result] | None = None
        self._failed = False

    def __call__(self, *tensors: Any) -> Result:
        """The function's result, by `torch.compile` where the environment asks for it and it works."""
        if self._failed or os.environ.get(SWITCH) != "1":
            return self._function(*tensors)
        if self._compiled is None:
            self._compiled = torch.compile(self._function, dynamic=True)
        try:
            return self._compiled(*tensors)
        except Exception as error:  # no compiler, no Triton, a GPU that it does not know: many classes
            if is_out_of_memory(error):
                raise
            self._failed = True
            _log.warning("%s=1 has no effect: torch.compile failed (%s)", SWITCH, " ".join(str(error).split())[:300])
            return self._function(*tensors)


def _add_norm(hidden: Tensor, added: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    found = F.layer_norm(hidden + added, weight.shape, weight, bias, epsilon)
    return found, found.to(added.dtype)


add_norm = CompiledFunction(_add_norm)
"""Layer normalisation of [tokens, width] `hidden` (float32) plus `added`: in float32, and in the format of `added`."""

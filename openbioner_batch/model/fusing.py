"""Fuses functions of tensors with torch's compiler, and uses plain torch where that fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch

from openbioner_batch.errors import is_out_of_memory

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class CompiledFunction(Generic[Result]):
    """A function of tensors, compiled when it is first called: for its first number of rows, then for any.

    Args:
        function: the function, without loops and branches on values.
    """

    def __init__(self, function: Callable[..., Result]) -> None:
        self._function = function
        self._compiled: Callable[..., Result] | None = None
        self._failed = False

    def __call__(self, *given: Any) -> Result:
        """The function's result, by `torch.compile` where that works."""
        if self._failed:
            return self._function(*given)
        if self._compiled is None:
            self._compiled = torch.compile(self._function)
        try:
            return self._compiled(*given)
        except Exception as error:  # no compiler, no Triton, an unsupported GPU: many classes
            if is_out_of_memory(error):
                raise
            self._failed = True
            reason = " ".join(str(error).split())[:300]
            _log.warning("--compile has no effect: torch.compile failed (%s)", reason)
            return self._function(*given)

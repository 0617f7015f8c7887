"""Keeps Ray Data's scheduling loop from burning a core while there is nothing to schedule."""

from __future__ import annotations

import time
from typing import Any

STEP_S = 0.02
"""Least time from one step of the loop to the next. Steps of training take longer, and some are prepared ahead."""


class Pacing:
    """A callback of Ray Data's executor (`DataContext.custom_execution_callback_classes`) that sleeps between steps.

    The executor waits only for tasks that have no output. While output waits to be taken, or without any task, its
    loop spins: beside training on CPUs it took a whole core.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()

    def before_execution_starts(self, executor: Any) -> None:
        """Start the clock."""
        self._last = time.monotonic()

    def on_execution_step(self, executor: Any) -> None:
        """Sleep for the rest of `STEP_S`."""
        time.sleep(max(0.0, STEP_S - (time.monotonic() - self._last)))
        self._last = time.monotonic()

    def after_execution_succeeds(self, executor: Any) -> None:
        """Does nothing."""

    def after_execution_fails(self, executor: Any, error: Exception) -> None:
        """Does nothing."""

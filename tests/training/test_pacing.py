"""Ray Data's loop rests between steps."""

from __future__ import annotations

import time

from openbioner_batch.training.pacing import STEP_S, Pacing


def test_steps_are_at_least_so_far_apart() -> None:
    pacing = Pacing()
    pacing.before_execution_starts(None)
    began = time.monotonic()
    for _ in range(10):
        pacing.on_execution_step(None)
    assert time.monotonic() - began >= 9 * STEP_S


def test_a_step_that_took_long_is_not_made_longer() -> None:
    pacing = Pacing()
    time.sleep(2 * STEP_S)
    began = time.monotonic()
    pacing.on_execution_step(None)
    assert time.monotonic() - began < STEP_S

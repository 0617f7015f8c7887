"""Checks that settings share; each message names the key."""

from __future__ import annotations

from typing import Any

from openbioner_batch.errors import UsageError


def check_choice(name: str, value: Any, valid: tuple[Any, ...]) -> None:
    """Raises UsageError unless `value` is one of `valid`."""
    if value not in valid:
        raise UsageError(f"{name} is {value!r}: give one of {', '.join(map(str, valid))}")


def check_share(name: str, value: float) -> None:
    """Raises UsageError unless `value` is from 0 to 1."""
    if not 0 <= value <= 1:
        raise UsageError(f"{name} is {value}: give a number from 0 to 1")


def check_positive(name: str, value: int) -> None:
    """Raises UsageError unless `value` is at least 1."""
    if value < 1:
        raise UsageError(f"{name} is {value}: give a whole number from 1 up")

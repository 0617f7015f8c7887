"""Limits on the requests to an endpoint: rates per minute, and costs."""

from __future__ import annotations

from dataclasses import dataclass, field

BURST_S = 1.0
"""After a pause, the amount of this many seconds may be sent at once."""


@dataclass(slots=True)
class RateLimit:
    """Spreads amounts evenly over time, given a rate.

    Args:
        per_minute: requests or tokens; None sets no limit.
    """

    per_minute: float | None
    _free_at: float = float("-inf")

    def reserve(self, amount: float, now: float) -> float:
        """Reserve an amount; returns the seconds to wait before sending it.

        Args:
            amount: in the unit of the rate.
            now: seconds of a monotonic clock.
        """
        if self.per_minute is None:
            return 0.0
        start = max(self._free_at, now - BURST_S)
        self._free_at = start + amount * 60 / self.per_minute
        return max(0.0, start - now)

    def correct(self, amount: float) -> None:
        """Correct a reservation by the amount that it was too small (negative if too large)."""
        if self.per_minute is not None:
            self._free_at += amount * 60 / self.per_minute


@dataclass(slots=True)
class Budget:
    """Money spent and reserved. A shard is admitted if all of it can be paid for.

    Args:
        ceiling: the most to spend; None sets no limit.
        spent: the costs of earlier sessions.
    """

    ceiling: float | None
    spent: float = 0.0
    stopped: bool = False
    """Set when a shard was refused; then no other is admitted, even a smaller one."""
    _promised: float = 0.0
    _admitted: dict[str, float] = field(default_factory=dict)

    @property
    def admitted(self) -> int:
        """How many shards were admitted."""
        return len(self._admitted)

    def admit(self, shard: str, estimate: float) -> bool:
        """Whether a shard may be sent, at an estimated price for all of it."""
        if shard in self._admitted:
            return True
        if self.ceiling is not None and self.spent + self._promised + estimate > self.ceiling:
            self.stopped = True
        if self.stopped:
            return False
        self._admitted[shard] = estimate
        self._promised += estimate
        return True

    def settle(self, shard: str, part: float, price: float) -> None:
        """Replace a part (0 to 1) of a shard's reservation by its actual cost."""
        self._promised -= part * self._admitted[shard]
        self.spent += price

"""Limits on the requests to an endpoint: so many a minute, and for so much money."""

from __future__ import annotations

from dataclasses import dataclass, field

BURST_S = 1.0
"""After a pause, as much may go out at once as belongs to this many seconds."""


@dataclass(slots=True)
class RateLimit:
    """Spreads amounts evenly over time, given a rate.

    Args:
        per_minute: requests or tokens; None sets no limit.
    """

    per_minute: float | None
    _free_at: float = float("-inf")

    def reserve(self, amount: float, now: float) -> float:
        """Book an amount; gives the seconds to wait before it may go out.

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
        """Book what a reservation turned out to be too small by, or give back what it was too large by (negative)."""
        if self.per_minute is not None:
            self._free_at += amount * 60 / self.per_minute


@dataclass(slots=True)
class Budget:
    """Money spent and promised. A shard is let in if all of it can be paid for, so that none is paid for in part.

    Args:
        ceiling: the most to spend; None sets no limit.
        spent: what earlier sessions have spent.
    """

    ceiling: float | None
    spent: float = 0.0
    stopped: bool = False
    """Set when a shard was refused; no other is let in then, though it may be smaller."""
    _promised: float = 0.0
    _admitted: dict[str, float] = field(default_factory=dict)

    @property
    def admitted(self) -> int:
        """How many shards were let in."""
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
        """Replace a part (0 to 1) of what was promised for a shard by what it has cost."""
        self._promised -= part * self._admitted[shard]
        self.spent += price

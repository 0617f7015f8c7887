"""Counts the most frequent items in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable


class FrequentItems:
    """Counts of at most `2 * capacity` different items: a Misra-Gries summary, pruned in batches.

    Where more come, the rarest are dropped and all counts are lowered by the same amount, so that a count is too low
    by at most `missed`, which is at most the sum of all counts / capacity (Agarwal et al., "Mergeable summaries",
    PODS 2012). What is found depends on the items and the order of `add` alone.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._counts: dict[str, int] = {}
        self.missed = 0

    def add(self, counts: Iterable[tuple[str, int]]) -> None:
        """Count items, each with how often it came."""
        for item, count in counts:
            self._counts[item] = self._counts.get(item, 0) + count
            if len(self._counts) > 2 * self._capacity:
                self._prune()

    def _prune(self) -> None:
        lowest = sorted(self._counts.values(), reverse=True)[self._capacity]
        self._counts = {item: count - lowest for item, count in self._counts.items() if count > lowest}
        self.missed += lowest

    def most_common(self, count: int) -> list[tuple[str, int]]:
        """The most frequent items with their counts; items that differ only in letter case count as one.

        Each has its most frequent spelling; equal counts are in alphabetical order.
        """
        spellings: dict[str, list[tuple[int, str]]] = {}
        for item, found in self._counts.items():
            spellings.setdefault(" ".join(item.casefold().split()), []).append((-found, item))
        merged = sorted((sum(found for found, _ in group), min(group)[1]) for group in spellings.values())
        return [(" ".join(item.split()), -total) for total, item in merged[:count]]

"""Exact binomial bounds from a sample of notes, and the sample size for a bound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openbioner_batch.errors import UsageError

MOST_NOTES = 1_000_000
"""The largest sample of a review."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of an archive, and the notes read from it."""

    notes: int
    """Notes of the stratum in the archive."""
    read: int
    leaking: int = 0
    """Notes that leak, among those read."""


def upper_bound(leaking: int, read: int, confidence: float) -> float:
    """The exact one-sided upper bound of a rate (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        leaking: how many of those that were read leak.
        read: how many were drawn at random and read.
        confidence: that the true rate is no higher, such as 0.95.

    Returns:
        The largest rate at which at most `leaking` would be seen with probability 1 - `confidence` or more.
    """
    if leaking >= read:
        return 1.0
    if leaking == 0:
        return -math.expm1(math.log1p(-confidence) / read)
    low, high = leaking / read, 1.0
    for _ in range(100):  # halved until floats are exhausted
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(leaking, read, middle) > 1 - confidence else (low, middle)
    return high


def at_most(leaking: int, read: int, rate: float) -> float:
    """The probability of at most `leaking` in `read` independent draws that leak with probability `rate`."""
    if rate <= 0 or leaking >= read:
        return 1.0
    if rate >= 1:
        return 0.0
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    terms = (
        math.lgamma(read + 1)
        - math.lgamma(count + 1)
        - math.lgamma(read - count + 1)
        + count * log_rate
        + (read - count) * log_rest
        for count in range(leaking + 1)
    )
    return min(1.0, math.fsum(map(math.exp, terms)))


def notes_needed(rate: float, confidence: float, allowed: int) -> int:
    """How many notes must be read so that `allowed` leaking ones still prove fewer than `rate`.

    Raises:
        UsageError: more than `MOST_NOTES`.
    """
    low, high = allowed, allowed + 1
    while at_most(allowed, high, rate) > 1 - confidence:
        low, high = high, 2 * high
        if low > MOST_NOTES:
            raise UsageError(f"that bound needs more than {MOST_NOTES:,} notes to be read: want a higher rate")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(allowed, middle, rate) > 1 - confidence else (low, middle)
    return high


def bound_over(strata: Sequence[Stratum], confidence: float) -> float:
    """An upper bound of the share of leaking notes in an archive that was sampled by strata.

    Were the same share read of each stratum, the leaking notes among those read would be a sum of draws with unlike
    probabilities, whose lower tail is thinner than that of the binomial of the same mean (Hoeffding, Annals of
    Mathematical Statistics 27, 1956), so that the bound of the binomial holds. Where shares are unlike, it is scaled
    by the stratum that was read least. All notes of a stratum without read notes count as leaking. Drawing without
    replacement only makes the bound more careful.

    Args:
        strata: the parts of the archive; those without notes do not count.
        confidence: of the bound.
    """
    strata = [stratum for stratum in strata if stratum.notes]
    notes = sum(stratum.notes for stratum in strata)
    leaking = sum(stratum.leaking for stratum in strata)
    if all(stratum.read == stratum.notes for stratum in strata):
        return leaking / notes if notes else 0.0
    covered = [stratum for stratum in strata if stratum.read]
    read = sum(stratum.read for stratum in covered)
    if not read:
        return 1.0
    bound = upper_bound(leaking, read, confidence)
    if len(covered) > 1 and leaking > read * bound - 1:
        return 1.0  # where almost all notes leak, Hoeffding's theorem does not apply
    scale = read / notes * max(stratum.notes / stratum.read for stratum in covered)
    unread = sum(stratum.notes for stratum in strata if not stratum.read) / notes
    return min(1.0, scale * bound + unread)


def allocate(sizes: Mapping[str, int], rate: float, confidence: float, allowed: int, least: int = 0) -> dict[str, int]:
    """How many notes to read of each stratum, in proportion and rounded up, to reach the bound.

    Args:
        sizes: notes of each stratum in the archive.
        rate: what is to be proven: fewer leak.
        confidence: of the bound.
        allowed: the bound is reached with as many leaking notes in the sample.
        least: notes to be read of every stratum, as far as it has them.
    """
    notes = sum(sizes.values())
    wanted = notes_needed(rate, confidence, allowed)
    while True:
        drawn = {name: min(size, max(least, 1, -(-min(wanted, notes) * size // notes))) for name, size in sizes.items()}
        strata = [Stratum(sizes[name], count) for name, count in drawn.items()]
        strata[0] = Stratum(strata[0].notes, strata[0].read, allowed)
        if wanted >= notes or bound_over(strata, confidence) <= rate:
            return drawn
        wanted += 1

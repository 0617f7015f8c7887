"""Merges overlapping findings into one sequence that covers everything any recognizer covers.

**Bounds.** Findings are placed in this order: those whose form is proof (e-mail, URL), known values, patterns,
the model; within each the longer first, then the earlier, then by type name. A later one keeps only what is still
free: those leftovers that hold a letter or a digit become findings of their own, unless they are an article or
preposition ("the" of "the 20th"). Two exceptions: overlapping names are placed as one, their union, since half a
name is useless; and names of one type with nothing between them but a blank, or an initial's dot and a blank, become
one.

**Label.** Of the findings that cover half of the result, or else of all that overlap it: a type that is not broad
(`BROAD`) before one that is, then by the same order of recognizers, the higher score, the more coverage, the
name of the type.
The score is the highest of theirs, the recognizers are all of theirs.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding

BROAD = frozenset({"person_name", "personal_date", "other_identifier", "organization", "location", "contact_detail"})
"""Types that are less specific than others of their family."""
SELF_EVIDENT = frozenset({"pattern:email", "pattern:url"})

_FUNCTION_WORDS = frozenset("a the of on in at by to from and or fr via".split())
"""Small letters only: A may be an initial, An and To surnames."""

_JOIN = re.compile(r"[ \t]{1,2}|(?<=\b[^\W\d_])\.[ \t]?|-")


def merge(text: str, findings: Iterable[Finding]) -> list[Finding]:
    """Sorted findings that do not overlap and cover what `findings` cover, as described above."""
    found = sorted(set(findings), key=lambda one: (one.start, one.end, one.type, one.recognizers))
    laid: list[tuple[int, int]] = []
    for start, end in _in_order(found):
        for free_start, free_end in _free(laid, start, end):
            trimmed = _trim(text, free_start, free_end) if (free_start, free_end) != (start, end) else (start, end)
            if trimmed:
                insort(laid, trimmed)
    return _join_names(text, _labelled(laid, found))


def source_rank(finding: Finding) -> int:
    """The order of recognizers: 0 for forms that are proof, then known values, patterns, the model."""
    if not SELF_EVIDENT.isdisjoint(finding.recognizers):
        return 0
    kinds = {name.partition(":")[0] for name in finding.recognizers}
    return 1 if "known" in kinds else 2 if "pattern" in kinds else 3


def _in_order(found: list[Finding]) -> list[tuple[int, int]]:
    """The ranges to place, those whose bounds count most first; overlapping names are united."""
    ranked: list[tuple[int, int, int, float, str]] = []
    union: tuple[int, int, int] | None = None
    for finding in found:
        rank = source_rank(finding)
        if family_of(finding.type) != "name":
            ranked.append((rank, finding.start, finding.end, -finding.score, finding.type))
        elif union and finding.start < union[2]:
            union = (min(union[0], rank), union[1], max(union[2], finding.end))
        else:
            if union:
                ranked.append((*union, 0.0, "name"))
            union = (rank, finding.start, finding.end)
    if union:
        ranked.append((*union, 0.0, "name"))
    ranked.sort(key=lambda one: (one[0], one[1] - one[2], one[1], *one[3:]))
    return [(start, end) for _, start, end, *_ in ranked]


def _free(laid: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The parts of [start, end) that no range of the sorted list covers."""
    place = max(0, bisect_left(laid, (start, start)) - 1)
    parts = []
    while place < len(laid) and laid[place][0] < end:
        if laid[place][1] > start:
            if laid[place][0] > start:
                parts.append((start, laid[place][0]))
            start = laid[place][1]
        place += 1
    return [*parts, (start, end)] if start < end else parts


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A leftover stripped to letters and digits at its ends; None if nothing meaningful is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    whole_word = not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()
    return (start, end) if start < end and not (whole_word and text[start:end] in _FUNCTION_WORDS) else None


def _labelled(laid: list[tuple[int, int]], found: list[Finding]) -> list[Finding]:
    """A finding for each range, labelled by those that overlap it."""
    results = []
    first = 0
    longest = max((finding.end - finding.start for finding in found), default=0)
    for start, end in laid:
        while first < len(found) and found[first].start + longest <= start:
            first += 1
        over: list[tuple[int, Finding]] = []
        place = first
        while place < len(found) and found[place].start < end:
            shared = min(end, found[place].end) - max(start, found[place].start)
            if shared > 0:
                over.append((shared, found[place]))
            place += 1
        half = [(shared, one) for shared, one in over if 2 * shared >= end - start]
        _, best = min(
            half or over,
            key=lambda one: (one[1].type in BROAD, source_rank(one[1]), -one[1].score, -one[0], one[1].type),
        )
        names = sorted({name for _, one in over for name in one.recognizers})
        results.append(Finding(start, end, best.type, max(one.score for _, one in over), tuple(names)))
    return results


def _join_names(text: str, findings: list[Finding]) -> list[Finding]:
    """The findings, with adjacent names of one type joined."""
    joined: list[Finding] = []
    for finding in findings:
        last = joined[-1] if joined else None
        if (
            last
            and last.type == finding.type
            and family_of(finding.type) == "name"
            and (last.end == finding.start or _JOIN.fullmatch(text, last.end, finding.start))
        ):
            names = tuple(sorted({*last.recognizers, *finding.recognizers}))
            joined[-1] = Finding(last.start, finding.end, last.type, max(last.score, finding.score), names)
        else:
            joined.append(finding)
    return joined

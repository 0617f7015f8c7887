"""Finds an LLM's mentions in the passage that they were taken from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from openbioner_batch.training.passages import AnnotatedMention

_EDGES = " \t\r\n.,;:!?\"'“”‘’`*"


@dataclass(frozen=True, slots=True)
class Aligned:
    """Mentions at their offsets, in order, and how many surface forms do not occur in the text."""

    mentions: tuple[AnnotatedMention, ...]
    unaligned: int


def align(text: str, items: Iterable[tuple[str, str]]) -> Aligned:
    """All occurrences of each surface form at word boundaries, the longest forms first.

    An occurrence inside one of a longer form is that form's ("cancer" in "lung cancer"), unless the shorter form occurs
    nowhere else: then the model meant the inner one. A form is searched as it is written, else whatever its case,
    spacing and the punctuation at its ends.

    Args:
        text: the passage.
        items: surface forms and types.
    """
    kinds: dict[str, dict[str, None]] = {}
    for surface, kind in items:
        kinds.setdefault(surface, {})[kind] = None
    taken: list[tuple[int, int]] = []
    mentions: set[tuple[int, int, str]] = set()
    unaligned = 0
    for surface in sorted(kinds, key=lambda form: (-len(form), form)):
        places = occurrences(text, surface)
        unaligned += not places
        # only longer forms: those of equal length cannot contain each other
        free = [place for place in places if not any(_inside(place, longer) for longer in taken)]
        mentions |= {(*place, kind) for place in free or places for kind in kinds[surface]}
        taken += free
    return Aligned(tuple(AnnotatedMention(*mention) for mention in sorted(mentions)), unaligned)


def occurrences(text: str, surface: str) -> list[tuple[int, int]]:
    """The ranges of a surface form in a text, at word boundaries and without overlap; none for an empty form."""
    for form, flags in ((surface, 0), (surface, re.IGNORECASE), (surface.strip(_EDGES), re.IGNORECASE)):
        words = form.split()
        if not words:
            continue
        before = r"(?<!\w)" if re.match(r"\w", words[0]) else ""
        after = r"(?!\w)" if re.search(r"\w$", words[-1]) else ""
        pattern = before + r"\s+".join(map(re.escape, words)) + after
        found = [match.span() for match in re.finditer(pattern, text, flags)]
        if found:
            return found
    return []


def _inside(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner != outer

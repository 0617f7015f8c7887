"""Spans that a document implies: abbreviations of what was found, and the same words elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from openbioner_batch.abbreviations import find_abbreviations
from openbioner_batch.records import Span

SURE = 0.7
"""The least score of spans that are searched for elsewhere."""
_FEWEST_LETTERS = 3
_SHORT = 5
"""Forms of at most so many characters are searched only in their own case, and so are those with inner capitals."""
_INNER_CAPITAL = re.compile(r"\S[A-Z]")


@dataclass(frozen=True, slots=True)
class Completion:
    """What is added to the model's own spans, which are neither changed nor removed."""

    abbreviations: bool = False
    """Whether a long form and the abbreviation that the document defines for it have one type everywhere."""
    repeats: bool = False
    """Whether a mention's words are a mention everywhere in the document."""

    @property
    def names(self) -> str | None:
        """The additions in words, for people and fingerprints; None without any."""
        return ", ".join(name for name in ("abbreviations", "repeats") if getattr(self, name)) or None

    @property
    def or_none(self) -> Completion | None:
        """These settings; None where they add nothing."""
        return self if self.names else None

    def complete(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """The spans of a document with those that they imply.

        Args:
            text: the document.
            spans: of types that compete with each other; none is added where there is one already.
        """
        found = list(spans)
        if self.abbreviations and found:
            found += _added(text, found, _other_forms(text, found))
        if self.repeats and found:
            sure = sorted((s for s in found if s.score >= SURE), key=lambda span: -span.score)
            found += _added(text, found, ((span.text, span) for span in sure if _is_telling(span.text)))
        return found


def _other_forms(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, Span]]:
    """The short and long forms that the text defines, each with the span of one of them, which gives its type."""
    for item in find_abbreviations(text):
        places = (item.long_start, item.long_end), (item.short_start, item.short_end)
        # the long form is more informative: the short one decides only where the long one is not a mention
        known = next((span for place in places for span in spans if _covers(span, *place)), None)
        if known is not None:
            for start, end in places:
                yield text[start:end], known


def _covers(span: Span, start: int, end: int) -> bool:
    """Whether a span is a form, or its main part: its end, and at least half of it."""
    return span.end >= end and 2 * (min(span.end, end) - max(span.start, start)) >= end - start


def _added(text: str, spans: Sequence[Span], forms: Iterable[tuple[str, Span]]) -> list[Span]:
    """New spans wherever a form occurs as whole words outside of spans; longer forms first."""
    types: dict[str, Span] = {}
    for form, span in forms:
        types.setdefault(form, span)
    taken = bytearray(len(text))
    for span in spans:
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    lowered = text.lower()
    find_lowered = len(lowered) == len(text)
    added: list[Span] = []
    for form in sorted(types, key=lambda form: (-len(form), form)):
        exact = len(form) < _SHORT or _INNER_CAPITAL.search(form) is not None or not find_lowered
        searched, wanted = (text, form) if exact else (lowered, form.lower())
        for start in _places(searched, wanted):
            end = start + len(form)
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                added.append(replace(types[form], start=start, end=end, text=text[start:end]))
    return added


def _places(text: str, form: str) -> Iterator[int]:
    """The occurrences of a form without a letter or digit beside it."""
    start = text.find(form)
    while start >= 0:
        end = start + len(form)
        if not (text[start - 1 : start].isalnum() and form[0].isalnum()) and not (
            text[end : end + 1].isalnum() and form[-1].isalnum()
        ):
            yield start
        start = text.find(form, end)


def _is_telling(form: str) -> bool:
    """Whether a form means the same everywhere: short ones and numbers may not."""
    return sum(map(str.isalpha, form)) >= _FEWEST_LETTERS

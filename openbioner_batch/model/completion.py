"""Spans that a document implies: abbreviations of what was found, and the same words elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from openbioner_batch.abbreviations import find_abbreviations
from openbioner_batch.model.decoding import without_overlaps
from openbioner_batch.records import Span

_Forms = Callable[[str, Sequence[Span]], Iterable[tuple[str, Span]]]

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
        for forms in self._steps():
            found += _added(text, found, forms(text, found))
        return found

    def complete_each(self, text: str, spans: Sequence[Span], nested: bool = False) -> list[Span]:
        """As `complete`, for types that do not compete: each is completed by its own spans, as if it were alone.

        Overlaps are resolved first (`without_overlaps`), so that a span that goes neither implies another nor keeps one
        out. What remains stays whatever is added.

        Args:
            text: the document.
            spans: of any types; none is added where there is one of its type already.
            nested: whether spans that overlap may have different bounds. Else none is added that overlaps one that
                was there with other bounds, and of new ones that overlap each other so the best scored stays.

        Returns:
            The spans in order of their starts.
        """
        kinds = dict.fromkeys(span.type for span in spans)
        found = list(spans) if nested else without_overlaps(spans)
        for forms in self._steps():
            fits = None if nested else _fits(text, found)
            added: list[Span] = []
            for kind in kinds:
                own = [span for span in found if span.type == kind]
                added += _added(text, own, forms(text, own), fits)
            found += added if nested else without_overlaps(added)
        order = {kind: number for number, kind in enumerate(kinds)}
        return sorted(found, key=lambda span: (span.start, span.end, order[span.type]))

    def _steps(self) -> Iterator[_Forms]:
        """What finds the forms to search for, given a text and its spans; each step builds on the one before."""
        if self.abbreviations:
            yield _other_forms
        if self.repeats:
            yield _same_words


def _other_forms(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, Span]]:
    """The short and long forms that the text defines, each with the span of one of them, which gives its type."""
    for item in find_abbreviations(text) if spans else ():
        places = (item.long_start, item.long_end), (item.short_start, item.short_end)
        # the long form is more informative: the short one decides only where the long one is not a mention
        known = next((span for place in places for span in spans if _covers(span, *place)), None)
        if known is not None:
            for start, end in places:
                yield text[start:end], known


def _same_words(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, Span]]:
    """The words of sure spans, the surest first."""
    sure = sorted((span for span in spans if span.score >= SURE), key=lambda span: -span.score)
    return ((span.text, span) for span in sure if _is_telling(span.text))


def _covers(span: Span, start: int, end: int) -> bool:
    """Whether a span is a form, or its main part: its end, and at least half of it."""
    return span.end >= end and 2 * (min(span.end, end) - max(span.start, start)) >= end - start


def _fits(text: str, spans: Sequence[Span]) -> Callable[[int, int], bool]:
    """Whether bounds are those of a span or overlap none, for spans that overlap each other with equal bounds only."""
    taken = _marked(text, spans)
    bounds = {(span.start, span.end) for span in spans}
    return lambda start, end: (start, end) in bounds or not any(taken[start:end])


def _added(
    text: str,
    spans: Sequence[Span],
    forms: Iterable[tuple[str, Span]],
    fits: Callable[[int, int], bool] | None = None,
) -> list[Span]:
    """New spans wherever a form occurs as whole words outside of spans, and its bounds fit; longer forms first."""
    types: dict[str, Span] = {}
    for form, span in forms:
        types.setdefault(form, span)
    taken = _marked(text, spans)
    lowered = text.lower()
    find_lowered = len(lowered) == len(text)
    added: list[Span] = []
    for form in sorted(types, key=lambda form: (-len(form), form)):
        exact = len(form) < _SHORT or _INNER_CAPITAL.search(form) is not None or not find_lowered
        searched, wanted = (text, form) if exact else (lowered, form.lower())
        for start in _places(searched, wanted):
            end = start + len(form)
            if not any(taken[start:end]) and (fits is None or fits(start, end)):
                taken[start:end] = b"\1" * (end - start)
                added.append(replace(types[form], start=start, end=end, text=text[start:end]))
    return added


def _marked(text: str, spans: Sequence[Span]) -> bytearray:
    """A byte for each character: 1 in spans."""
    marks = bytearray(len(text))
    for span in spans:
        marks[span.start : span.end] = b"\1" * (span.end - span.start)
    return marks


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

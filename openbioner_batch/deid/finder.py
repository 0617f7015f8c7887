"""Finds identifiers in a text: the union of the model's spans, patterns and known values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.dates import ORDERS, check_order, find_dates
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.folding import FoldedText, fold
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.merging import merge
from openbioner_batch.deid.plausible import is_clinical, plausible_findings, still_plausible
from openbioner_batch.deid.recognizers import RECOGNIZERS
from openbioner_batch.deid.recognizers.beds import find_beds
from openbioner_batch.deid.recognizers.hl7 import coded_fields
from openbioner_batch.deid.recognizers.known_values import find_known
from openbioner_batch.deid.recognizers.patterns import find_patterns
from openbioner_batch.deid.recognizers.repeats import find_repeated_values, find_repeats
from openbioner_batch.deid.recognizers.tables import MARKUP
from openbioner_batch.errors import UsageError
from openbioner_batch.records import Span


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """The recognizers and their settings."""

    recognizers: tuple[str, ...] = RECOGNIZERS
    """Which kinds are on: "model", "patterns", "known"."""
    model_threshold: float = 0.0
    """The model's spans below this score are left out."""
    type_thresholds: Mapping[str, float] = field(default_factory=dict)
    """Thresholds for single types of the PHI catalog, in place of `model_threshold`."""
    pattern_threshold: float = 0.0
    """Pattern findings below this score are left out; they lie between 0.5 and 0.95."""
    date_order: str = ORDERS[0]
    """What comes first in 03/04/2021: one of `dates.ORDERS`. Both readings are compared with known dates."""
    typos: bool = True
    """Whether known names of six letters and more are found with one letter wrong, missing, added or swapped."""
    nicknames: bool = True
    """Whether known given names are found in their frequent short forms."""
    repeats: bool = True
    """Whether values found once, and parts of names, are searched for in the rest of the note; one of the patterns."""
    allow_list: bool = True
    """Whether to keep clinical terms and values that look like identifiers, unless a known value or title objects."""

    def __post_init__(self) -> None:
        for name in self.recognizers:
            if name not in RECOGNIZERS:
                raise UsageError(f"--recognizers names {name!r}: give some of {', '.join(RECOGNIZERS)}")
        if not self.recognizers:
            raise UsageError(f"--recognizers is empty: give some of {', '.join(RECOGNIZERS)}")
        check_order(self.date_order, "date_order")
        thresholds = {"model_threshold": self.model_threshold, "pattern_threshold": self.pattern_threshold}
        for name, value in {**thresholds, **self.type_thresholds}.items():
            if not 0 <= value <= 1:
                raise UsageError(f"the threshold of {name} is {value}: give a number from 0 to 1")

    def is_sure(self, found: Span | Finding) -> bool:
        """Whether a span of the model scores enough for its type."""
        return found.score >= self.type_thresholds.get(found.type, self.model_threshold)


class Finder:
    """Finds identifiers in texts; holds no state but its settings."""

    def __init__(self, settings: FinderSettings | None = None) -> None:
        self.settings = settings or FinderSettings()

    def find(self, text: str, known: KnownIdentifiers | None = None, model_spans: Sequence[Span] = ()) -> list[Finding]:
        """Sorted findings without overlap, covering every letter and digit that a recognizer covers.

        Args:
            text: a note.
            known: what the record's own columns say about the patient and others.
            model_spans: the model's spans on this text, with types of the PHI catalog.
        """
        folded = fold(text)
        return [
            replace(one, start=start, end=end)
            for one in self._find(folded, known, model_spans)
            for start, end in (folded.original(one.start, one.end),)
        ]

    def _find(self, folded: FoldedText, known: KnownIdentifiers | None, model_spans: Sequence[Span]) -> list[Finding]:
        """What `find` finds, by offsets into the folded text."""
        settings, text = self.settings, folded.text
        dates = find_dates(text, settings.date_order)
        found: list[Finding] = []
        if "model" in settings.recognizers:
            spans = [
                Finding(*place, span.type, span.score, ("model",))
                for span in model_spans
                if settings.is_sure(span) and (place := folded.folded(span.start, span.end))
            ]
            found += _outside(text, plausible_findings(text, spans)) if settings.allow_list else spans
        if "patterns" in settings.recognizers:
            found += [one for one in find_patterns(text, dates) if one.score >= settings.pattern_threshold]
        allowed = allow_list() if settings.allow_list else None
        if allowed:
            found = [
                one
                for one in found
                if MARKUP in one.recognizers
                or not (allowed.is_term(text, one) if family_of(one.type) == "name" else is_clinical(text, one))
            ]
        if "patterns" in settings.recognizers:
            found += find_beds(text, found)
        if settings.repeats and "patterns" in settings.recognizers:
            names = [one for one in found if family_of(one.type) == "name"]
            found += find_repeats(text, names, allowed.is_named_thing if allowed else None)
            found += find_repeated_values(text, [one for one in found if family_of(one.type) != "name"])
        if known is not None and "known" in settings.recognizers:
            found += find_known(text, known, dates, typos=settings.typos, nicknames=settings.nicknames)
        places = {(one.start, one.end) for one in found}
        merged = merge(text, found)
        return [one for one in merged if still_plausible(text, one, places)] if settings.allow_list else merged


_SURE_OF_SLIPPED = 0.999
_SLIPPED = re.compile(r"[A-Z]{3,20}\^[A-Z]{3,20}|(?:19|20)\d{6}|[A-Z]{0,2}\d{7,10}")
"""A name, a day or a number of a visit as messages write them: in a field of codes only where fields are misplaced."""


def _outside(text: str, found: Sequence[Finding]) -> list[Finding]:
    """Findings outside of fields of codes, or misplaced in one."""
    coded = coded_fields(text)
    return [
        one
        for one in found
        if not any(start <= one.start and one.end <= end for start, end in coded)
        or (one.score >= _SURE_OF_SLIPPED and _SLIPPED.fullmatch(text, one.start, one.end))
    ]

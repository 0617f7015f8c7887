"""Assertion and sections of a run's spans: the room `assertion` behind the engine's interface."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa

from openbioner_batch.assertion import Asserter, Headers, Rules, Section, SectionFinder, load_headers, load_rules
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError
from openbioner_batch.records import Span

_LABELS = "sections"


@dataclass(frozen=True, slots=True)
class Asserting:
    """Fills the fields `assertion` and `section` of spans."""

    headers: Headers
    rules: Rules | None
    """None where only sections are requested."""
    with_sections: bool
    """Whether the section is a field too, or only used."""

    @property
    def name(self) -> str:
        """The option that asks for more of it."""
        return "--assertion" if self.rules else "--sections"

    @property
    def extras(self) -> tuple[str, ...]:
        """`assertion` with rules, `section` where sections are wanted."""
        return (*(("assertion",) if self.rules else ()), *(("section",) if self.with_sections else ()))

    def fingerprint(self) -> dict[str, Any]:
        """Digests of the rules and of the section headers."""
        return {
            "assertion rules": self.rules and self.rules.digest[:16],
            "section headers": self.headers.digest[:16],
            "sections": self.with_sections or None,
        }

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        """Spans with their assertion and section; a record's own labels of sections win over headers in its text."""
        finder = _finder(self.headers)
        asserter = _asserter(self.rules, self.headers) if self.rules else None
        texts = documents["text"].to_pylist()
        found: list[Sequence[Span]] = []
        for text, labels, mentions in zip(texts, _labels(documents), spans, strict=True):
            if not mentions:
                found.append(mentions)
                continue
            sections = finder.labelled(labels) if labels else finder.find(text)
            filled = list(mentions)
            if asserter:
                said = asserter.read(text, mentions, sections)
                filled = [replace(span, assertion=one) for span, one in zip(filled, said, strict=True)]
            if self.with_sections:
                starts = [section.start for section in sections]
                filled = [replace(span, section=_section_at(sections, starts, span.start)) for span in filled]
            found.append(filled)
        return found

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        """How many spans are negated, uncertain, historical and so on."""
        return assertion_amounts(spans)


def assertion_amounts(spans: Sequence[Span]) -> Mapping[str, int]:
    """How many spans are negated, uncertain, historical and so on, by the name of the amount."""
    counts = Counter(flag for span in spans if span.assertion for flag in span.assertion.words)
    return {f"spans_{flag}": count for flag, count in sorted(counts.items())}


def assertion_addition(settings: AnnotateSettings) -> Asserting | None:
    """What the settings request; None where they request neither assertion nor sections.

    Raises:
        UsageError: a file of rules or headers cannot be read, or is given without the option that uses it.
    """
    if settings.assertion_rules and not settings.assertion:
        raise UsageError("--assertion-rules says nothing without --assertion: add it, or leave the rules out")
    if settings.section_headers and not (settings.assertion or settings.sections):
        raise UsageError("--section-headers says nothing without --sections or --assertion: add one of them")
    if not (settings.assertion or settings.sections):
        return None
    rules = load_rules(settings.assertion_rules) if settings.assertion else None
    return Asserting(load_headers(settings.section_headers), rules, settings.sections)


def _section_at(sections: Sequence[Section], starts: Sequence[int], place: int) -> str | None:
    """The kind of the section that holds a code point; None outside of all sections."""
    number = bisect_right(starts, place) - 1
    return sections[number].kind if number >= 0 and place < sections[number].end else None


@lru_cache(maxsize=2)
def _asserter(rules: Rules, headers: Headers) -> Asserter:
    return Asserter(rules, headers)


@lru_cache(maxsize=2)
def _finder(headers: Headers) -> SectionFinder:
    return SectionFinder(headers)


def _labels(documents: pa.Table) -> list[Any]:
    """The labelled sections of each document, in order, where its source gives them, as PubMed does."""
    if _LABELS not in documents.column_names or not _holds_labels(documents.schema.field(_LABELS).type):
        return [None] * documents.num_rows
    return [
        sorted((part for part in parts or () if _has_bounds(part)), key=lambda part: (part["start"], part["end"]))
        for parts in documents[_LABELS].to_pylist()
    ]


def _holds_labels(kind: pa.DataType) -> bool:
    """Whether a column of this type has labelled sections; a table's own column of the name may have anything."""
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not is_list or not pa.types.is_struct(kind.value_type):
        return False
    types = {field.name: field.type for field in kind.value_type}
    return (
        types.keys() >= {"label", "start", "end"}
        and (pa.types.is_string(types["label"]) or pa.types.is_large_string(types["label"]))
        and all(pa.types.is_integer(types[bound]) for bound in ("start", "end"))
    )


def _has_bounds(part: Mapping[str, Any] | None) -> bool:
    return part is not None and part["start"] is not None and part["end"] is not None

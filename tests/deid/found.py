"""Texts with their identifiers marked as <type>text</type>, against what is found."""

from __future__ import annotations

import re

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers

PATTERNS = FinderSettings(recognizers=("patterns",))
KNOWN = FinderSettings(recognizers=("known",))

_FOUND_BY = re.compile(r"(?:pattern|known):[a-z_]+")
_MARK = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)


def shown(text: str, findings: list[Finding]) -> list[tuple[str, str]]:
    """Each finding as (type, its text)."""
    return [(finding.type, text[finding.start : finding.end]) for finding in findings]


def assert_found(note: str, known: KnownIdentifiers | None = None, settings: FinderSettings = PATTERNS) -> None:
    """The marked identifiers are found, with their types and bounds, and nothing else is; each says what found it."""
    text = _MARK.sub(r"\2", note)
    found = Finder(settings).find(text, known)
    assert shown(text, found) == _MARK.findall(note)
    assert all(_FOUND_BY.fullmatch(name) for one in found for name in one.recognizers)
    assert all(0 < one.score <= 1 and one.recognizers for one in found)

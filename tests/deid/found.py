"""Texts with their identifiers marked as <type>text</type>, against what is found."""

from __future__ import annotations

import re

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers

PATTERNS = FinderSettings(recognizers=("patterns",))
KNOWN = FinderSettings(recognizers=("known",))

_MARK = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)


def shown(text: str, findings: list[Finding]) -> list[tuple[str, str]]:
    """Each finding as (type, its text)."""
    return [(finding.type, text[finding.start : finding.end]) for finding in findings]


def assert_found(note: str, known: KnownIdentifiers | None = None, settings: FinderSettings = PATTERNS) -> None:
    """The marked identifiers are found, with their types and bounds, and nothing else is."""
    text = _MARK.sub(r"\2", note)
    assert shown(text, Finder(settings).find(text, known)) == _MARK.findall(note)

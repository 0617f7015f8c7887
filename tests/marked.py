"""Notes for tests of replacing: invented, with their identifiers marked as <type>text</type>."""

from __future__ import annotations

import re

from openbioner_batch.deid.finding import Finding

_MARK = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)


def marked(note: str) -> tuple[str, list[Finding]]:
    """The text without marks, and a finding for each mark."""
    pieces, findings, at, length = [], [], 0, 0
    for match in _MARK.finditer(note):
        before = note[at : match.start()]
        start = length + len(before)
        length = start + len(match[2])
        findings.append(Finding(start, length, match[1], 0.9, ("model", "me")))
        pieces += [before, match[2]]
        at = match.end()
    return "".join([*pieces, note[at:]]), findings

"""Findings so certain that they override the rules, if their form allows it."""

from __future__ import annotations

import re

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_values import in_clinical_value
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon

_TRUSTED: dict[str, tuple[float, re.Pattern[str]]] = {
    "room": (0.965, re.compile(r"(?=\D*\d)[A-Z\d][A-Za-z\d ]{0,6}-\d{1,3}[A-Z]?|(?!988|911|999)[1-9]\d{2}[A-D]?")),
    "organisation": (0.995, re.compile(r"[A-Z][\w&'-]+(?: [\w&'-]+){0,3}")),
    "name": (0.99997, re.compile(r"[^\W\d_][^\d\t\n|]*")),
}
"""Family -> score from which it is trusted, and the form that it must have; chosen on the sixth to the eleventh part of
the challenge set. Days and numbers of other forms are left to the rules: 3/7 is a score, 1719 a time."""
_SURE_OF_PLACED = 0.9
_ROOM_BEFORE = re.compile(r"\b(?:OR|OT|(?i:theatre|exam(?:[ ]room)?|ward(?:[ ]no\.?)?|bay|box|clinic room))[ ]#?\Z")
"""Words before a room's number: "to OR 9 on", "in exam 3"."""
_NUMBER = re.compile(r"[0-9l]{1,3}[A-D]?")
_WORD = re.compile(r"[^\W\d_]+")


def is_trusted(text: str, finding: Finding) -> bool:
    """Whether a finding of the model alone is kept without evidence in the text.

    It becomes a visible tag where it has digits, since nothing proves them.
    """
    family = family_of(finding.type)
    if family == "room" and finding.score >= _SURE_OF_PLACED:
        placed = _ROOM_BEFORE.search(text[max(0, finding.start - 16) : finding.start])
        if placed and _NUMBER.fullmatch(text, finding.start, finding.end):
            return True
    if family not in _TRUSTED:
        return False
    score, form = _TRUSTED[family]
    if finding.score < score or form.fullmatch(text, finding.start, finding.end) is None:
        return False
    if family in ("name", "organisation"):
        return _is_no_term(text, finding)
    return not in_clinical_value(text, finding.start, finding.end)


def _is_no_term(text: str, finding: Finding) -> bool:
    """Whether a name has no clinical words, and is not within a clinical phrase or frame."""
    terms = allow_list()
    if terms.is_in_phrase(text, finding.start, finding.end) or terms.keeps(text, finding.start, finding.end):
        return False
    return not any(
        clinical_words().knows(word) or terms.knows(word) or word.lower() in lexicon().not_names
        for word in _WORD.findall(text[finding.start : finding.end])
        if len(word) > 1
    )

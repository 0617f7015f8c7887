"""Which findings are too doubtful to be replaced by something invented: a visible tag takes their place.

A number is certain by a label, a known value, a check digit or a telling form; of digits alone, or of what the model
alone says, 5/325 or L858R may be a dose or a gene's variant. A name is certain by a pattern or a known value, by a
person's context, by a given name, or by two words that no list of clinical terms has; so is each further mention of
its words in the note. Any other name may be a scale, a device or a drug, and an invented one would read as such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.merging import BROAD
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.person_cues import PersonEvidence, person_evidence

_UNSURE = frozenset({"model", "model:repeat", "pattern:digits"})
_WORDS = frozenset({"organisation", "town", "county", "state", "country", "email", "url"})
"""Families whose values are words: a mistake is seen as one, where an invented number reads like a true value."""
_TRIPLE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]\d{1,2}")
_INSULIN = re.compile(
    r"\b(?:insulin|humalog|novolog|novorapid|lispro|aspart|glulisine|apidra|fiasp|lyumjev|admelog|trurapi|humulin|novolin|"
    r"actrapid|insulatard|mixtard|ryzodeg|novomix|nph|regular)"
    r"(?:[ ](?:mix|[RN]|\d\d/\d\d|at meals|with meals|w/ meals|ac|tid))?[ :]{1,2}\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)*")


def doubtful_findings(text: str, findings: Sequence[Finding]) -> frozenset[tuple[int, int]]:
    """Where the findings stand that must not become something invented.

    Args:
        text: the note.
        findings: those of the whole note.
    """
    unsure = [one for one in findings if _UNSURE.issuperset(one.recognizers) or _may_be_doses(text, one)]
    if not unsure:
        return frozenset()
    names = [one for one in findings if family_of(one.type) == "name"]
    certain = {word for one in names if one not in unsure or _is_a_person(text, one) for word in _words(text, one)}
    return frozenset(
        (one.start, one.end)
        for one in unsure
        if (certain.isdisjoint(_words(text, one)) if family_of(one.type) == "name" else _is_unsure_value(one))
    )


def _may_be_doses(text: str, finding: Finding) -> bool:
    """Whether a date stands right behind an insulin, whose doses at meals look like one: "Humalog 8/8/10"."""
    return (
        family_of(finding.type) == "date"
        and _TRIPLE.fullmatch(text, finding.start, finding.end) is not None
        and _INSULIN.search(text[max(0, finding.start - 24) : finding.start]) is not None
    )


def _is_unsure_value(finding: Finding) -> bool:
    return family_of(finding.type) not in _WORDS or finding.type in BROAD


def _words(text: str, finding: Finding) -> set[str]:
    return {normalise_word(word) for word in _WORD.findall(text[finding.start : finding.end])}


def _is_a_person(text: str, finding: Finding) -> bool:
    """Whether something beside the model speaks for a name."""
    if person_evidence(text, finding.start, finding.end) is not PersonEvidence.NONE:
        return True
    words = _WORD.findall(text[finding.start : finding.end])
    lists = lexicon()
    if any(word[0].isupper() and word.lower() in lists.given_names - lists.word_names for word in words):
        return True
    named = [
        word
        for word in words
        if word[0].isupper() and not clinical_words().knows(word) and not allow_list().knows(word)
    ]
    return len(named) > 1

"""Decides which findings are too doubtful for an invented replacement: they get a visible tag.

A number is certain if more than digits alone or the model has found it, and if `evidence` finds a label, a telling form
or a context of its own: 5/325 or L858R may be a dose or a gene's variant, 3/10 a visit. A name is certain by a pattern
or a known value, by a person's context, by a given name, or by two words that no list of clinical terms has; so is each
further mention of its words in the note. Any other name may be a scale, a device or a drug, and an invented name would
read as a real one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.evidence import unproven_numbers
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.merging import BROAD
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.person_cues import PersonEvidence, person_evidence

_UNSURE = frozenset({"model", "model:repeat", "pattern:digits"})
_WORDS = frozenset({"organisation", "town", "county", "state", "country", "email", "url"})
"""Families whose values are words: readers notice a wrong word, but an invented number reads like a true value."""
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Doubts:
    """Ranges of findings that may not be identifiers."""

    invented: frozenset[tuple[int, int]] = frozenset()
    """Ranges that must not get an invented replacement."""
    numbers: frozenset[tuple[int, int]] = frozenset()
    """Ranges of these with unproven digits: they must not get a coarser value either, such as 90+ or a year."""


def doubts(text: str, findings: Sequence[Finding]) -> Doubts:
    """The ranges of a note's findings that are doubtful.

    Args:
        text: the note.
        findings: those of the whole note, sorted and without overlap.
    """
    unsure = [one for one in findings if _UNSURE.issuperset(one.recognizers)]
    unproven = frozenset((one.start, one.end) for one in unproven_numbers(text, findings))
    if not unsure:
        return Doubts(unproven, unproven)
    names = [one for one in findings if family_of(one.type) == "name"]
    certain = {word for one in names if one not in unsure or _is_a_person(text, one) for word in _words(text, one)}
    alone = (
        (one.start, one.end)
        for one in unsure
        if (certain.isdisjoint(_words(text, one)) if family_of(one.type) == "name" else _is_unsure_value(one))
    )
    return Doubts(unproven.union(alone), unproven)


def _is_unsure_value(finding: Finding) -> bool:
    return family_of(finding.type) not in _WORDS or finding.type in BROAD


def _words(text: str, finding: Finding) -> set[str]:
    return {normalise_word(word) for word in _WORD.findall(text[finding.start : finding.end])}


def _is_a_person(text: str, finding: Finding) -> bool:
    """Whether there is evidence for a name besides the model."""
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

"""Names right after a role, in the shorthand of many wards: "HCA Bev", "porter Glenn", "F1 Tolu", "Tochter Silke"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import labels
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.searching import Anchored

_TYPES = labels("roles")


def _as_written(role: str) -> str:
    """A role as a pattern, with or without a leading capital."""
    escaped = re.escape(role).replace(r"\ ", "[ ]")
    return f"[{role[0]}{role[0].upper()}]{escaped[1:]}" if role[0].islower() else escaped


ROLE = "(?:" + "|".join(_as_written(role) for role in sorted(_TYPES, key=len, reverse=True)) + ")"
"""A role as part of a regular expression."""

_UPPER = "A-ZÀ-ÖØ-ÞĀ-Ž"
NAME = rf"(?:(?:Mc|Mac|O['’]|D['’]|Le|La|De|Da)?[{_UPPER}][a-zß-ɏ]{{1,20}}(?:[-'’][{_UPPER}][a-zß-ɏ]{{1,20}}){{0,2}})"
_CALLED = Anchored(
    rf"(?<![^\W_])(?<![-/'’.])(?P<role>{ROLE})(?:(?<=[a-z])\.[ ]?|:?[ ])"
    rf"(?P<name>{NAME}(?:[ ](?:[A-Z]\.?(?![^\W_]|[-/+])|{NAME}))?)"
    r"(?![^\W_]|[-/&])"
)
_NO_NAMES = frozenset(
    """scope wash airway repair pump dam norm memoire comp capture protocol orange present available aware duty manager
    practitioner assist sign goals button bath gown meal tray team foot bell sheet update wants says desk line
    phone pager bag box cart chair table unit area only early late today tonight overnight coverage teaching
    call calls pool swap cover handover huddle station staffing ratio role notes exam visit who why how if when
    because same new old first second third left right upper lower both all any some no yes ok pls please thx
    thanks trial support compensation conference stress breathing""".split()
)
"""Words of headings and of terse notes after a role."""
_VERB_OR_NOUN = re.compile(r"[ ][a-z]{3,}")
"""After a name that is also a word: "LPN Will draw labs"."""
_PARTICIPLE = re.compile(r"[^\W\d_]{3,}(?:ed|ing|ion|ment|al|ive|ic)")


def find_names_by_role(text: str) -> Iterator[Finding]:
    """A capitalised word after a role, not a term and not a word of a heading: "RN Notified", "Charge Nurse"."""
    for match in _CALLED.finditer(text):
        first, _, second = match["name"].partition(" ")
        if text[match.end("role")] == "." and len(match["role"]) > 4 and first.lower() not in lexicon().given_names:
            continue  # a sentence ends there: "the agent. Furthermore"
        if not may_be_name(first) or (first.lower() in lexicon().word_names and _VERB_OR_NOUN.match(text, match.end())):
            continue
        end = match.end() if second and (len(second) < 3 or may_be_name(second)) else match.start("name") + len(first)
        role = match["role"]
        type = _TYPES.get(role) or _TYPES[role[0].lower() + role[1:]]
        yield Finding(match.start("name"), end, type, 0.7, ("pattern:name",))


def is_of_headings(word: str) -> bool:
    """Whether a word is used in headings and terse notes after a role: "RN Notified", "d/w Radiation"."""
    small = word.lower()
    return small not in lexicon().given_names and (small in _NO_NAMES or _PARTICIPLE.fullmatch(word) is not None)


def may_be_name(word: str) -> bool:
    """Whether a capitalised word after a role may be a name: not a term, a title or a word of a heading."""
    small = word.lower()
    return small in lexicon().given_names or not (
        small in labels("titles")
        or clinical_words().knows(word)
        or small in lexicon().not_names
        or is_of_headings(word)
    )

"""Names by a pattern each: of synthetic patients, placeholders of the unknown, dictated ones, one of two people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.roles import may_be_name
from openbioner_batch.deid.searching import Anchored

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈČĎĐĒĘĚĜĞĠĢĤĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŜŞŠŢŤŪŮŰŲŴŶŸŹŻŽ"
"""Capital letters, for a class of characters."""

_NUMBERED_WORD = rf"[{UPPER}][a-zß-ÿ]{{2,20}}+\d{{1,3}}"
_NUMBERED = Anchored(
    rf"(?<![^\W_]){_NUMBERED_WORD}(?:[ ]{_NUMBERED_WORD})+(?![^\W_])|(?<=(?:Mr|Ms|Dr)\.[ ]){_NUMBERED_WORD}(?![^\W_])"
)
"""Names of synthetic patients: Sumiko254 Larue605."""
_FORMS = (
    (
        Anchored(r"(?<![^\W_])(?P<doe>[A-Z][a-z]+[ ](?:Doe|Roe)|(?:DOE|ROE|Doe|Roe),[ ][A-Z][A-Za-z]+)(?![^\W_])"),
        "patient_name",
    ),
    (Anchored(r"\bdictating[ ](?:on|for)[ ](?P<small>[a-z]{2,20}[ ][a-z]{2,20})(?![^\W_])"), "patient_name"),
    (
        Anchored(
            rf"(?<![\w/])(?P<beside>[{UPPER}][a-zß-ÿ]{{1,20}})(?=/[{UPPER}][a-zß-ÿ]{{1,20}},?[ ](?:RN|MD|NP|PA|"
            rf"CRNA|DO|LPN|RT)\b)"
        ),
        "clinician_name",
    ),
)
"""Placeholders of the unknown, dictation in small letters, two people before one credential: "Ray/Gomez CRNA"."""

_ONE = (
    rf"(?:[{UPPER}]\.[ ]?){{0,2}}[{UPPER}][^\W\d_]{{1,20}}(?:['’-][^\W\d_]{{1,20}})?(?:[ ][{UPPER}][^\W\d_]{{1,20}})?"
)
_NEXT = r"(?:,?[ ](?:and|AND|&|\+)[ ]|,[ ]|[ ]?/[ ]?)"
_SEVERAL = Anchored(
    rf"(?<![^\W_])(?:(?P<doctors>D[rR][sS]|drs|Profs|PROFS|[Dd]octors|[Nn]urses|RNs)|(?:Messrs|Mmes))\.?[ ]"
    rf"(?P<names>{_ONE}(?:{_NEXT}(?!Dr|Mr|Ms|and|AND){_ONE}){{1,5}})"
)
"""Several people behind a title in the plural: "Drs. Amadi, Bello and Lindqvist"."""
_BETWEEN = re.compile(rf"{_NEXT}")


def find_numbered_names(text: str) -> Iterator[Finding]:
    """Names of synthetic patients."""
    for match in _NUMBERED.finditer(text):
        yield _name(*match.span(), "person_name")


def find_names_by_form(text: str) -> Iterator[Finding]:
    """Placeholders of the unknown, dictated names, the first of two before a credential, several after a title."""
    for several in _SEVERAL.finditer(text):
        start = several.start("names")
        for between in [*_BETWEEN.finditer(text, start, several.end()), None]:
            end = between.start() if between else several.end()
            last = text[start:end].split()[-1]
            short = len(last) == 2 and last.istitle()  # Drs. Ng and Lo
            if short or (may_be_name(last) and not _is_no_name(last)):
                yield _name(start, end, "clinician_name" if several["doctors"] else "person_name")
            start = between.end() if between else end
    for pattern, type in _FORMS:
        for match in pattern.finditer(text):
            group = str(match.lastgroup)
            if not any(map(_is_no_name, re.split(r",?[ ]", match[group]))):
                yield _name(*match.span(group), type)


def _is_no_name(word: str) -> bool:
    """Whether a word is a term, an ordinary word or letters: "PND" after "DOE" for dyspnoea."""
    small, lists = word.lower(), lexicon()
    if small in ("doe", "roe"):
        return False
    letters = word.isupper() and len(word) < 4 and small not in lists.given_names
    return letters or clinical_words().knows(word) or small in lists.not_names


def _name(start: int, end: int, type: str) -> Finding:
    return Finding(start, end, type, 0.7, ("pattern:name",))

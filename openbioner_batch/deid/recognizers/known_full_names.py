"""Finds whole known names that are contiguous: in any case, order, spelling of letters and punctuation.

Each name becomes one regular expression over the text without case and accents: given names and surname in both
orders, middle names whole, as initials or left out, an initial that the record lacks, particles, hyphens and
apostrophes in any form. Short names are whole names too: "Al Ng".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.folding import substitute
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon

PARTICLES = frozenset(
    "de la del las los van von der den di da do dos das el al bin ibn le du y st ter ten zu e".split()
)
TITLES = frozenset(
    "dr mr mrs ms miss prof md do rn jr sr ii iii iv phd np pa mx doctor sra dds esq crna the of baby boy girl twin "
    "infant newborn male female".split()
)
"""Words of a name field that are not part of a name."""
_WORD = re.compile(r"[^\W\d_]+(?:['’`-][^\W\d_]+)*")
_JOINTS = re.compile(r"['’`-]")
_INNER_CAPITAL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])|(?<=\bMAC)(?=[A-Z]{4})|(?<=\bMC)(?=[A-Z]{3})")
"""Where a name continues with a capital, as MacDonald and DeLuca do."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
"""Scripts without blanks between words."""
_NOT_PLAIN = re.compile(r"[^\x00-\x7f]")
_SMALL = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_BETWEEN = r"[\s,.'’`_-]{1,4}"
_MAYBE_BETWEEN = r"[\s,.'’`_-]{0,4}"
_EXTRA_INITIAL = rf"(?:{_BETWEEN}[a-z](?![a-z])\.?)?"
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"}

FullNamePatterns = Sequence[tuple[re.Pattern[str], str, bool]]
"""Patterns of names with their type, and whether their words are a name only with capitals."""


def full_name_patterns(names: Sequence[tuple[str, str]]) -> FullNamePatterns:
    """From (name as written, type); the search for parts finds names of one word."""
    found = []
    for written, type in names:
        if patterns := dict.fromkeys(_patterns(written)):
            pattern = re.compile(rf"(?<![a-z])(?:{'|'.join(patterns)})(?![a-z])")
            found.append((pattern, type, _is_of_common_words(written)))
    return tuple(found)


def find_full_names(text: str, full_names: FullNamePatterns) -> Iterator[Finding]:
    """Each mention of one of the names."""
    plain = substitute(text, _NOT_PLAIN, _without_accents)
    small = plain.text.translate(_SMALL)
    for pattern, type, needs_capitals in full_names:
        for match in pattern.finditer(small):
            start, end = plain.original(*match.span())
            words = _WORD.findall(text[start:end])
            if needs_capitals and any(word[0].islower() for word in words if len(word) > 1):
                continue
            yield Finding(start, end, type, 1.0, ("known:name",))


def spellings(word: str) -> list[str]:
    """Forms of one word of a name, normalised: Müller is muller and mueller, and so is Mueller."""
    plain = normalise_word(word)
    wide = normalise_word("".join(_UMLAUTS.get(letter, letter) for letter in word.lower()))
    narrow = re.sub("(?<=[aou])e", "", plain) if len(plain) > 4 and word.isascii() else plain
    return list(dict.fromkeys((plain, wide, narrow)))


def _without_accents(letter: str) -> str:
    return normalise_word(letter) if letter.isalpha() else letter


def _patterns(written: str) -> Iterator[str]:
    last, comma, rest = written.partition(",")
    if comma and _words(rest):
        given, surname = _words(rest), _words(last)
    else:
        words = _words(written)
        first_particle = next((at for at, word in enumerate(words) if at and word.lower() in PARTICLES), len(words) - 1)
        given, surname = words[:first_particle], words[first_particle:]
    if given and surname:
        first, family = _one(given[0]), _sequence(surname)
        middle = "".join(
            rf"(?:{_BETWEEN}(?:{_one(word)}|{re.escape(spellings(word)[0][0])}(?![a-z])\.?))?" for word in given[1:]
        )
        gap = _gap(given[0], surname[-1])
        yield rf"{first}{middle}{_EXTRA_INITIAL}{gap}{family}"
        yield rf"{family}{gap}{first}{middle}{_EXTRA_INITIAL}"
        yield _sequence([*given, *surname])
    if len(surname) > 1 and any(word.lower() not in PARTICLES for word in surname):
        yield _sequence(surname)
    for word in (*given, *surname):
        for part in word.split("-"):
            pieces = _pieces(part)
            if _UNSPACED.fullmatch(part) or (len(pieces) > 1 and len(pieces[-1]) > 2):
                yield _one(part)


def _gap(before: str, after: str) -> str:
    """Separators between two words: none are needed in scripts without blanks and for long words."""
    return _MAYBE_BETWEEN if min(len(before), len(after)) > 2 or _UNSPACED.fullmatch(before + after) else _BETWEEN


def _pieces(word: str) -> list[str]:
    """The parts of a word that may be written apart: O'Neil, Jean-Luc, MacDonald, DeLuca."""
    return [piece for part in _JOINTS.split(word) for piece in _INNER_CAPITAL.split(part) if piece]


def _words(part: str) -> list[str]:
    return [word for word in _WORD.findall(part) if word.lower() not in TITLES or (len(word) == 2 and word.istitle())]


def _sequence(words: Sequence[str]) -> str:
    """A sequence of words; long ones may be joined."""
    pattern = _one(words[0])
    for before, word in pairwise(words):
        pattern += (_MAYBE_BETWEEN if before.lower() in PARTICLES else _gap(before, word)) + _one(word)
    return pattern


def _one(word: str) -> str:
    return r"['’`\s-]{0,2}".join(map(_any_spelling, _pieces(word)))


def _any_spelling(word: str) -> str:
    forms = [re.escape(form) for form in spellings(word)]
    return forms[0] if len(forms) == 1 else f"(?:{'|'.join(forms)})"


def _is_of_common_words(written: str) -> bool:
    """Whether each word is short or ordinary, so that they are not a name in small letters: Will May, An Do."""
    lists = lexicon()
    return all(
        len(word) < 3 or normalise_word(word) in lists.ordinary or clinical_words().knows(word.lower())
        for word in _WORD.findall(written)
    )

"""Normal forms for comparing originals, so that case, accents and punctuation do not make two people of one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTER = r"[^\W\d_]"
WORD = rf"{_LETTER}(?:{_LETTER}|[\u0300-\u036f])*(?:['’`]{_LETTER}(?:{_LETTER}|[\u0300-\u036f])*)*"
"""A word: letters with their combining marks, and apostrophes between letters."""

_words = re.compile(WORD)
_no_letters = str.maketrans("", "", "'’`")
_undecomposed = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ħ": "h"}
)


def normalise_word(word: str) -> str:
    """A word without case, accents and apostrophes: "O'Neil" equals "ONEIL", and "José" equals "JOSE"."""
    if not word.isascii():
        word = unicodedata.normalize("NFKD", word.casefold())
        word = "".join(letter for letter in word if not unicodedata.combining(letter)).translate(_undecomposed)
    return word.lower() if word.isalpha() else word.lower().translate(_no_letters)


def strip_possessive(word: str) -> tuple[str, str]:
    """The word, and the "'s" at its end, if any."""
    if len(word) > 3 and word[-2] in "'’`" and word[-1] in "sS":
        return word[:-2], word[-2:]
    return word, ""


def squeeze(text: str) -> str:
    """Letters and digits only, without case: "00-44-18-2" equals "0044182"."""
    return "".join(filter(str.isalnum, text)).casefold()


def leading_zeros(core: str) -> int:
    """How many zeros lead a number in a `squeeze`d text: 0 where it has letters or only zeros."""
    if not core.startswith("0") or not core.isdecimal():
        return 0
    rest = core.lstrip("0")
    return len(core) - len(rest) if rest else 0


def identity(text: str) -> str:
    """Letters and digits only, without case and leading zeros: "00-44-18-2" equals "44182"."""
    core = squeeze(text)
    return core[leading_zeros(core) :]


@lru_cache(maxsize=8192)
def comparable_forms(text: str) -> frozenset[str]:
    """Forms that no invented value may equal, since it could be taken for this original: words, digits, the whole."""
    whole = squeeze(text)
    if whole.isdecimal():
        return frozenset((whole,))
    forms = {normalise_word(strip_possessive(word)[0]) for word in _words.findall(text)}
    return frozenset((*forms, whole, "".join(filter(str.isdecimal, whole))))


def like_case(original: str, invented: str) -> str:
    """`invented` in the case of `original`: all capitals, all small, or else with a capital first."""
    if original.isupper() and len(original) > 1:
        return invented.upper()
    if original.islower():
        return invented.lower()
    return invented[:1].upper() + invented[1:]

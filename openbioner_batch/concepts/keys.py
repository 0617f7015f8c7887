"""The keys under which an index finds a name, from the strictest to the loosest."""

from __future__ import annotations

import enum
import functools
import hashlib
from collections.abc import Collection, Iterable, Iterator

from openbioner_batch.concepts.compounds import in_plain_words
from openbioner_batch.concepts.normalising import (
    ABNORMAL,
    FUNCTION_WORDS,
    IMPAIRED,
    content,
    forms,
    meaning,
    plain,
    stem,
)
from openbioner_batch.concepts.parts import head_part, is_of_parts


class Match(enum.IntEnum):
    """How a mention matches a name, the best first."""

    CASE_SENSITIVE = 0
    """An abbreviation, letter by letter."""
    EXACT = 1
    """The same except for case and spaces."""
    NORMALISED = 2
    """The same words except for plural, hyphens, accents, Greek letters, Roman numerals, British spelling."""
    UNSPACED = 3
    """The same except for spaces and hyphens."""
    REORDERED = 4
    """The same words except for their order and function words."""
    EQUIVALENT = 5
    """The same except for words that mean the same (`equivalents.yaml`)."""
    DERIVED = 6
    """The same except for endings that make adjectives and nouns of each other."""
    LEARNT = 7
    """The same except for words that mean the same in this vocabulary's synonyms (`synonymy.py`)."""
    COMPOUND = 8
    """The same with Greek and Latin compounds in plain words (`compounds.yaml`)."""
    IMPLIED = 9
    """The same except for a word of abnormality: a mention of an organ among findings is one of its abnormality."""
    ANY_CASE = 10
    """An abbreviation in other letters."""
    LONGER = 11
    """The name has one word more."""


SCORES = {
    Match.CASE_SENSITIVE: 1.0,
    Match.EXACT: 1.0,
    Match.NORMALISED: 0.99,
    Match.UNSPACED: 0.98,
    Match.REORDERED: 0.97,
    Match.EQUIVALENT: 0.94,
    Match.DERIVED: 0.92,
    Match.LEARNT: 0.91,
    Match.COMPOUND: 0.91,
    Match.IMPLIED: 0.8,
    Match.ANY_CASE: 0.9,
    Match.LONGER: 0.7,
}

_OF_WORDS = (Match.EXACT, Match.NORMALISED, Match.UNSPACED, Match.REORDERED, Match.EQUIVALENT, Match.DERIVED)
BY_CONTENT = (Match.EQUIVALENT, Match.DERIVED, Match.LEARNT, Match.COMPOUND)
"""Those of the words that `content` gives, in which a renal pelvis and a pelvic kidney differ by their heads alone."""
_OF_ABBREVIATIONS = (Match.CASE_SENSITIVE, Match.ANY_CASE)
STRICT = (Match.CASE_SENSITIVE, *_OF_WORDS, Match.COMPOUND, Match.LEARNT, Match.ANY_CASE)
"""The kinds of match by which a mention itself is looked for."""
IN_TURN = frozenset(("absent", "small"))
"""Words, as `content` gives them, of which one thing has only one: a group of both holds each of them."""


def keys(text: str, is_abbreviation: bool) -> Iterator[tuple[Match, int]]:
    """A name's keys.

    Args:
        text: a name.
        is_abbreviation: whether it counts only in its own letters, or else as a loose match.
    """
    if is_abbreviation:
        yield Match.CASE_SENSITIVE, _hashed(Match.CASE_SENSITIVE, " ".join(text.split()))
        yield Match.ANY_CASE, _hashed(Match.ANY_CASE, plain(text))
        return
    for kind in (*_OF_WORDS, Match.COMPOUND):
        if (found := key(kind, text)) is not None:
            yield kind, found
    words = content(text)
    if ABNORMAL in words and len(words) > 1:
        yield Match.IMPLIED, content_key(Match.IMPLIED, [word for word in words if word != ABNORMAL])
    if IN_TURN.issubset(words) and len(words) > len(IN_TURN):
        for one in IN_TURN:
            yield Match.IMPLIED, content_key(Match.IMPLIED, [word for word in words if word != one])


def key(kind: Match, text: str) -> int | None:
    """The key under which a mention looks for a match of one kind; None where no name can match it in this way."""
    if kind in _OF_ABBREVIATIONS and " " in text.strip():
        return None  # an abbreviation has no spaces
    if kind is Match.CASE_SENSITIVE:
        return _hashed(kind, " ".join(text.split()))
    if kind in (Match.EXACT, Match.ANY_CASE):
        return _hashed(kind, plain(text))
    found = forms(text)
    if not found:
        return None
    if kind is Match.NORMALISED:
        return _hashed(kind, " ".join(found))
    if kind is Match.UNSPACED:
        return _hashed(kind, "".join(found))
    if kind is Match.IMPLIED:  # what is impaired is abnormal
        words = content(text)
        return content_key(kind, [word for word in words if word != IMPAIRED] or words)
    if kind >= Match.EQUIVALENT:
        return content_key(kind, content(text), found)
    return _hashed(kind, " ".join(sorted(form for form in found if form not in FUNCTION_WORDS) or found))


def content_key(kind: Match, words: Collection[str], found: Iterable[str] = ()) -> int:
    """The key of words as `content` gives them.

    Args:
        kind: of match.
        words: in order of the alphabet.
        found: the forms of the text, in which the head is looked for where all words are parts of the body.
    """
    head = f"/{meaning(head_part(found))}" if kind in BY_CONTENT and is_of_parts(words) else ""
    if kind in (Match.COMPOUND, Match.IMPLIED):
        words = in_plain_words(tuple(words))
    elif kind in (Match.DERIVED, Match.LEARNT, Match.LONGER):
        words = _stemmed(tuple(words))
    return _hashed(kind, " ".join(words) + head)


@functools.lru_cache(maxsize=1 << 12)
def _stemmed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(map(stem, words))))


def _hashed(kind: Match, text: str) -> int:
    """64 bits of BLAKE2: that two of a million names share them is as likely as one in 30 million."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, salt=bytes([kind]))
    return int.from_bytes(digest.digest(), "little")

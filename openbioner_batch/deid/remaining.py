"""Finds known values that remain in a text, by its own rule: the check of the result can contradict the finder.

The finder knows of typos, nicknames, initials and labels. Here text and value are reduced to their letters and digits,
and the value is searched from the beginning of a word to the end of one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, permutations

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.known import KnownIdentifiers, KnownValue
from openbioner_batch.deid.recognizers.known_values import is_short_value
from openbioner_batch.deid.recognizers.lexicon import lexicon

_SHORTEST, _SHORTEST_WORD = 4, 4
_WIDEST_GAP = 3
"""The most characters other than letters and digits between two of a value."""
_MOST_WORDS = 3
"""The most words of a name that are searched in every order; a longer one is only reversed: "de la Paz, Ana"."""
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ].*")
"""A date as databases write it, with a time of day."""


def remaining_known(text: str, known: KnownIdentifiers) -> Iterator[Finding]:
    """Each mention of a known value: whole, a name's words in any order, or a word of it with a capital."""
    places: list[int] = []
    letters: list[str] = []
    for place, character in enumerate(text):
        for letter in _bare(character):
            places.append(place)
            letters.append(letter)
    squeezed = "".join(letters)
    for value in known.values:
        for form, is_word in _forms(value):
            at = squeezed.find(form)
            while at >= 0:
                found = places[at : at + len(form)]
                start, end = found[0], found[-1] + 1
                if (
                    _stands_alone(text, start, end, found)
                    and not (is_word and not text[start].isupper())
                    and not is_short_value(text, start, end, form)
                ):
                    yield Finding(start, end, value.type, 1.0, ("known:standing",))
                at = squeezed.find(form, at + 1)


def _forms(value: KnownValue) -> dict[tuple[str, bool], None]:
    """What to search for, and whether it is a single word, which counts only with a capital."""
    words = ["".join(map(_bare, word)) for word in value.value.replace(",", " ").split()]
    words = [word for word in words if word]
    whole = "".join(words)
    lists = lexicon()
    forms: dict[tuple[str, bool], None] = {}
    if family_of(value.type) == "name":
        if len(words) > 1:
            forms |= dict.fromkeys(("".join(order), False) for order in _orders(words))
        forms |= dict.fromkeys(
            (word, True) for word in words if len(word) >= _SHORTEST_WORD and word not in lists.ordinary
        )
    elif family_of(value.type) == "date":
        if timestamp := _TIMESTAMP.fullmatch(value.value):
            whole = timestamp[1].replace("-", "")
        if len(whole) == 8 and whole.isdigit():
            year, month, day = whole[:4], whole[4:6], whole[6:]
            forms |= dict.fromkeys((form, False) for form in (whole, month + day + year, day + month + year))
    elif len(whole) >= _SHORTEST and whole not in lists.ordinary:
        forms[whole, len(words) == 1 and whole.isalpha()] = None
    return forms


def _orders(words: list[str]) -> Iterable[Sequence[str]]:
    """The orders in which the words of a name are searched."""
    if len(words) <= _MOST_WORDS:
        return permutations(words)
    return (words[first:] + words[:first] for first in range(len(words)))


def _bare(character: str) -> str:
    """The letters and digits of a character, without case and marks."""
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", character).casefold()))


def _stands_alone(text: str, start: int, end: int, places: list[int]) -> bool:
    """Whether a value begins and ends with words, with only punctuation within."""
    if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
        return False
    return all(two - one <= _WIDEST_GAP + 1 for one, two in pairwise(places))

"""Splits a sentence into words and marks, and finds phrases in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

# hyphens in words are skipped, so that "follow-up" equals "follow up"
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|(?!(?<=\w)[-‐‑](?=\w))[^\w\s]")
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_FULL_VERBS = {"ca": "can", "wo": "will", "sha": "shall"}
"""What is left of verbs before "n't" where that is another word."""
_PLACEHOLDER = re.compile(r"<(number|word|end)>")

END, NUMBER, WORD = "<end>", "<number>", "<word>"
"""In a phrase: where the sentence ends, a number in digits or words, any one word."""
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty several few couple".split()
)

Alternative = tuple[str, ...]
Pattern = tuple[tuple[Alternative, ...], ...]
"""A phrase: a sequence of elements with alternatives, some of them empty."""
Meaning = TypeVar("Meaning")


def tokenize(text: str, start: int = 0, end: int | None = None) -> tuple[list[str], list[int], list[int]]:
    """The words and marks of `text[start:end]` in lower case, and where each begins and ends in `text`.

    >>> tokenize("It isn't.")
    (['it', 'is', 'not', '.'], [0, 3, 5, 8], [2, 5, 8, 9])
    """
    words, starts, ends = [], [], []
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        word = match[0].lower().replace("’", "'")
        starts.append(match.start())
        if "'" in word and word.endswith("n't") and len(word) > len("n't"):
            verb, word = word[: -len("n't")], "not"
            words.append(_FULL_VERBS.get(verb, verb))
            ends.append(match.end() - len("n't"))
            starts.append(ends[-1])
        words.append(word)
        ends.append(match.end())
    return words, starts, ends


def parse_phrase(phrase: str) -> Pattern:
    """The pattern of a phrase: `(no|any) signs (|or symptoms) of` stands for four.

    Raises:
        ValueError: the phrase has no required word.
    """
    elements: list[tuple[Alternative, ...]] = []
    for number, part in enumerate(_CHOICE.split(phrase)):
        alternatives = part.split("|") if number % 2 else [part]
        found = tuple(dict.fromkeys(tuple(_phrase_tokens(text)) for text in alternatives))
        if found != ((),):
            elements.append(found)
    if not any(all(set(words) - {WORD, END} for words in element) for element in elements):
        raise ValueError("a phrase needs a word that is not optional")
    if any(WORD in words[:1] for words in _firsts(elements)):
        raise ValueError("a phrase does not begin with <word>")
    return tuple(elements)


def _phrase_tokens(text: str) -> Iterator[str]:
    place = 0
    for match in _PLACEHOLDER.finditer(text):
        yield from tokenize(text, place, match.start())[0]
        yield match[0]
        place = match.end()
    yield from tokenize(text, place)[0]


def _firsts(pattern: Iterable[tuple[Alternative, ...]]) -> Iterator[Alternative]:
    """The alternatives with which a pattern may begin."""
    for element in pattern:
        yield from (words for words in element if words)
        if () not in element:
            return


class _Element:
    """One element of a pattern: its alternatives by their first words."""

    __slots__ = ("by_first", "is_optional", "with_placeholders")

    def __init__(self, alternatives: Iterable[Alternative]) -> None:
        self.by_first: dict[str, list[list[str]]] = {}
        """What follows the first word of each alternative of plain words."""
        self.with_placeholders: list[Alternative] = []
        self.is_optional = False
        for words in alternatives:
            if not words:
                self.is_optional = True
            elif {NUMBER, WORD, END}.isdisjoint(words):
                self.by_first.setdefault(words[0], []).append(list(words[1:]))
            else:
                self.with_placeholders.append(words)

    def ends(self, words: list[str], place: int) -> Iterator[int]:
        """Where the pattern may end if it begins at `place`."""
        if place < len(words):
            begin = place + 1
            for rest in self.by_first.get(words[place], ()):
                if not rest or words[begin : begin + len(rest)] == rest:
                    yield begin + len(rest)
        for alternative in self.with_placeholders:
            if all(_fits(wanted, words, place + number) for number, wanted in enumerate(alternative)):
                yield place + len(alternative)
        if self.is_optional:
            yield place


_Elements = list[_Element]


class Phrases(Generic[Meaning]):
    """Phrases by the words with which they may begin."""

    def __init__(self, phrases: Sequence[tuple[Pattern, Meaning]]) -> None:
        """Index the phrases.

        Args:
            phrases: patterns with what each means; of two equally long ones at one place both are found, in this order.
        """
        self._by_first: dict[str, list[tuple[frozenset[str] | None, _Elements, Meaning]]] = {}
        """By the first word: the words of which one comes second, where one must, the phrase and what it means."""
        for pattern, meaning in phrases:
            elements = [_Element(alternatives) for alternatives in pattern]
            begins = _beginnings(pattern)
            for first in dict.fromkeys(words[0] for words in _firsts(pattern)):
                self._by_first.setdefault(first, []).append((_seconds(begins, first), elements, meaning))
        self._by_number = self._by_first.get(NUMBER, [])

    def find(self, words: list[str]) -> Iterator[tuple[int, int, list[Meaning]]]:
        """The longest phrase at each place, left to right, none over another: first token, token after, meanings.

        Args:
            words: tokens as `tokenize` gives them.
        """
        place, count = 0, len(words)
        while place < count:
            if words[place] not in self._by_first and not (self._by_number and is_number(words[place])):
                place += 1  # as at most words
                continue
            best = place
            meanings: list[Meaning] = []
            for elements, meaning in self._candidates(words, place):
                end = _longest(elements, 0, words, place)
                if end > best:
                    best, meanings = end, [meaning]
                elif end == best and end > place:
                    meanings.append(meaning)
            if meanings:
                yield place, min(best, count), meanings
            place = max(best, place + 1)

    def find_all(self, words: list[str]) -> Iterator[tuple[int, int, Meaning]]:
        """Every phrase at every place, be it over others: first token, token after the last, meaning."""
        for place, word in enumerate(words):
            if word not in self._by_first and not (self._by_number and is_number(word)):
                continue
            for elements, meaning in self._candidates(words, place):
                if (end := _longest(elements, 0, words, place)) > place:
                    yield place, min(end, len(words)), meaning

    def _candidates(self, words: list[str], place: int) -> Iterator[tuple[_Elements, Meaning]]:
        """The candidate phrases at a place, by its word and the next."""
        word = words[place]
        found = self._by_first.get(word, [])
        if self._by_number and is_number(word):
            found = [*found, *self._by_number]
        if found:
            following = words[place + 1] if place + 1 < len(words) else ""
            for seconds, elements, meaning in found:
                if seconds is None or following in seconds:
                    yield elements, meaning


def _beginnings(pattern: Pattern) -> set[Alternative]:
    """The one or two words with which a phrase may begin: one where it has no more."""
    found: set[Alternative] = {()}
    for element in pattern:
        found = {(*begin, *words)[:2] for begin in found for words in (element if len(begin) < 2 else ((),))}
    return found


def _seconds(begins: set[Alternative], first: str) -> frozenset[str] | None:
    """The words of which one follows the first; None where none is required, or any is allowed."""
    found = [begin[1:] for begin in begins if begin[:1] == (first,)]
    if () in found or not {NUMBER, WORD, END}.isdisjoint(word for begin in found for word in begin):
        return None
    return frozenset(word for begin in found for word in begin)


def _longest(elements: _Elements, number: int, words: list[str], place: int) -> int:
    """Where a phrase ends that has its element `number` at `place`; -1 where it does not occur there."""
    if number == len(elements):
        return place
    best = -1
    for end in elements[number].ends(words, place):
        best = max(best, _longest(elements, number + 1, words, end))
    return best


def _fits(wanted: str, words: list[str], place: int) -> bool:
    if place >= len(words):
        return wanted == END and place == len(words)
    word = words[place]
    if wanted == word:
        return True
    return (wanted == NUMBER and is_number(word)) or (wanted == WORD and word[0].isalnum())


def is_number(word: str) -> bool:
    """Whether a token is a number in digits or in words."""
    return word[0].isdigit() or word in _NUMBERS

"""Finds the names of a vocabulary in texts, all at once, by the automaton of Aho and Corasick."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Protocol

from openbioner_batch.abbreviations import find_abbreviations
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.normalising import forms, words
from openbioner_batch.concepts.wordings import Word, Wordings
from openbioner_batch.records import Span

_OPEN, _CLOSE, _BREAK = "\x01", "\x02", "\x03"
"""Around each word, so that a match is of whole words; between words that no name spans."""
_JOINED = re.compile(r"[^\S\n]*[-‐‑–/'’]?\s?[^\S\n]*")
_NUMBERED = re.compile(r"[\s-][^\W\d_]-?\d")
"""A place does not end so: there is no "type A" in "type A1"."""
_LEAST_LETTERS = 3
"""Of a name: shorter ones are too often something else."""


class Named(Protocol):
    """Anything with names."""

    def all_names(self) -> Iterator[tuple[str, bool]]:
        """Every name, and whether it is an abbreviation."""


class Dictionary:
    """The names of a vocabulary as a recognizer.

    A name is found where its words stand one after another except for case, plural, hyphens, accents, Greek letters and
    spelling; an abbreviation only letter by letter, or with a plural's "s". Of names that overlap the one that begins
    first is found, of these the longest. Names of fewer than three letters are not looked for.
    """

    def __init__(self, vocabulary: Named, wordings: bool = False, nested: bool = False) -> None:
        """Build the automaton, which takes some seconds for hundreds of thousands of names.

        Args:
            vocabulary: what has the names: an index, as far as other wordings are wanted.
            wordings: find other wordings of names too (see `Wordings`), and what a text defines as short for a name.
            nested: find names that overlap others too.
        """
        from ahocorasick_rs import AhoCorasick, MatchKind

        self._nested = nested
        self._wordings: Wordings | None = None
        if wordings:
            assert isinstance(vocabulary, Vocabulary), "other wordings need an index"
            self._wordings = Wordings(vocabulary)
        self._cased: dict[str, set[str] | None] = {}
        for name, is_short in vocabulary.all_names():
            self._add(name, is_short)
        self._patterns = sorted(self._cased)
        kind = MatchKind.Standard if nested or wordings else MatchKind.LeftmostLongest
        self._automaton = AhoCorasick(self._patterns, matchkind=kind)

    def _add(self, name: str, is_short: bool) -> None:
        found = forms(name)
        if sum(character.isalpha() for character in name) < _LEAST_LETTERS:
            return
        pattern = "".join(f"{_OPEN}{form}{_CLOSE}" for form in found)
        if is_short:
            known = self._cased.setdefault(pattern, set())
            if known is not None:
                known.add(name)
        else:
            self._cased[pattern] = None

    def find(self, text: str, type: str) -> Iterator[Span]:
        """The names in a text as spans of a type, with score 1, in order."""
        runs = _runs(text)
        places: Iterable[tuple[int, int]] = self._names(text, runs)
        if self._wordings is not None:
            found = {*places, *self._wordings.find(runs)}
            places = sorted(found | set(_short_forms(text, found)), key=lambda place: (place[0], -place[1]))
        if self._wordings is not None and not self._nested:
            places = _longest(places)
        for start, end in places:
            if not _NUMBERED.match(text, max(0, end - 2)):
                yield Span(start, end, type, 1.0, text[start:end], found_by="dictionary")

    def _names(self, text: str, runs: Sequence[Sequence[Word]]) -> Iterator[tuple[int, int]]:
        """Where the names stand."""
        pieces: list[str] = []
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        size = 0
        for run in runs:
            for form, start, end in run:
                starts[size] = start
                pieces += (_OPEN, form, _CLOSE)
                size += len(form) + 2
                ends[size] = end
            pieces.append(_BREAK)
            size += 1
        several = self._nested or self._wordings is not None
        found = self._automaton.find_matches_as_indexes("".join(pieces), overlapping=several)
        for pattern, first, last in sorted(found, key=lambda match: (match[1], -match[2])) if several else found:
            start, end = starts[first], ends[last]
            cased = self._cased[self._patterns[pattern]]
            mention = text[start:end]
            if cased is None or mention in cased or mention.removesuffix("s") in cased:
                yield start, end


def _runs(text: str) -> list[list[Word]]:
    """The words of a text, apart where something stands between that no name spans."""
    runs: list[list[Word]] = []
    before = 0
    for form, start, end in words(text):
        if not runs or not _JOINED.fullmatch(text, before, start):
            runs.append([])
        runs[-1].append((form, start, end))
        before = end
    return runs


def _short_forms(text: str, places: Container[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where short forms stand that the text defines for one of these places."""
    short = {
        text[found.short_start : found.short_end]
        for found in find_abbreviations(text)
        if (found.long_start, found.long_end) in places
    }
    if short:
        forms = "|".join(map(re.escape, sorted(short, key=lambda form: (-len(form), form))))
        for match in re.finditer(rf"(?<!\w)(?:{forms})s?(?!\w)", text):
            yield match.span()


def _longest(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of places that overlap the first, of those that begin together the longest."""
    covered = 0
    for start, end in places:
        if start >= covered:
            yield start, end
            covered = end

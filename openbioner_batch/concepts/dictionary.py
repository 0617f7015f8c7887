"""Finds the names of a vocabulary in texts, all at once, by the automaton of Aho and Corasick."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.normalising import forms, words
from openbioner_batch.records import Span

_OPEN, _CLOSE, _BREAK = "\x01", "\x02", "\x03"
"""Around each word, so that a match is of whole words; between words that no name spans."""
_JOINED = re.compile(r"[^\S\n]*[-‐‑–/'’]?\s?[^\S\n]*")
_LEAST_LETTERS = 3
"""Of a name: shorter ones are too often something else."""


class Dictionary:
    """The names of a vocabulary as a recognizer.

    A name is found where its words stand one after another but for case, plural, hyphens, accents, Greek letters and
    spelling; an abbreviation only letter by letter, or with a plural's "s". Of names that overlap the one that begins
    first is found, of these the longest. Names of fewer than three letters are not looked for.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build the automaton, which takes some seconds for hundreds of thousands of names."""
        from ahocorasick_rs import AhoCorasick, MatchKind

        self._cased: dict[str, set[str] | None] = {}
        for number in range(vocabulary.names):
            self._add(vocabulary.name(number), vocabulary.is_short(number))
        self._patterns = sorted(self._cased)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

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
        pieces: list[str] = []
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        size = 0
        before = 0
        for form, start, end in words(text):
            if size and not _JOINED.fullmatch(text, before, start):
                pieces.append(_BREAK)
                size += 1
            starts[size] = start
            pieces += (_OPEN, form, _CLOSE)
            size += len(form) + 2
            ends[size] = before = end
        for pattern, first, last in self._automaton.find_matches_as_indexes("".join(pieces)):
            start, end = starts[first], ends[last]
            mention = text[start:end]
            cased = self._cased[self._patterns[pattern]]
            if cased is None or mention in cased or mention.removesuffix("s") in cased:
                yield Span(start, end, type, 1.0, mention, found_by="dictionary")

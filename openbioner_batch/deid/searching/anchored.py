r"""Expressions that are tried only where one of their matches can begin, instead of at every character of a text.

Most expressions begin with one of some words, with a capital or a digit, but `re` cannot use that after `\b` or a
lookbehind. Here the tokens of a text are read once for all expressions, and the first characters of each are looked up:
they show which expressions may match there. What is found is what `re.Pattern.finditer` finds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from openbioner_batch.deid.searching.heads import LONGEST, Key, heads_of, keys_of

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_|(?<![^\n])\s")
"""Heads begin where one of these does; the last is the first blank of a line."""


class Anchored:
    """An expression that is searched for in whole texts; its matches must not be empty."""

    def __init__(self, expression: str, flags: int = 0) -> None:
        self.pattern = re.compile(expression, flags)
        heads = heads_of(self.pattern)
        self._number = None if heads is None else _waiting.add(heads)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The matches in a text, without overlap."""
        if self._number is None:
            yield from self.pattern.finditer(text)
            return
        end = 0
        for place in self.places(text):
            if place >= end and (match := self.pattern.match(text, place)):
                end = match.end()
                yield match

    def places(self, text: str) -> Sequence[int]:
        """Where a match may begin; anywhere, if the expression has no heads."""
        return range(len(text)) if self._number is None else _places(text).get(self._number, ())

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return next(self.finditer(text), None)


class _Waiting(dict[str, tuple[int, ...]]):
    """First characters of a token -> numbers of the expressions with a match that may begin there, as they are met."""

    _MOST = 100_000

    def __init__(self) -> None:
        super().__init__()
        self._by_key: defaultdict[Key, list[int]] = defaultdict(list)
        self._count = 0

    def add(self, heads: set[Key]) -> int:
        """The number of a new expression."""
        for key in heads:
            self._by_key[key].append(self._count)
        self.clear()
        _places.cache_clear()
        self._count += 1
        return self._count - 1

    def __missing__(self, head: str) -> tuple[int, ...]:
        if len(self) == self._MOST:
            self.clear()
        found = {number for key in keys_of(head) for number in self._by_key.get(key, ())}
        return self.setdefault(head, tuple(found))


_waiting = _Waiting()


@lru_cache(maxsize=2)
def _places(text: str) -> dict[int, list[int]]:
    """Number of an expression -> where its matches may begin in a text."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for token in _TOKEN.finditer(text):
        start = token.start()
        for number in _waiting[text[start : start + LONGEST]]:
            places[number].append(start)
    return places

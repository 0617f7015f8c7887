"""Finds training passages that share a sentence with a benchmark, whatever their spacing or segmentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_KEY = 24
"""How many letters of a sentence are looked up; shorter sentences (headings) are too common to identify a document."""


def letters_and_digits(text: str) -> str:
    """`text` in lower case with only letters and digits."""
    return _NOT_ALPHANUMERIC.sub("", text.lower())


class BenchmarkSentences:
    """The sentences of the benchmarks, all splits, as a filter for training text."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self._by_key: dict[str, set[str]] = {}
        for sentence in sentences:
            normal = letters_and_digits(sentence)
            if len(normal) >= _KEY:
                self._by_key.setdefault(normal[:_KEY], set()).add(normal)

    def __len__(self) -> int:
        return sum(map(len, self._by_key.values()))

    def shared_with(self, text: str) -> bool:
        """Whether `text` contains a whole benchmark sentence."""
        return next(self.sentences_in(text), None) is not None

    def sentences_in(self, text: str) -> Iterator[str]:
        """The benchmark sentences, normalised, that `text` contains whole."""
        normal = letters_and_digits(text)
        for start in range(len(normal) - _KEY + 1):
            for sentence in self._by_key.get(normal[start : start + _KEY], ()):
                if normal.startswith(sentence, start):
                    yield sentence

"""A glossary: what names stand for, in words that a model can compare with the description of a type."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

import numpy as np

from openbioner_batch.model.sentences import sentence_starts

_WORD = re.compile(r"\w+")
_STOP = re.compile(r"[.!?]")
_MAY_END = re.compile(r"[.!?\r\n]")
"""One of these stands between the last word of a sentence and the first one of the next."""
DENIED = "not "
"""How a statement begins that is false of its names; what follows is a gloss of other things."""
SHORTEST_NAME = 3
"""Names of fewer characters, between the marks at their ends, are left out: too many other words are written so."""
LONGEST_NAME = 6
"""Names of more words are left out: searches try so many words from each place."""


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """Names of one thing or of things of one kind, and what each of them is.

    Attributes:
        names: as they stand in texts, such as "levetiracetam".
        glosses: short statements, such as "prevents fits" or "antiepileptic drug"; one that begins with `DENIED` is
            false of it, such as "not an antibiotic".
    """

    names: tuple[str, ...]
    glosses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name of the glossary in a text.

    Attributes:
        start, end: its half-open code-point offsets.
        meaning: its index in `Glossary.meanings`.
    """

    start: int
    end: int
    meaning: int


class Glossary:
    """Finds names in texts, and says what they stand for.

    Names match whatever their case and the marks between their words, also with a plural ending. Those in capitals
    ("ALL", "MAO") match as they stand, and not at all in texts that are mostly in capitals. The longest name counts,
    then the first. None reaches over the end of a sentence, but for a mark that is its own ("Mt. Sinai"). A name in
    several entries has the glosses of all.

    Args:
        entries: names of fewer than `SHORTEST_NAME` characters between the marks at their ends, or of more than
            `LONGEST_NAME` words, are left out; so are entries without glosses.
        given: entries of a user, beside those of a checkpoint.
    """

    def __init__(self, entries: Iterable[GlossaryEntry], given: Iterable[GlossaryEntry] = ()) -> None:
        own = tuple(entries)
        self.own_entries = len(own)
        """How many entries are the checkpoint's, whose statements may have stored tokens."""
        self.entries = (*own, *given)
        by_name: dict[str, dict[int, None]] = {}
        spellings: dict[str, set[str] | None] = {}
        self._stops: dict[str, set[int]] = {}
        for number, entry in enumerate(self.entries):
            for name in entry.names if entry.glosses else ():
                words = list(_WORD.finditer(name))
                written = name[words[0].start() : words[-1].end()] if words else ""
                if len(written) < SHORTEST_NAME or len(words) > LONGEST_NAME:
                    continue
                key = _key(name)
                by_name.setdefault(key, {})[number] = None
                if stops := {n for n, (a, b) in enumerate(pairwise(words)) if _STOP.search(name, a.end(), b.start())}:
                    self._stops.setdefault(key, set()).update(stops)
                exact = spellings.setdefault(key, set())
                if exact is not None and written.isupper():
                    exact.add(written)
                else:
                    spellings[key] = None
        meanings: dict[tuple[int, ...], int] = {}
        self._meaning = {key: meanings.setdefault(tuple(numbers), len(meanings)) for key, numbers in by_name.items()}
        self._spellings = {key: frozenset(exact) for key, exact in spellings.items() if exact}
        self._longest: dict[str, int] = {}
        for key in by_name:
            first = key.partition(" ")[0]
            self._longest[first] = max(key.count(" ") + 1, self._longest.get(first, 0))
        self.statements = _distinct(self.entries)
        """The distinct statements, true or false of their names, in the order of the entries."""
        self.own_statements = len(_distinct(own))
        """How many of them, the first ones, the checkpoint's entries have."""
        self.meanings = tuple(meanings)
        """Distinct sets of entries, as indices: what a name means."""

    def __len__(self) -> int:
        """How many names it can find."""
        return len(self._meaning)

    def meaning_of(self, name: str) -> int | None:
        """The meaning of a name by itself, however it is written; None for one that is not known."""
        return self._meaning.get(_key(name))

    def true_of(self, entry: int) -> list[str]:
        """What an entry says to be true of its names."""
        return _told(self.entries[entry])[0]

    def said(self, meaning: int, only_given: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is true and what is false of a meaning, each statement once, the latter without `DENIED`.

        Args:
            meaning: its index.
            only_given: whether to leave out what the checkpoint's own entries say.
        """
        entries = [entry for entry in self.meanings[meaning] if not only_given or entry >= self.own_entries]
        true, false = zip(*(_told(self.entries[entry]) for entry in entries), strict=True) if entries else ((), ())
        return tuple(dict.fromkeys(chain(*true))), tuple(dict.fromkeys(chain(*false)))

    def find(self, text: str) -> Iterator[KnownName]:
        """The names in a text, in order; none overlap."""
        read = _ReadText(text)
        words, place = read.words, 0
        while place < len(words):
            found = self._at(read, place)
            if found is None:
                place += 1
                continue
            count, key = found
            yield KnownName(words[place][1], words[place + count - 1][2], self._meaning[key])
            place += count

    def _at(self, read: _ReadText, place: int) -> tuple[int, str] | None:
        """The number of words of the longest name that begins at a word, and its key."""
        words = read.words
        longest = max((self._longest.get(first, 0) for first in _singulars(words[place][0])), default=0)
        for count in range(min(longest, len(words) - place), 0, -1):
            before = [word for word, *_ in words[place : place + count - 1]]
            for last in _singulars(words[place + count - 1][0]):
                key = " ".join([*before, last])
                if key in self._meaning and self._is_written(key, read, place, count):
                    return count, key
        return None

    def _is_written(self, key: str, read: _ReadText, place: int, count: int) -> bool:
        """Whether so many words are written as the name: in capitals if it only is, and within a sentence."""
        exact = self._spellings.get(key)
        if exact is None and count == 1:
            return True
        written = read.text[read.words[place][1] : read.words[place + count - 1][2]]
        if exact is not None and (read.shouting or not (written in exact or written.removesuffix("s") in exact)):
            return False
        return not _MAY_END.search(written) or read.sentence_ends(place, count) <= self._stops.get(key, set())


class _ReadText:
    """A text and its words: each in lower case, with its offsets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
        self.shouting = sum(map(str.isupper, text)) > sum(map(str.islower, text))
        """Whether it is mostly in capitals."""

    def sentence_ends(self, place: int, count: int) -> set[int]:
        """Behind which of so many words, counted from the one at a place, a sentence ends; not behind the last."""
        begun = [bisect(self._sentences, start) for _, start, _ in self.words[place : place + count]]
        return {number for number, (before, behind) in enumerate(pairwise(begun)) if before < behind}

    @cached_property
    def _sentences(self) -> list[int]:
        return sentence_starts(self.text)


def _key(name: str) -> str:
    return " ".join(word.group().lower() for word in _WORD.finditer(name))


def _distinct(entries: Iterable[GlossaryEntry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told for entry in entries for part in _told(entry) for told in part))


def _told(entry: GlossaryEntry) -> tuple[list[str], list[str]]:
    """What an entry says to be true of its names, and what to be false."""
    true = [gloss for gloss in entry.glosses if not gloss.startswith(DENIED)]
    return true, [gloss.removeprefix(DENIED) for gloss in entry.glosses if gloss.startswith(DENIED)]


def known_words(glossary: Glossary, text: str, word_offsets: np.ndarray) -> np.ndarray:
    """The names in a text that begin and end with its words.

    Args:
        glossary: the names.
        text: the document.
        word_offsets: [words, 2] half-open offsets of its words.

    Returns:
        int64 [names, 3]: first word, last word, meaning.
    """
    found = [(name.start, name.end, name.meaning) for name in glossary.find(text)]
    names = np.array(found, np.int64).reshape(-1, 3)
    if not len(word_offsets):
        return names[:0]
    places = [np.searchsorted(word_offsets[:, side], names[:, side]) for side in (0, 1)]
    places = [np.minimum(place, len(word_offsets) - 1) for place in places]
    fits = [word_offsets[place, side] == names[:, side] for side, place in enumerate(places)]
    return np.stack([*places, names[:, 2]], 1)[fits[0] & fits[1]]


def _singulars(word: str) -> Iterator[str]:
    """A word, and what it may be the plural of."""
    yield word
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
            if word.endswith("ies"):
                yield word[:-3] + "y"

"""Filters annotated passages and their mentions by quality."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbioner_batch.training.overlap import BenchmarkSentences, letters_and_digits
from openbioner_batch.training.passages import AnnotatedMention
from openbioner_batch.training.silver.settings import FilterSettings
from openbioner_batch.training.silver.typenames import normalise_type

DUPLICATE = "the same text came before"
TOO_SHORT = "too few words"
SHOUTING = "little of it is lower case"
BENCHMARK = "it shares a sentence with a benchmark"
INVENTED = "many of its mentions are not in the text"
MARKED_ALL = "mentions cover too much of it"
NO_MENTION = "no mention is left"

BAD_TYPE = "the type's name is unusable"
RARE_TYPE = "the type is too rare"
SHORT_MENTION = "too few characters"
LONG_MENTION = "too many words"
NO_LETTER = "no letter or digit"
PRONOUN = "a pronoun or article"
_PRONOUNS = frozenset(
    """a an the this that these those he she it they we i you him her them us his hers its their our your who which what
    there here""".split()
)


@dataclass(frozen=True, slots=True)
class RawPassage:
    """An annotated passage as the LLM left it, its types normalised where that is possible."""

    text: str
    mentions: tuple[tuple[AnnotatedMention, str | None], ...]
    """Each with its normalised type, None where the name is unusable."""
    unaligned: int

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> RawPassage:
        """A passage from a row of the run's Parquet; equal mentions are one."""
        mentions = dict.fromkeys(AnnotatedMention(m["start"], m["end"], m["type"]) for m in row["mentions"])
        return cls(row["text"], tuple((m, normalise_type(m.type)) for m in mentions), row["unaligned"])


class PassageFilter:
    """Judges passages in their order, by themselves and by the passages before."""

    def __init__(self, settings: FilterSettings, benchmarks: BenchmarkSentences | None) -> None:
        self._settings = settings
        self._benchmarks = benchmarks
        self._seen: set[int] = set()

    def problem(self, passage: RawPassage) -> str | None:
        """Why a passage is dropped, whatever its types; None where it is kept. Each passage is judged once."""
        text, settings = passage.text, self._settings
        # 64 bits of a hash, since this set holds the whole corpus
        key = int.from_bytes(hashlib.blake2b(letters_and_digits(text).encode(), digest_size=8).digest(), "big")
        if key in self._seen:
            return DUPLICATE
        self._seen.add(key)
        if len(text.split()) < settings.min_words:
            return TOO_SHORT
        if lowercase_ratio(text) < settings.min_lowercase:
            return SHOUTING
        found = len({text[mention.start : mention.end].lower() for mention, _ in passage.mentions})
        if passage.unaligned > settings.max_unaligned * (passage.unaligned + found):
            return INVENTED
        if covered_ratio(text, [mention for mention, _ in passage.mentions]) > settings.max_covered:
            return MARKED_ALL
        if self._benchmarks is not None and self._benchmarks.shared_with(text):
            return BENCHMARK
        return None


def mention_problem(surface: str, type: str | None, settings: FilterSettings) -> str | None:
    """Why a mention is dropped, however frequent its type is."""
    if type is None:
        return BAD_TYPE
    if len(surface) < settings.min_chars:
        return SHORT_MENTION
    if len(surface.split()) > settings.max_mention_words:
        return LONG_MENTION
    if not any(letter.isalnum() for letter in surface):
        return NO_LETTER
    return PRONOUN if surface.lower() in _PRONOUNS else None


def lowercase_ratio(text: str) -> float:
    """The share of lower-case letters among those that have a case; 1 where none has."""
    lower = sum(letter.islower() for letter in text)
    upper = sum(letter.isupper() for letter in text)
    return lower / (lower + upper) if lower + upper else 1.0


def covered_ratio(text: str, mentions: Sequence[AnnotatedMention]) -> float:
    """The share of a text's characters that are in a mention."""
    return sum(end - start for start, end in union((m.start, m.end) for m in mentions)) / max(1, len(text))


def union(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of half-open ranges, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def without(ranges: Iterable[tuple[int, int]], taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of some ranges that lie outside of others."""
    left = union(ranges)
    for start, end in union(taken):
        parts = [part for low, high in left for part in ((low, min(high, start)), (max(low, end), high))]
        left = [(low, high) for low, high in parts if low < high]
    return left

"""The sources as tokens with random access, in Ray's object store or in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np

from openbioner_batch.errors import UsageError
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.pieces import Piece, WordMention, tokenize_passages
from openbioner_batch.training.settings import PassageFolder, PretrainSettings
from openbioner_batch.training.sources import passage_groups, read_passages


class Pieces(Protocol):
    """Random access to pieces, within the current process."""

    def piece(self, index: int) -> Piece:
        """The piece of an index."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The pieces of all sources, in an order that the files alone decide.

    Attributes:
        pieces: all of them.
        tokens: [pieces] text tokens.
        weights: [pieces] how often each is seen per epoch.
        counts: pieces with a weight above 0, by `source` of their passages.
        annotated: types of which some of these passages have every mention marked.
        sources: names of corpora.
        origins: [pieces] the index of each piece's corpus in `sources`.
    """

    pieces: Pieces
    tokens: np.ndarray
    weights: np.ndarray
    counts: dict[str, int]
    annotated: tuple[str, ...]
    sources: tuple[str, ...]
    origins: np.ndarray

    def groups(self, apart: Sequence[str]) -> np.ndarray:
        """[pieces] 0, or for pieces of a corpus that is to be apart a number of its own.

        Raises:
            UsageError: no piece is of such a corpus.
        """
        found = np.zeros(len(self.origins), np.int16)
        for number, name in enumerate(apart, 1):
            its = self.origins == (self.sources.index(name) if name in self.sources else -1)
            if not its.any():
                known = ", ".join(sorted({self.sources[place] for place in np.unique(self.origins).tolist()}))
                raise UsageError(f"batch.apart names {name!r}; the passages come from {known}")
            found[its] = number
        return found


@dataclass(frozen=True, slots=True)
class FlatPieces:
    """Pieces as a few arrays in this process's memory: compact, and stored as they are.

    Attributes:
        token_ids: [all tokens] piece after piece; `bounds` [pieces + 1] is where each begins.
        bounds: see `token_ids`.
        word_starts: [all words], `word_bounds` likewise.
        word_bounds: see `word_starts`.
        mentions: [all mentions, 3] first word, last word + 1, and the type's index in `names`; `mention_bounds`.
        mention_bounds: see `mentions`.
        unsure: [all stretches, 2], `unsure_bounds`.
        unsure_bounds: see `unsure`.
        origins: [pieces, 2] the index of a piece's source in `names` and of its closed list in `lists`, -1 for none.
        names: of types and sources.
        lists: closed lists of types.
    """

    token_ids: np.ndarray
    bounds: np.ndarray
    word_starts: np.ndarray
    word_bounds: np.ndarray
    mentions: np.ndarray
    mention_bounds: np.ndarray
    unsure: np.ndarray
    unsure_bounds: np.ndarray
    origins: np.ndarray
    names: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]

    def piece(self, index: int) -> Piece:
        """The piece of an index."""
        tokens, words, mentions, unsure = (
            slice(int(bounds[index]), int(bounds[index + 1]))
            for bounds in (self.bounds, self.word_bounds, self.mention_bounds, self.unsure_bounds)
        )
        source, annotated = self.origins[index].tolist()
        found: list[WordMention] = [(a, b, self.names[kind]) for a, b, kind in self.mentions[mentions].tolist()]
        return Piece(
            self.names[source],
            self.token_ids[tokens].astype(np.int32),
            self.word_starts[words].astype(np.int32),
            tuple(found),
            tuple((a, b) for a, b in self.unsure[unsure].tolist()),
            None if annotated < 0 else self.lists[annotated],
        )


def flatten(pieces: Iterable[Piece]) -> FlatPieces:
    """Pieces as arrays."""
    names: dict[str, int] = {}
    lists: dict[tuple[str, ...], int] = {}
    tokens, words, mentions, unsure, origins = [], [], [], [], []
    for piece in pieces:
        tokens.append(piece.token_ids)
        words.append(piece.word_starts.astype(np.uint16))
        mentions.append([(a, b, names.setdefault(kind, len(names))) for a, b, kind in piece.mentions])
        unsure.append(piece.unsure)
        closed = -1 if piece.annotated is None else lists.setdefault(piece.annotated, len(lists))
        origins.append((names.setdefault(piece.source, len(names)), closed))
    largest = max((int(ids.max(initial=0)) for ids in tokens), default=0)
    return FlatPieces(
        np.concatenate([np.zeros(0, np.int32), *tokens]).astype(np.min_scalar_type(largest)),
        _bounds(tokens),
        np.concatenate([np.zeros(0, np.uint16), *words]),
        _bounds(words),
        np.array(list(chain.from_iterable(mentions)), np.int32).reshape(-1, 3),
        _bounds(mentions),
        np.array(list(chain.from_iterable(unsure)), np.int32).reshape(-1, 2),
        _bounds(unsure),
        np.array(origins, np.int32).reshape(-1, 2),
        tuple(names),
        tuple(lists),
    )


def tokenize_sources(settings: PretrainSettings, tokenizer: Tokenizer) -> Corpus:
    """Tokenize every source in this process.

    Raises:
        UsageError: a source has no passages, or a weight names an unknown corpus.
    """
    weights: list[float] = []

    def pieces() -> Iterator[Piece]:
        for source in settings.sources:
            for group in passage_groups(source.path):
                for piece in tokenize_passages(read_passages(group), tokenizer, settings.start.text_tokens):
                    weights.append(weight_of(source, piece.source))
                    yield piece

    flat = flatten(pieces())
    return corpus_of(flat, np.array(weights), settings.sources)


def corpus_of(flat: FlatPieces, weights: np.ndarray, sources: Sequence[PassageFolder]) -> Corpus:
    """Pieces in this process as a corpus.

    Raises:
        UsageError: a weight names an unknown corpus.
    """
    check_weights(sources, Counter(flat.names[source] for source in flat.origins[:, 0].tolist()))
    seen = flat.origins[weights > 0]
    counts = Counter(flat.names[source] for source in seen[:, 0].tolist())
    lists = [flat.lists[place] for place in np.unique(seen[:, 1]).tolist() if place >= 0]
    annotated = tuple(sorted({name for names in lists for name in names}))
    tokens = np.diff(flat.bounds)
    return Corpus(flat, tokens, weights, dict(sorted(counts.items())), annotated, flat.names, flat.origins[:, 0])


def weight_of(source: PassageFolder, name: str) -> float:
    """How often per epoch a piece of a source is seen, for passages from the corpus `name`."""
    return source.source_weights.get(name, source.weight)


def check_weights(sources: Sequence[PassageFolder], counts: Counter[str]) -> None:
    """Raises UsageError where a weight names an unknown corpus."""
    for source in sources:
        if unknown := sorted(source.source_weights.keys() - counts.keys()):
            raise UsageError(
                f"sources: source_weights of {source.path} names {unknown[0]!r}; its passages come from "
                f"{', '.join(sorted(counts)) or 'nowhere'}"
            )


def _bounds(parts: Sequence[Sequence[object] | np.ndarray]) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)

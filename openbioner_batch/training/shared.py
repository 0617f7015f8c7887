"""One pass of a model with separate layers as arrays: texts once, descriptions once, and the pairs that are joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.packing import TaggingBatch, pack_questions, rectangles
from openbioner_batch.training.sampling import IGNORED, Question

UNKNOWN = -1
"""Label of a word that is unlabelled for a type; 1 is a mention's word, 0 another."""


@dataclass(frozen=True, slots=True)
class QueriedPiece:
    """One piece with the labels of all types of its pass.

    Attributes:
        token_ids: [tokens] the piece's, with hidden entities masked.
        plain_ids: [tokens] without masks: the teacher's input.
        word_starts: [words] index of each word's first token.
        columns: [queried] which of the pass's types it is queried for.
        labels: [words, queried] int8: 1, 0 or `UNKNOWN`.
        taught: those of `columns` that a teacher is queried for.
        entities: mentions of the types it is queried for.
    """

    token_ids: np.ndarray
    plain_ids: np.ndarray
    word_starts: np.ndarray
    columns: np.ndarray
    labels: np.ndarray
    taught: np.ndarray
    entities: int


@dataclass(frozen=True, slots=True)
class Sequences:
    """A batch of texts or descriptions, each read alone.

    Attributes:
        token_ids: [sequences, length] int32 with special tokens, padded with 0.
        lengths: [sequences] real lengths.
    """

    token_ids: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True, slots=True)
class PairGroup:
    """Pairs of a text and a description, and texts alone, that go through the joint layers together.

    Attributes:
        source: [pairs, length] the index of each token's lower state, counted over all texts, then all descriptions.
        lengths: [pairs] real lengths.
        places: [pairs, most words] the first token of each word, padded with 0.
        rows, slots: [reads] the indices in [pairs, most words] of what is read.
        words, columns: [reads] which word of the batch it is, and 0 for the text alone or k for the k-th type.
    """

    source: np.ndarray
    lengths: np.ndarray
    places: np.ndarray
    rows: np.ndarray
    slots: np.ndarray
    words: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True, slots=True)
class SharedBatch:
    """The pieces and types of one pass.

    Attributes:
        texts: every piece, with `[CLS]`.
        descriptions: every type's.
        described: [types] the row of each type in `descriptions`.
        word_states: [words] the lower state of each word's first token.
        groups: the pairs to join; empty for late interaction.
        targets: [words, types] int8: 1, 0 or `UNKNOWN`.
        question_words: [pieces + 1] where each piece's words begin.
        text_tokens: of all pieces.
        entities: mentions of types that their piece is queried for.
        teacher_batch: the pairs that a teacher reads; None without one.
        teacher_columns: [words, types that the teacher scores] which type of this batch each is, `UNKNOWN` for none.
    """

    texts: tuple[Sequences, ...]
    descriptions: tuple[Sequences, ...]
    described: np.ndarray
    word_states: np.ndarray
    groups: tuple[PairGroup, ...]
    targets: np.ndarray
    question_words: np.ndarray
    text_tokens: int
    entities: int
    teacher_batch: TaggingBatch | None = None
    teacher_columns: np.ndarray | None = None

    @property
    def sequence_lengths(self) -> np.ndarray:
        """[sequences] real lengths of all sequences in the separate layers."""
        return np.concatenate([part.lengths for part in (*self.texts, *self.descriptions)])

    @property
    def pair_lengths(self) -> np.ndarray:
        """[pairs] real lengths of all sequences in the joint layers."""
        return np.concatenate([np.zeros(0, np.int64), *(group.lengths for group in self.groups)])


def pack_shared(
    pieces: Sequence[QueriedPiece], descriptions: Sequence[Sequence[int]], tokenizer: Tokenizer, config: ModelConfig
) -> SharedBatch:
    """The pass that queries `pieces` for the types of `descriptions`.

    Args:
        pieces: with columns that index `descriptions`.
        descriptions: token ids of each type.
        tokenizer: for its special tokens.
        config: of the model, some of whose layers are separate.
    """
    texts = [np.array([tokenizer.cls, *piece.token_ids, *tokenizer.text_end]) for piece in pieces]
    # a separate description begins like a text; before joint layers, like one that follows a text
    first = tokenizer.cls if config.is_late else tokenizer.sep
    whole = [np.array([first, *ids, tokenizer.sep]) for ids in descriptions]
    read_texts, text_states = _sequences(texts, 0)
    read_descriptions, description_states = _sequences(whole, sum(part.token_ids.size for part in read_texts))
    starts = np.cumsum([0, *(len(piece.word_starts) for piece in pieces)])
    targets = np.full((starts[-1], len(descriptions)), UNKNOWN, np.int8)
    for piece, low, high in zip(pieces, starts[:-1], starts[1:], strict=True):
        targets[low:high, piece.columns] = piece.labels
    states = [base + piece.word_starts + 1 for base, piece in zip(text_states, pieces, strict=True)]
    order = np.argsort(description_states, kind="stable")
    teacher_batch, columns = _teacher_batch(pieces, descriptions, tokenizer)
    return SharedBatch(
        read_texts,
        read_descriptions,
        np.argsort(order, kind="stable"),
        np.concatenate(states),
        () if config.is_late else tuple(_pairs(pieces, whole, text_states, description_states, starts)),
        targets,
        starts,
        sum(len(piece.token_ids) for piece in pieces),
        sum(piece.entities for piece in pieces),
        teacher_batch,
        columns,
    )


def as_shared(
    questions: Sequence[Question], plain: Sequence[np.ndarray], taught: int
) -> tuple[list[QueriedPiece], list[tuple[int, ...]]]:
    """Questions with types of their own as pieces, and all their descriptions.

    Args:
        questions: one for each piece.
        plain: [tokens] of each piece without masks.
        taught: how many of the types of each a teacher is queried for, which judges no foil.
    """
    columns: dict[tuple[tuple[int, ...], int], int] = {}
    pieces: list[QueriedPiece] = []
    for question, plain_ids in zip(questions, plain, strict=True):
        alike: Counter[tuple[int, ...]] = Counter()  # two types of one piece may have equal descriptions
        own = np.zeros(len(question.descriptions), np.int64)
        for number, ids in enumerate(question.descriptions):
            own[number] = columns.setdefault((ids, alike[ids]), len(columns))
            alike[ids] += 1
        types = len(own) - question.foils
        labels = (question.targets[:, None] == np.arange(1, len(own) + 1)).astype(np.int8)
        labels[question.targets == IGNORED] = UNKNOWN
        if question.compared is not None:
            labels[~question.compared] = UNKNOWN
        judged = own[: min(taught, types)]
        pieces.append(
            QueriedPiece(question.token_ids, plain_ids, question.word_starts, own, labels, judged, question.entities)
        )
    return pieces, [ids for ids, _ in columns]


def _sequences(sequences: Sequence[np.ndarray], base: int) -> tuple[tuple[Sequences, ...], np.ndarray]:
    """Rectangles of similar length, and the index of each sequence's first state, counted from `base`."""
    lengths = np.array([len(ids) for ids in sequences])
    firsts = np.zeros(len(sequences), np.int64)
    found: list[Sequences] = []
    for members, longest in rectangles(lengths, smallest=0):
        token_ids = np.zeros((len(members), longest), np.int32)
        for row, member in enumerate(members):
            token_ids[row, : lengths[member]] = sequences[member]
            firsts[member] = base + row * longest
        base += token_ids.size
        found.append(Sequences(token_ids, lengths[members]))
    return tuple(found), firsts


def _pairs(
    pieces: Sequence[QueriedPiece],
    descriptions: Sequence[np.ndarray],
    text_states: np.ndarray,
    description_states: np.ndarray,
    starts: np.ndarray,
) -> Iterator[PairGroup]:
    pairs = [(index, column) for index, piece in enumerate(pieces) for column in (-1, *piece.columns.tolist())]
    texts = [len(piece.token_ids) + 1 for piece in pieces]
    lengths = np.array([texts[index] + (len(descriptions[column]) if column >= 0 else 0) for index, column in pairs])
    for members, longest in rectangles(lengths):
        chosen = [pairs[member] for member in members]
        source = np.zeros((len(chosen), longest), np.int64)
        counts = np.array([len(pieces[index].word_starts) for index, _ in chosen])
        places = np.zeros((len(chosen), int(counts.max())), np.int64)
        for row, (index, column) in enumerate(chosen):
            text = texts[index]
            source[row, :text] = text_states[index] + np.arange(text)
            if column >= 0:
                tail = len(descriptions[column])
                source[row, text : text + tail] = description_states[column] + np.arange(tail)
            places[row, : counts[row]] = pieces[index].word_starts + 1
        yield PairGroup(
            source,
            lengths[members],
            places,
            np.repeat(np.arange(len(chosen)), counts),
            np.concatenate([np.arange(count) for count in counts]),
            np.concatenate([np.arange(starts[index], starts[index + 1]) for index, _ in chosen]),
            np.repeat([column + 1 for _, column in chosen], counts),
        )


def _teacher_batch(
    pieces: Sequence[QueriedPiece], descriptions: Sequence[Sequence[int]], tokenizer: Tokenizer
) -> tuple[TaggingBatch | None, np.ndarray | None]:
    most = max(len(piece.taught) for piece in pieces)
    if not most:
        return None, None
    questions: list[Question] = []
    columns: list[np.ndarray] = []
    for piece in pieces:
        own = tuple(tuple(descriptions[column]) for column in piece.taught.tolist())
        words = len(piece.word_starts)
        targets = np.zeros(words, np.int64)
        questions.append(Question(piece.plain_ids, piece.word_starts, own, targets, 0))
        padded = np.pad(piece.taught, (0, most - len(own)), constant_values=UNKNOWN)
        columns.append(np.broadcast_to(padded, (words, most)))
    return pack_questions(questions, tokenizer), np.concatenate(columns).astype(np.int64)

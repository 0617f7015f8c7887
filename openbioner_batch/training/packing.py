"""One pass of the encoder as arrays: every piece alone and with each description, in rectangles of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.sampling import Question

_STEP = 8
"""The length of rectangles is a multiple of this, which suits matrix units."""
_SMALLEST = 2048
"""Padded tokens below which a rectangle is not closed for the sake of padding: small products are the slow ones."""
_SHORTEST_SHARE = 0.85
"""A sequence shorter than this share of the longest starts a new rectangle."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Sequences that go through the encoder together.

    Attributes:
        token_ids: [sequences, length] int32, padded with 0.
        text_ends: [sequences] where segment 1 begins.
        lengths: [sequences] real lengths.
        rows, places: [reads] sequence and token of each hidden state that is read: where words begin.
        words, columns: [reads] which word of the batch it is, and 0 for the text alone or k for the k-th type.
    """

    token_ids: np.ndarray
    text_ends: np.ndarray
    lengths: np.ndarray
    rows: np.ndarray
    places: np.ndarray
    words: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True, slots=True)
class TaggingBatch:
    """The questions of one pass.

    Attributes:
        rectangles: all (piece, type) pairs, and the pieces alone.
        targets: [words] 0 for no entity, k for the k-th type of the word's question, or `IGNORED`.
        question_words: [questions + 1] where each question's words begin.
        types: the most types that a question queries.
        entities: mentions of queried types.
        text_tokens: of all pieces, once each.
    """

    rectangles: tuple[Rectangle, ...]
    targets: np.ndarray
    question_words: np.ndarray
    types: int
    entities: int
    text_tokens: int

    @property
    def sequence_lengths(self) -> np.ndarray:
        """[sequences] real lengths of all sequences in the encoder."""
        return np.concatenate([rectangle.lengths for rectangle in self.rectangles])


def pack_questions(questions: Sequence[Question], tokenizer: Tokenizer) -> TaggingBatch:
    """The pass that answers `questions`."""
    starts = np.cumsum([0, *(len(question.word_starts) for question in questions)])
    sequences: list[tuple[int, int, int]] = []  # length, question, column
    for index, question in enumerate(questions):
        text = len(question.token_ids) + 1
        sequences.append((text + len(tokenizer.text_end), index, 0))
        text += len(tokenizer.between) + 1
        sequences += [(text + len(ids), index, column) for column, ids in enumerate(question.descriptions, 1)]
    lengths = np.array([length for length, _, _ in sequences])
    found = [
        _rectangle([sequences[member] for member in members], questions, starts, tokenizer)
        for members, _ in rectangles(lengths)
    ]
    return TaggingBatch(
        tuple(found),
        np.concatenate([question.targets for question in questions]),
        starts,
        max(len(question.descriptions) for question in questions),
        sum(question.entities for question in questions),
        sum(len(question.token_ids) for question in questions),
    )


def rectangles(lengths: np.ndarray, smallest: int | None = None) -> Iterator[tuple[np.ndarray, int]]:
    """Groups sequences of similar length: indices of the members, longest first, and the length with padding.

    Ties keep their order, so that the rectangles are a function of the lengths.

    Args:
        lengths: [sequences] real lengths.
        smallest: padded tokens below which a rectangle is not closed for the sake of padding; 0 closes it as soon as a
            shorter multiple will do; None is `_SMALLEST`.
    """
    smallest = _SMALLEST if smallest is None else smallest
    order = np.argsort(-lengths, kind="stable")
    first = 0
    for index, member in enumerate(order):
        longest = lengths[order[first]]
        shorter = (
            lengths[member] < _SHORTEST_SHARE * longest if smallest else _padded(lengths[member]) < _padded(longest)
        )
        if shorter and longest * (index - first) >= smallest:
            yield order[first:index], _padded(longest)
            first = index
    yield order[first:], _padded(lengths[order[first]])


def _padded(length: int) -> int:
    return int(-(-length // _STEP) * _STEP)


def _rectangle(
    sequences: Sequence[tuple[int, int, int]], questions: Sequence[Question], starts: np.ndarray, tokenizer: Tokenizer
) -> Rectangle:
    longest = _padded(sequences[0][0])
    token_ids = np.zeros((len(sequences), longest), np.int32)
    text_ends = np.zeros(len(sequences), np.int64)
    token_ids[:, 0] = tokenizer.cls
    for row, (length, index, column) in enumerate(sequences):
        question = questions[index]
        end = 1 + len(question.token_ids)
        token_ids[row, 1:end] = question.token_ids
        if column:
            described = question.descriptions[column - 1]
            token_ids[row, end:length] = (*tokenizer.between, *described, tokenizer.sep)
            text_ends[row] = end + tokenizer.first_segment
        else:
            token_ids[row, end:length] = tokenizer.text_end
            text_ends[row] = length
    read = [questions[index].read_words(column) for _, index, column in sequences]
    counts = np.array([len(words) for words in read])
    return Rectangle(
        token_ids,
        text_ends,
        np.array([length for length, _, _ in sequences]),
        np.repeat(np.arange(len(sequences)), counts),
        np.concatenate(  # [CLS] first
            [questions[index].word_starts[words] + 1 for words, (_, index, _) in zip(read, sequences, strict=True)]
        ).astype(np.int64),
        np.concatenate([starts[index] + words for words, (_, index, _) in zip(read, sequences, strict=True)]),
        np.repeat([column for _, _, column in sequences], counts),
    )

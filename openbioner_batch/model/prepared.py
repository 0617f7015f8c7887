"""Texts as windows of tokens, and described types: the input of a pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class DescribedType:
    """An entity type with its description as vocabulary indices.

    Attributes:
        name: of the type.
        description: what is read for it.
        excluded: what its description says that it is not, as a description too; None where it says nothing of that.
        of_catalog: whether name and description are those of a type of the catalog.
    """

    name: str
    description: tuple[int, ...]
    excluded: tuple[int, ...] | None = None
    of_catalog: bool = False


def _no_names() -> np.ndarray:
    return np.zeros((0, 3), np.int64)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Texts as windows of tokens, with the words to be judged.

    Attributes:
        texts: the documents.
        groups: the types to query, group by group.
        token_ids: [window tokens] int32, all windows one after another, without special tokens.
        window_bounds: [windows + 1] where each window begins in `token_ids`.
        document_windows: [documents] number of windows of each.
        document_tokens: [documents] number of tokens of each, overlaps not counted twice.
        document_words: [documents + 1] where each document's words begin.
        word_tokens: [words] index in `token_ids` of each word's first token, in the window in which it is interior.
        word_offsets: [words, 2] half-open code-point offsets of each word into its document.
        word_breaks: [words] whether a span may not reach back over this word's beginning (a sentence starts).
        known_names: [names, 3] for each name of the glossary its first and last word and its meaning.
        marks_count: whether punctuation alone may be a span: with all words but "basic", as in the reference.
    """

    texts: tuple[str, ...]
    groups: tuple[tuple[DescribedType, ...], ...]
    token_ids: np.ndarray
    window_bounds: np.ndarray
    document_windows: np.ndarray
    document_tokens: np.ndarray
    document_words: np.ndarray
    word_tokens: np.ndarray
    word_offsets: np.ndarray
    word_breaks: np.ndarray
    marks_count: bool = False
    known_names: np.ndarray = field(default_factory=_no_names)

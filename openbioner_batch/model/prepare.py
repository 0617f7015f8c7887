"""Turns texts into windows of tokens: everything that a pass needs except the weights. Runs without torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openbioner_batch.catalog import load_catalog
from openbioner_batch.errors import UsageError
from openbioner_batch.model.choices import WORDS
from openbioner_batch.model.config import ModelConfig, WindowSettings
from openbioner_batch.model.exclusion import excluded
from openbioner_batch.model.glossary import Glossary, known_words
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.prepared import DescribedType, Prepared
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.model.sentences import paragraph_starts, sentence_starts
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.windows import cut_windows
from openbioner_batch.model.words import first_pieces_of_words
from openbioner_batch.records import EntityType, group_types

GLOSS_NAME = "entity"
"""The name before a description that has none of its own: a gloss, or what another description excludes."""


def named_description(name: str, description: str) -> str:
    """The input for a type in models that were trained with names before descriptions."""
    return f"{name.replace('_', ' ')}: {description}"


class Preparer:
    """Turns texts into `Prepared` for one set of types; picklable, and the types are tokenized once.

    Where types do not compete, each is a separate group.

    Args:
        tokenizer: of the checkpoint.
        config: its shape.
        types: what to query: types (one group up to 25, else even groups), or groups of them.
        windows: budgets other than the checkpoint's own.
        words: one of `WORDS`.
        glossary: whose names to find in texts; None finds none.

    Raises:
        UsageError: `words` is unknown, windows need more positions than the model has, or a description is too long.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        config: ModelConfig,
        types: Sequence[EntityType] | Sequence[Sequence[EntityType]],
        windows: WindowSettings | None = None,
        words: str = "basic",
        glossary: Glossary | None = None,
    ) -> None:
        if words not in WORDS:
            raise UsageError(f"words is {words!r}; expected one of {', '.join(WORDS)}")
        self._tokenizer = tokenizer
        self._words = words
        self._glossary = glossary
        self._windows = check_windows(windows or config.windows, config)
        self._is_late = config.is_late
        self._named = config.is_late and config.late.named
        groups = group_types(types)
        if not config.types_compete:
            groups = tuple((kind,) for group in groups for kind in group)
        self.groups = tuple(tuple(map(self._described, group)) for group in groups)

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        types: Sequence[EntityType] | Sequence[Sequence[EntityType]],
        windows: WindowSettings | None = None,
        words: str = "basic",
        glossary: Glossary | None = None,
    ) -> Preparer:
        """A preparer for a checkpoint, which reads its tokenizer and configuration but not its weights.

        Args:
            path_or_id: as for `Tagger.from_pretrained`.
            types: what to query: types (one group up to 25, else even groups), or groups of them.
            windows: budgets other than the checkpoint's own.
            words: one of `WORDS`.
            glossary: as for the class.

        Raises:
            CheckpointError: the checkpoint cannot be read.
            UsageError: a description is over its budget.
        """
        directory = resolve_checkpoint(path_or_id)
        return cls(load_tokenizer(directory), read_config(directory), types, windows, words, glossary)

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """The windows of `texts`, in their order. Every token of every text is in one window's interior."""
        documents = [_Document(*parts) for parts in self._documents(texts)]
        window_tokens = [part for document in documents for part in document.window_tokens]
        window_bounds = np.cumsum([0, *map(len, window_tokens)])
        bases = window_bounds[np.cumsum([0, *(len(document.window_tokens) for document in documents)])]
        return Prepared(
            texts=tuple(texts),
            groups=self.groups,
            token_ids=_joined(window_tokens, np.int32),
            window_bounds=window_bounds,
            document_windows=np.array([len(document.window_tokens) for document in documents], np.int32),
            document_tokens=np.array([document.tokens for document in documents], np.int64),
            document_words=np.cumsum([0, *(len(document.word_tokens) for document in documents)]),
            word_tokens=_joined(
                [document.word_tokens + base for document, base in zip(documents, bases, strict=False)], np.int64
            ),
            word_offsets=_joined([document.word_offsets for document in documents], np.int32).reshape(-1, 2),
            word_breaks=_joined([document.word_breaks for document in documents], np.bool_),
            marks_count=self._words != "basic",
            known_names=self._known_names(texts, documents),
        )

    def _known_names(self, texts: Sequence[str], documents: Sequence[_Document]) -> np.ndarray:
        if self._glossary is None:
            return np.zeros((0, 3), np.int64)
        bases = np.cumsum([0, *(len(document.word_tokens) for document in documents)])
        found = [
            known_words(self._glossary, text, document.word_offsets) + np.array([base, base, 0])
            for text, document, base in zip(texts, documents, bases.tolist(), strict=False)
        ]
        return np.concatenate([np.zeros((0, 3), np.int64), *found])

    def _described(self, kind: EntityType) -> DescribedType:
        description, of_catalog = self._describe(kind), load_catalog().describes(kind)
        without = excluded(kind.description) if self._is_late else None
        if without is not None and self._named:
            without = named_description(GLOSS_NAME, without)
        ids = None if without is None else tuple(self._tokenizer.ids(without))
        return DescribedType(kind.name, description, ids, of_catalog)

    def _describe(self, kind: EntityType) -> tuple[int, ...]:
        ids = tuple(self._tokenizer.ids(kind.description))
        budget = self._windows.description_tokens
        if not ids:
            raise UsageError(f"type {kind.name!r}: its description is empty; expected a sentence that says what it is")
        if self._named:
            ids = tuple(self._tokenizer.ids(named_description(kind.name, kind.description)))
        if len(ids) > budget:
            what = "name and description take" if self._named else "description takes"
            raise UsageError(
                f"type {kind.name!r}: its {what} {len(ids)} tokens; the budget is {budget}: "
                f"shorten it, or raise description_tokens"
            )
        return ids

    def _documents(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[int, list[np.ndarray], np.ndarray, np.ndarray, np.ndarray]]:
        for text, encoding in zip(texts, self._tokenizer.encode(list(texts)), strict=True):
            token_ids = np.array(encoding.ids, np.int32)
            tokens = len(token_ids)
            offsets = np.array(encoding.offsets, np.int32).reshape(-1, 2)
            starts = np.flatnonzero(np.diff(np.array(encoding.word_ids, np.int64), prepend=-1))
            sentence_offsets = sentence_starts(text)
            # searched among word starts, since offsets of later subwords can lie before those of earlier ones
            first_pieces = np.searchsorted(offsets[starts, 0], sentence_offsets)
            sentences = np.append(starts, tokens)[first_pieces]
            paragraphs = np.append(starts, tokens)[np.searchsorted(offsets[starts, 0], paragraph_starts(text))]
            windows = (
                cut_windows(tokens, [0, *sentences.tolist()], np.unique(paragraphs).tolist(), starts, self._windows)
                if tokens
                else []
            )
            if self._words == "whitespace":
                words, word_offsets = _whitespace_words(text, offsets[:, 0])
                breaks = np.zeros(len(words), np.bool_)
            else:
                words, word_offsets = starts, _basic_offsets(starts, offsets)
                breaks = np.zeros(len(words), np.bool_)
                breaks[first_pieces[first_pieces < len(words)]] = True
                if self._words == "basic":
                    firsts = first_pieces_of_words(text, word_offsets, breaks)
                    words, breaks = words[firsts], breaks[firsts]
                    word_offsets = _basic_offsets(firsts, word_offsets)
            yield (
                tokens,
                [token_ids[w.start : w.stop] for w in windows],
                _in_windows(words, windows),
                word_offsets,
                breaks,
            )


@dataclass(frozen=True, slots=True)
class _Document:
    tokens: int
    window_tokens: list[np.ndarray]
    word_tokens: np.ndarray
    word_offsets: np.ndarray
    word_breaks: np.ndarray


def check_windows(windows: WindowSettings, config: ModelConfig) -> WindowSettings:
    """`windows`, if a pass with them fits the model's positions.

    Raises:
        UsageError: a pass needs more positions than the model has.
    """
    needed = config.positions_for(windows)
    if needed > config.positions:
        raise UsageError(
            f"text_tokens {windows.text_tokens} and description_tokens {windows.description_tokens} need {needed} "
            f"positions with their special tokens; the model has {config.positions} positions: lower one of them"
        )
    return windows


def _basic_offsets(starts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    if not len(starts):
        return np.zeros((0, 2), np.int32)
    return np.stack([offsets[starts, 0], np.maximum.reduceat(offsets[:, 1], starts)], 1)


def _whitespace_words(text: str, token_starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First tokens and offsets of the pieces between single spaces, as the reference splits."""
    spaces = np.flatnonzero(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32) == ord(" "))
    bounds = np.stack([np.append(0, spaces + 1), np.append(spaces, len(text))], 1).astype(np.int32)
    order = np.maximum.accumulate(token_starts) if len(token_starts) else token_starts
    first = np.searchsorted(order, bounds[:, 0])
    has_token = first < np.searchsorted(order, bounds[:, 1])
    return first[has_token], bounds[has_token]


def _in_windows(words: np.ndarray, windows: Sequence) -> np.ndarray:
    """The index of each word's first token in the concatenated windows."""
    if not windows:
        return words
    laid = np.cumsum([0, *(window.stop - window.start for window in windows)])[:-1]
    shift = laid - np.array([window.start for window in windows])
    owner = np.searchsorted([window.interior_stop for window in windows], words, "right")
    return words + shift[owner]


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.zeros(0, dtype)

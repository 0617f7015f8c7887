"""Subword tokens of a text, with their offsets and words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tokenizers import Tokenizer as RustTokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.config import OWN_KEY
from openbioner_batch.model.letter_case import with_case

HUB_VOCABULARY = "google-bert/bert-base-cased"
"""The model whose vocabulary a checkpoint without a tokenizer has."""


class Tokenized(Protocol):
    """A text's tokens."""

    @property
    def ids(self) -> Sequence[int] | np.ndarray:
        """[tokens] vocabulary indices."""

    @property
    def offsets(self) -> Sequence[tuple[int, int]] | np.ndarray:
        """[tokens, 2] half-open code-point offsets."""

    @property
    def word_ids(self) -> Sequence[int | None] | np.ndarray:
        """[tokens] equal for neighbouring tokens of one word."""


@dataclass(frozen=True, slots=True)
class CasedTokens:
    """A text's tokens, whose ids carry the letter case of words."""

    ids: np.ndarray
    offsets: Sequence[tuple[int, int]]
    word_ids: Sequence[int | None]


class Tokenizer:
    """BERT's WordPiece, in which `[SEP]` and its like in a text are ordinary text.

    Attributes:
        vocabulary: index by token.
        cls, sep: before a text, and after a description.
        mask: the token that hides a word.
        letter_case: whether the ids of texts carry the letter case of words, see `letter_case.py`.
        text_end: the tokens after a text alone, if any.
        between: the tokens between a text and a description.
        first_segment: how many of `between` are of segment 0.

    Args:
        vocabulary: index by token.
        lowercase: whether to lowercase letters.
        strip_accents: whether to remove accents; None: if letters are lowercased.
        letter_case: as the attribute.

    Raises:
        CheckpointError: the vocabulary lacks a special token.
    """

    letter_case: bool = False
    text_end: tuple[int, ...] = ()
    between: tuple[int, ...]
    first_segment: int = 0

    def __init__(
        self,
        vocabulary: dict[str, int],
        lowercase: bool,
        strip_accents: bool | None = None,
        letter_case: bool = False,
    ) -> None:
        for special in ("[CLS]", "[SEP]", "[MASK]", "[UNK]"):
            if special not in vocabulary:
                raise CheckpointError(f"the vocabulary has no {special}; expected BERT's special tokens")
        self.vocabulary = vocabulary
        self.letter_case = letter_case
        self.cls, self.sep, self.mask = vocabulary["[CLS]"], vocabulary["[SEP]"], vocabulary["[MASK]"]
        self.between = (self.sep,)
        # built without added tokens, so that no text can spell a special token
        self._rust = RustTokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
        self._rust.normalizer = BertNormalizer(lowercase=lowercase, strip_accents=strip_accents)
        self._rust.pre_tokenizer = BertPreTokenizer()

    @classmethod
    def of_bert(cls, directory: Path) -> Tokenizer:
        """A BERT checkpoint's own tokenizer, else the cased BERT vocabulary from the hub's cache or the hub.

        Where no file says whether case matters, the vocabulary does: one without capitals is uncased.

        Raises:
            CheckpointError: the checkpoint has none and the cased vocabulary is unavailable.
        """
        settings = read_json_file(directory / "tokenizer_config.json")
        full = read_json_file(directory / "tokenizer.json")
        if (directory / "vocab.txt").is_file():
            vocabulary = _read_vocabulary(directory / "vocab.txt")
        elif full:
            vocabulary = full["model"]["vocab"]
        else:
            vocabulary = _read_vocabulary(_cased_vocabulary(directory))
        strip_accents = settings.get("strip_accents")
        if "do_lower_case" in settings:
            lowercase = bool(settings["do_lower_case"])
        elif full:
            normalizer = full.get("normalizer") or {}
            lowercase = bool(normalizer.get("lowercase", False))
            strip_accents = normalizer.get("strip_accents")
        else:
            lowercase = _is_lower_case(vocabulary)
        own = read_json_file(directory / "config.json").get(OWN_KEY) or {}
        return cls(vocabulary, lowercase, strip_accents, bool(own.get("letter_case", False)))

    def encode(self, texts: list[str]) -> Sequence[Tokenized]:
        """Tokens of each text, without special tokens; offsets are code points into it."""
        found = self._rust.encode_batch(texts, add_special_tokens=False)
        if not self.letter_case:
            return list(found)
        return [
            CasedTokens(with_case(text, one.ids, one.offsets, one.word_ids), one.offsets, one.word_ids)
            for text, one in zip(texts, found, strict=True)
        ]

    def text_ids(self, text: str) -> Sequence[int] | np.ndarray:
        """Ids of `text`, with the letter case of words where the model reads it, without special tokens."""
        return self.encode([text])[0].ids if self.letter_case else self.ids(text)

    def ids(self, text: str) -> list[int]:
        """Vocabulary indices of `text`, without special tokens."""
        return list(self._rust.encode(text, add_special_tokens=False).ids)


def read_json_file(path: Path) -> dict:
    """A JSON file of a checkpoint; empty where it is missing."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _read_vocabulary(path: Path) -> dict[str, int]:
    lines = path.read_text("utf-8").split("\n")
    return {token.rstrip("\r"): index for index, token in enumerate(lines) if token}


def _is_lower_case(vocabulary: Iterable[str]) -> bool:
    """Whether only special and unused pieces, in square brackets, have capitals."""
    pieces = [piece for piece in vocabulary if not (piece.startswith("[") and piece.endswith("]"))]
    return not any(map(str.isupper, (letter for piece in pieces for letter in piece)))


def _cased_vocabulary(directory: Path) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(HUB_VOCABULARY, "vocab.txt"))
    except Exception as error:  # the hub client and its transport raise a dozen classes
        raise CheckpointError(
            f"{directory}: no vocab.txt or tokenizer.json, and {HUB_VOCABULARY}'s vocabulary could not be downloaded "
            f"({type(error).__name__}); put its vocab.txt into the checkpoint's directory"
        ) from None

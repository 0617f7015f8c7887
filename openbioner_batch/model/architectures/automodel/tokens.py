"""Tokens of any tokenizer of `transformers`, grouped by BERT's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer as RustTokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from openbioner_batch.errors import CheckpointError
from openbioner_batch.model.architectures.automodel.shape import described_encoder
from openbioner_batch.model.config import read_raw_config
from openbioner_batch.model.tokens import Tokenizer

_SPACE_PIECE = "\u2581"
"""SentencePiece's sign for a space; alone it is a piece without characters of a word."""


@dataclass(frozen=True, slots=True)
class TokensOfWords:
    """A text's tokens, each assigned to one of BERT's words: `tokens.Tokenized`.

    Attributes:
        ids: [tokens] vocabulary indices.
        offsets: [tokens, 2] half-open code-point offsets, inside the word's; those of a word's first token begin with
            it, those of one of its tokens end with it.
        word_ids: [tokens] ascending, equal for the tokens of one word.
    """

    ids: np.ndarray
    offsets: np.ndarray
    word_ids: np.ndarray


class FastTokenizer(Tokenizer):
    """The tokenizer of an encoder that `transformers` runs, in which special tokens in a text are ordinary text."""

    def __init__(self, rust: RustTokenizer, special: dict[str, int], where: str) -> None:
        """Wrap a tokenizer of the `tokenizers` library.

        Args:
            rust: the tokenizer, with the special tokens that it puts around a text and a pair.
            special: ids by role (`mask_token`, `unk_token`, ...), of all special tokens.
            where: the tokenizer's checkpoint, for messages.

        Raises:
            CheckpointError: it has no mask token, or its formats are not `[CLS] text [SEP]` and such a pair.
        """
        # not BERT's own initialisation, since there is no WordPiece
        rust.no_truncation()
        rust.no_padding()
        if "mask_token" not in special:
            raise CheckpointError(f"{where}: its tokenizer has no mask token; expected an encoder's tokenizer")
        self.vocabulary = rust.get_vocab()
        self.mask = special["mask_token"]
        self.cls, self.sep, self.between, self.first_segment = _format(rust, where)
        self.text_end = (self.sep,)
        self._rust = rust
        self._special = np.unique(list(special.values()))
        self._unknown = special.get("unk_token", self.mask)
        self._space = self.vocabulary.get(_SPACE_PIECE, -1)
        self._words = RustTokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        self._words.normalizer = BertNormalizer(lowercase=False, strip_accents=False)
        self._words.pre_tokenizer = BertPreTokenizer()
        self.__setstate__({})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._rust.encode_special_tokens = True  # cannot be pickled

    def encode(self, texts: list[str]) -> list[TokensOfWords]:
        """Tokens of each text, without special tokens. White space before the first word gets no token."""
        encodings = self._rust.encode_batch(texts, add_special_tokens=False)
        words = self._words.encode_batch(texts, add_special_tokens=False)
        found = []
        for text, encoding, own in zip(texts, encodings, words, strict=True):
            ids = self._ordinary(encoding.ids)
            bounds = np.array(own.offsets, np.int64).reshape(-1, 2)
            offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
            found.append(tokens_of_words(text, ids, offsets, bounds, ids == self._space))
        return found

    def ids(self, text: str) -> list[int]:
        """Vocabulary indices of `text`, without special tokens."""
        found: list[int] = self._ordinary(self._rust.encode(text, add_special_tokens=False).ids).tolist()
        return found

    def _ordinary(self, ids: Sequence[int]) -> np.ndarray:
        """Unigram models have special tokens among their pieces; if a text spells one, it becomes an unknown word."""
        found = np.array(ids, np.int64)
        return np.where(np.isin(found, self._special), self._unknown, found)


def tokens_of_words(
    text: str, ids: np.ndarray, offsets: np.ndarray, words: np.ndarray, blank: np.ndarray
) -> TokensOfWords:
    """Assigns tokens to words, independent of the tokenizer's own words.

    A token belongs to the first word that it overlaps and that is more than a mark, else to the first that it overlaps.
    So "-a" begins the word "agonist", and ")," belongs to the bracket. White space belongs to the word before it, and
    is left out before the first word. A word whose characters all lie in tokens of others is joined with them: where a
    token is "中文", the two are one word. A mark at the end of such a token belongs to no word.

    Args:
        text: the document.
        ids: [tokens] vocabulary indices.
        offsets: [tokens, 2] half-open, in code points, as the tokenizer gives them.
        words: [words, 2] half-open offsets, ascending.
        blank: [tokens] whether a token has no visible characters, whatever its offsets.
    """
    if not len(words) or not len(ids):
        return TokensOfWords(ids[:0], offsets[:0], ids[:0])
    starts = np.maximum.accumulate(offsets[:, 0])
    stops = np.maximum(offsets[:, 1], starts)
    is_word = words[:, 1] - words[:, 0] > 1
    is_word |= [text[start].isalnum() for start in words[:, 0].tolist()]
    numbers = np.arange(len(words))
    next_word = np.minimum.accumulate(np.where(is_word, numbers, len(words))[::-1])[::-1]
    last_word = np.maximum.accumulate(np.where(is_word, numbers, -1))

    first = np.searchsorted(words[:, 1], starts, "right")
    behind = np.searchsorted(words[:, 0], stops, "left")
    overlaps = (first < behind) & ~blank
    wordy = np.append(next_word, len(words))[first]
    owners = np.where(wordy < behind, wordy, first)
    owners = np.maximum.accumulate(np.where(overlaps, owners, -1))
    kept = owners >= 0
    if not kept.any():
        return TokensOfWords(ids[:0], offsets[:0], ids[:0])
    ids, owners, overlaps = ids[kept], owners[kept], overlaps[kept]
    starts, stops, behind = starts[kept], stops[kept], behind[kept]

    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    own = owners[begins]
    following = np.append(own[1:], len(words))
    # the last word that a token of this one overlaps, before the next word with tokens
    reached = np.minimum(np.maximum.reduceat(np.where(overlaps, behind, 0), begins), following) - 1
    reached = np.where(is_word[own], last_word[np.maximum(reached, own)], reached)
    low, high = words[own, 0], words[np.maximum(reached, own), 1]

    of = np.repeat(np.arange(len(own)), np.diff(np.append(begins, len(ids))))
    bounds = np.stack([np.clip(starts, low[of], high[of]), np.clip(stops, low[of], high[of])], 1)
    bounds[begins, 0] = low
    bounds[np.append(begins[1:], len(ids)) - 1, 1] = high
    return TokensOfWords(ids, bounds, owners)


def read_tokenizer(directory: Path) -> FastTokenizer:
    """The tokenizer of a checkpoint, as `AutoTokenizer` reads it.

    Raises:
        CheckpointError: the checkpoint has no tokenizer, or one without offsets.
    """
    from transformers import AutoTokenizer

    from openbioner_batch.model.architectures.automodel.shape import transformers_config

    encoder = described_encoder(read_raw_config(directory))
    try:
        found = AutoTokenizer.from_pretrained(
            directory,
            config=transformers_config(json.dumps(encoder)),
            local_files_only=True,
            trust_remote_code=False,
        )
        rust = RustTokenizer.from_str(found.backend_tokenizer.to_str())
    except Exception as error:  # a dozen classes, of transformers and its dependencies
        reason = " ".join(str(error).split())[:200]
        needs = ""
        if any(directory.glob("*.model")) and not (directory / "tokenizer.json").is_file():
            needs = "; spm.model without tokenizer.json needs openbioner-batch[sentencepiece]"
        raise CheckpointError(f"{directory}: transformers cannot load its tokenizer ({reason}){needs}") from None
    vocabulary = rust.get_vocab()
    special = {f"special {one}": one for one in found.all_special_ids}
    roles = {role: str(token) for role, token in found.special_tokens_map.items()}  # some are lists
    special |= {role: vocabulary[token] for role, token in roles.items() if token in vocabulary}
    return FastTokenizer(rust, special, str(directory))


def _format(rust: RustTokenizer, where: str) -> tuple[int, int, tuple[int, ...], int]:
    """The tokens before and after a text, those between the texts of a pair, and how many of these have type 0."""
    alone, pair = rust.encode("a"), rust.encode("a", "a")
    of = np.array([-1 if number is None else number for number in pair.sequence_ids])
    outside, low, high = alone.special_tokens_mask, np.flatnonzero(of == 0), np.flatnonzero(of == 1)
    if len(low) and len(high) and outside[0] and outside[-1] and sum(outside) == 2:
        between = pair.ids[low[-1] + 1 : high[0]]
        types = pair.type_ids[low[-1] + 1 : high[0]]
        around = (pair.ids[0], pair.ids[-1], low[0], len(of) - 1 - high[-1])
        if around == (alone.ids[0], alone.ids[-1], 1, 1) and 1 <= len(between) <= 2:
            return alone.ids[0], alone.ids[-1], tuple(between), types.count(0)
    raise CheckpointError(
        f"{where}: its tokenizer makes {' '.join(pair.tokens)!r} of a pair; expected a special token before and behind "
        "a text, and one or two between"
    )

"""Every token of a short text, and what a glossary adds to each: what `Tagger.logits` reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openbioner_batch.model.late_inference import KnownEvidence
from openbioner_batch.model.prepared import Prepared


def every_token(prepared: Prepared, tokens: Sequence[int] | np.ndarray) -> Prepared:
    """A text in one window, each of its tokens a word by itself.

    Args:
        prepared: the text, and the types.
        tokens: [tokens] its vocabulary indices, no more than fit a window.

    Returns:
        `[CLS]` is the first word, one position before the window's first token. The types are one group whatever their
        number, since whoever asks for tokens wants them side by side. No names are known: `TokenEvidence` has them.
    """
    count = len(tokens)
    return Prepared(
        texts=prepared.texts,
        groups=(tuple(kind for group in prepared.groups for kind in group),),
        token_ids=np.array(tokens, np.int32),
        window_bounds=np.array([0, count]),
        document_windows=np.ones(1, np.int32),
        document_tokens=np.array([count]),
        document_words=np.array([0, count + 1]),
        word_tokens=np.arange(-1, count),
        word_offsets=np.zeros((count + 1, 2), np.int32),
        word_breaks=np.zeros(count + 1, np.bool_),
    )


class TokenEvidence:
    """What is known of the words of a text, for its tokens: those of a word are shifted as its first one is.

    Args:
        words: what is known of its words.
        prepared: the text, its words not yet tokens.
    """

    def __init__(self, words: KnownEvidence, prepared: Prepared) -> None:
        self.plain_types = words.plain_types
        self._words = words
        self._firsts = 1 + prepared.word_tokens  # behind [CLS]

    def add(self, evidence: np.ndarray, background: np.ndarray, descriptions: Sequence[tuple[int, ...]]) -> np.ndarray:
        """As `NameEvidence.add`, for the tokens of `every_token`."""
        firsts = self._firsts
        of_words = evidence[firsts]
        shifted = self._words.add(of_words, background[firsts], descriptions)
        tokens = np.arange(firsts.min(initial=len(evidence)), len(evidence))
        word_of = np.searchsorted(firsts, tokens, "right") - 1
        found = evidence.copy()
        found[tokens] += (shifted - of_words)[word_of]
        found[firsts] = shifted  # which the sum above is but for rounding
        return found

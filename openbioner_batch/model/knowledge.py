"""What a glossary adds to the evidence of late interaction: how well what a name stands for fits a description.

A small encoder reads well and knows little: it cannot tell by their names what medicines are for. What is said of a
name is compared with the description of each type (`glossary_reader.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from openbioner_batch.model.glossary_reader import GlossaryReader
from openbioner_batch.model.prepared import DescribedType, Prepared

_UP, _MOST_UP, _MOST_DOWN = 2.0, 5.0, 3.0
"""Logits above 0 count this much, those below once; no shift is larger, so that a clear text is not outweighed."""
_SAME_MENTION = 2.0
"""Words beside a name belong to its mention while their margin is at most this far below the name's."""
_FARTHEST = 8
"""How many words a mention may reach beyond the name on either side."""
_Margins = Callable[[np.ndarray], np.ndarray]
"""Given indices of words, the margins of types at them: [words, types]."""


class NameEvidence:
    """The glossary's names in some texts, and what they add to evidence.

    Args:
        reader: reads what is said of them.
        prepared: the texts.
        plain_types: types that are found without it.
    """

    def __init__(self, reader: GlossaryReader, prepared: Prepared, plain_types: Collection[DescribedType] = ()) -> None:
        self.plain_types = plain_types
        self._reader = reader
        self._firsts, self._lasts, self._meanings = prepared.known_names.T
        begins = prepared.word_breaks.copy()
        starts = prepared.document_words[:-1]
        begins[starts[starts < len(begins)]] = True
        self._begins = begins

    def add(self, evidence: np.ndarray, background: np.ndarray, descriptions: Sequence[tuple[int, ...]]) -> np.ndarray:
        """Evidence with what is known of names: each shifts the whole mention that it stands in.

        A mention is the name and the words beside it that are about as likely of the type. It is shifted as one, so
        that its bounds stay the model's own: up, or down unless another word of it is surer (in "breast cancer
        screening" as a test, "screening" is). Where two names want different shifts, the one up counts.

        Args:
            evidence: [words, types] the model's evidence.
            background: [words, 1] the score of no entity.
            descriptions: of the types: token ids, with the special tokens.

        Returns:
            float32 [words, types]; `evidence` itself where no name is known.
        """
        if not len(self._meanings):
            return evidence

        def margins(words: np.ndarray) -> np.ndarray:  # of few words at a time, since a shard has a million
            return np.asarray(evidence[words] - background[words])

        names = [margins(np.minimum(self._firsts + step, self._lasts)) for step in range(self._longest)]
        of_name: np.ndarray = np.max(names, axis=0)
        surest, reach = of_name, list[list[np.ndarray]]()
        for edge, step in ((self._firsts, -1), (self._lasts, 1)):
            inside, surest = self._beside(margins, edge, step, of_name - _SAME_MENTION, surest)
            reach.append(inside)
        shift = shifts(self._reader.fit(self._meanings, descriptions))
        shift[(shift < 0) & (surest > of_name)] = 0
        covered = self._covered(*reach)
        rows = np.unique(np.concatenate([words for words, _ in covered]))
        total = np.zeros((len(rows), evidence.shape[1]), np.float32)
        lowest, highest = (np.minimum, shift < 0, np.inf), (np.maximum, shift > 0, -np.inf)
        for chosen, wanted, nothing in (lowest, highest):  # the last one counts
            for words, types in covered:
                here = types & wanted
                held = np.flatnonzero(here.any(1))
                chosen.at(total, np.searchsorted(rows, words[held]), np.where(here[held], shift[held], nothing))
        shifted = evidence.copy()
        shifted[rows] += total
        return shifted

    @property
    def _longest(self) -> int:
        return int((self._lasts - self._firsts).max()) + 1

    def _beside(
        self, margins: _Margins, edges: np.ndarray, step: int, least: np.ndarray, surest: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """For each word from an edge outwards, which types' mentions hold it; and the surest margins so far."""
        reach: list[np.ndarray] = []
        inside = np.ones_like(least, np.bool_)
        for distance in range(1, _FARTHEST + 1):
            words = edges + step * distance
            last = len(self._begins) - 1
            there = (words >= 0) & (words <= last)
            words = np.clip(words, 0, last)
            begins = self._begins[words if step > 0 else np.minimum(words + 1, last)]
            of_words = margins(words)
            inside = inside & (there & ~begins)[:, None] & (of_words >= least)
            if not inside.any():
                break
            surest = np.where(inside, np.maximum(surest, of_words), surest)
            reach.append(inside)
        return reach, surest

    def _covered(self, before: list[np.ndarray], behind: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Word by word of all mentions: their indices, and which names' and types' mentions hold them."""
        last = int(self._begins.size) - 1
        found = []
        for step in range(self._longest):
            within = (self._firsts + step <= self._lasts)[:, None]
            found.append((np.minimum(self._firsts + step, self._lasts), within))
        found += [(np.clip(self._firsts - n, 0, last), inside) for n, inside in enumerate(before, 1)]
        found += [(np.clip(self._lasts + n, 0, last), inside) for n, inside in enumerate(behind, 1)]
        return found


def shifts(logits: np.ndarray) -> np.ndarray:
    """By how much names are shifted, from how well they fit descriptions."""
    return np.clip(np.where(logits > 0, _UP * logits, logits), -_MOST_DOWN, _MOST_UP).astype(np.float32, copy=False)

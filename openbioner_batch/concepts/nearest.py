"""The names nearest to a mention by the cosine of their character trigrams, weighted by how rare they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.normalising import content
from openbioner_batch.concepts.trigrams import trigrams

MENTIONS_AT_ONCE = 256
_LEAD = 0.6
"""The share of a mention's length at which leading trigrams end: more of them leave fewer names to score."""


class Nearest:
    """Finds names near to mentions; exact, though only a few of the names are looked at.

    Vectors are of length 1, so a name whose cosine is at least c shares a trigram with any part of the mention that
    leaves a rest shorter than c. The rarest trigrams are such a part, and few names have them.
    """

    def __init__(self, vocabulary: Vocabulary, least: float, most: int) -> None:
        """Prepare for a vocabulary.

        Args:
            vocabulary: the index.
            least: the least cosine.
            most: the most names for a mention.
        """
        from scipy.sparse import csr_matrix

        self._least, self._most = least, most
        self._lead = min(least, _LEAD)
        arrays = vocabulary.arrays
        self._codes, self._weights = arrays["gram_codes"], arrays["gram_weights"]
        self._norms, self._names = arrays["form_norms"], arrays["form_names"]
        shape = (self._codes.size, self._norms.size)
        ones = np.ones(arrays["gram_forms"].size, np.float32)
        self._by_gram = csr_matrix((ones, arrays["gram_forms"], arrays["gram_starts"]), shape, copy=False)
        self._form_starts, self._form_grams = arrays["form_starts"], arrays["form_grams"]
        self._new = float(np.log(shape[1] + 1))
        """The weight of a trigram that no name has."""

    def find(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        """For each text the near names and their cosines, the nearest first, of equals the one with the lower number.

        Of names that differ only in what `content` leaves out, the first stands for all.
        """
        for start in range(0, len(texts), MENTIONS_AT_ONCE):
            yield from self._find(texts[start : start + MENTIONS_AT_ONCE])

    def _find(self, texts: Sequence[str]) -> Iterator[list[tuple[int, float]]]:
        from scipy.sparse import csr_matrix

        codes, owners = trigrams([" ".join(content(text)) for text in texts])
        places = np.minimum(np.searchsorted(self._codes, codes), max(0, self._codes.size - 1))
        is_known = self._codes[places] == codes if self._codes.size else np.zeros(codes.size, bool)
        weights = np.where(is_known, self._weights[places] if self._codes.size else 0, self._new).astype(np.float64)
        norms = np.sqrt(np.bincount(owners, weights**2, len(texts)))
        # Rarest first within each text; a trigram counts while what comes after it and itself is long enough.
        order = np.lexsort((-weights, owners))
        codes, owners, places, weights, is_known = (part[order] for part in (codes, owners, places, weights, is_known))
        squares = weights**2
        before = np.cumsum(squares) - squares
        first = np.searchsorted(owners, np.arange(len(texts)))
        before -= before[np.minimum(first, max(0, owners.size - 1))][owners] if owners.size else 0
        rest = norms[owners] ** 2 - before
        leads = is_known & (rest >= (self._lead * norms[owners]) ** 2 - 1e-9)
        starts = np.concatenate([[0], np.cumsum(np.bincount(owners[leads], minlength=len(texts)))])
        query = csr_matrix((squares[leads].astype(np.float32), places[leads], starts), (len(texts), self._codes.size))
        shared = query @ self._by_gram
        others = np.bincount(owners[is_known & ~leads], squares[is_known & ~leads], len(texts))
        known_starts = np.concatenate([[0], np.cumsum(np.bincount(owners[is_known], minlength=len(texts)))])
        known_places, known_squares = places[is_known], squares[is_known]
        table = np.zeros(self._codes.size, np.float64)
        for number in range(len(texts)):
            row = slice(shared.indptr[number], shared.indptr[number + 1])
            candidates = self._possible(shared.indices[row], shared.data[row], others[number], norms[number])
            mine = slice(known_starts[number], known_starts[number + 1])
            table[known_places[mine]] = known_squares[mine]
            yield self._scored(candidates, table, norms[number])
            table[known_places[mine]] = 0

    def _possible(self, candidates: np.ndarray, shared: np.ndarray, others: float, norm: float) -> np.ndarray:
        """The candidates that can be near enough, by what the leading trigrams share and the rest can add at most.

        Args:
            candidates: forms that have a leading trigram.
            shared: the squared weights of those in common.
            others: the squared weights of the mention's other trigrams that names have.
            norm: the mention's.
        """
        norms = self._norms[candidates].astype(np.float64)
        shared = shared.astype(np.float64)
        most = shared + np.minimum(others, np.sqrt(others * np.maximum(0, norms**2 - shared)))
        return candidates[most >= self._least * norm * norms * (1 - 1e-5) - 1e-5]

    def _scored(self, candidates: np.ndarray, table: np.ndarray, norm: float) -> list[tuple[int, float]]:
        if not candidates.size:
            return []
        candidates = np.sort(candidates)
        starts, ends = self._form_starts[candidates], self._form_starts[candidates + 1]
        lengths = ends - starts
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        flat = np.arange(int(lengths.sum())) + np.repeat(starts - offsets, lengths)
        dots = np.add.reduceat(table[self._form_grams[flat]], offsets)
        cosines = dots / (norm * self._norms[candidates])
        good = np.flatnonzero(cosines >= self._least)
        best = good[np.argsort(-cosines[good], kind="stable")][: self._most]
        return [(int(self._names[candidates[at]]), float(cosines[at])) for at in best]

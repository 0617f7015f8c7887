"""Words with hyphens: which of BERT's pieces of them cannot stand alone, so that no span ends between."""

from __future__ import annotations

import numpy as np

HYPHENS = "-\u2010\u2011"
"""The hyphen of the keyboard, the typographic one, and the one that does not break."""
_LONGEST_BOUND = 2
_GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi
    psi omega""".split()
)
_NUMERALS = frozenset("iii vii viii".split())


def first_pieces_of_words(text: str, pieces: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Which pieces begin a word, where a word may hold hyphens.

    A piece that cannot stand alone is of one word with the piece before its hyphen, or, if it is the first of the
    hyphened token, with the one behind: "5-FU", "beta-AR", "X-ray". So "IL-2-induced" is "IL-2", "-", "induced".
    Alone cannot stand what has one or two characters, numbers, and names of Greek letters.

    Args:
        text: the document.
        pieces: [pieces, 2] half-open offsets of its words and punctuation marks, in order.
        breaks: [pieces] whether a sentence starts with the piece; no word goes over that.

    Returns:
        [words] indices of `pieces`.
    """
    begins = np.ones(len(pieces), np.bool_)
    if not any(hyphen in text for hyphen in HYPHENS):
        return np.flatnonzero(begins)
    bounds = pieces.tolist()

    def is_hyphen(place: int) -> bool:
        """Whether the piece is a hyphen with nothing between it and the pieces beside it."""
        if not 0 < place < len(bounds) - 1:
            return False
        (start, end), before, behind = bounds[place], bounds[place - 1], bounds[place + 1]
        return end - start == 1 and text[start] in HYPHENS and before[1] == start and end == behind[0]

    for place in np.flatnonzero(pieces[:, 1] - pieces[:, 0] == 1).tolist():
        if not is_hyphen(place) or breaks[place] or breaks[place + 1]:
            continue
        left, right = (text[slice(*bounds[beside])] for beside in (place - 1, place + 1))
        bound = _is_bound(right) or (_is_bound(left) and not is_hyphen(place - 2))
        if bound and left.isalnum() and right.isalnum():
            begins[place : place + 2] = False
    return np.flatnonzero(begins)


def _is_bound(piece: str) -> bool:
    return len(piece) <= _LONGEST_BOUND or piece.isdecimal() or piece.lower() in _GREEK | _NUMERALS

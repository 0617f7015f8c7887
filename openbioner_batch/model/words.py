"""Words with marks in them: joins BERT's pieces that cannot be alone, and strips marks from the ends of spans."""

from __future__ import annotations

import numpy as np

HYPHENS = "-\u2010\u2011"
"""The ASCII hyphen, the typographic one, and the non-breaking one."""
_LONGEST_BOUND = 2
_GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi
    psi omega""".split()
)
_NUMERALS = frozenset("iii vii viii".split())
_UNITS = frozenset(
    """kg g mg mcg ug \u00b5g \u03bcg ng pg l dl ml ul \u00b5l \u03bcl mol mmol umol \u00b5mol \u03bcmol nmol pmol iu
    u mu meq mm mm2 mm3 cm cm2 cm3 m m2 kcal h hr hour min day d wk week month year""".split()
)
_HYPHEN = frozenset(HYPHENS)
_OPENING, _CLOSING = "([{", ")]}"
_LOOSE_BEFORE = _HYPHEN | frozenset(".,;:/=&#")
_LOOSE_BEHIND = _HYPHEN | frozenset(",;:/=\u00d7")


def first_pieces_of_words(text: str, pieces: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """The pieces that begin a word; words may contain hyphens, and numbers and units other marks.

    A piece that cannot be alone forms a word with the piece before its hyphen, or, if it is the first of the hyphenated
    token, with the one after: "5-FU", "beta-AR", "X-ray". So "IL-2-induced" is "IL-2", "-", "induced".
    Pieces of one or two characters, numbers, and names of Greek letters cannot be alone.
    Numbers hold together at ".", "," and "/", and with units at "/": "2.5", "100,000/mm3", "120/80", "mg/dL".

    Args:
        text: the document.
        pieces: [pieces, 2] half-open offsets of its words and punctuation marks, in order.
        breaks: [pieces] whether a sentence starts with the piece; no word crosses that.

    Returns:
        [words] indices of `pieces`.
    """
    begins = np.ones(len(pieces), np.bool_)
    glued = pieces[1:, 0] == pieces[:-1, 1]
    inner = np.append(glued, False) & np.insert(glued, 0, False) & (pieces[:, 1] - pieces[:, 0] == 1)
    for place in np.flatnonzero(inner & ~breaks & ~np.append(breaks[1:], False)).tolist():
        left, mark, right = (text[slice(*bounds)] for bounds in pieces[place - 1 : place + 2].tolist())
        if mark in HYPHENS:
            after_hyphen = place > 1 and inner[place - 2] and text[pieces[place - 2, 0]] in HYPHENS
            bound = _is_bound(right) or (_is_bound(left) and not after_hyphen)
            bound = bound and left.isalnum() and right.isalnum()
        else:
            bound = mark in ".,/" and _is_quantity(left, mark, right)
        if bound:
            begins[place : place + 2] = False
    return np.flatnonzero(begins)


def without_loose_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without marks at its ends that join it to its neighbours, half a pair of brackets, or a pair around it.

    "insulin[-dependent diabetes]" is "dependent diabetes", "[stem cell-]like" "stem cell", "([220)]" "220", and
    "[66 (12%])" includes its bracket. A sign before a number and a charge ("-20 C", "Cl-") remain.
    """
    while start < end and text[start] in _LOOSE_BEFORE and start > 0 and text[start - 1].isalnum():
        start += 1
    while start < end and text[end - 1] in _LOOSE_BEHIND and end < len(text) and text[end].isalnum():
        end -= 1
    while start < end and text[start] in _CLOSING:
        start = _behind_space(text, start + 1, end)
    while start < end and text[end - 1] in _OPENING:
        end = _before_space(text, start, end - 1)
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        excess = text.count(opening, start, end) - text.count(closing, start, end)
        if excess == 1 and end < len(text) and text[end] == closing:
            end += 1
        elif excess == 1 and start < end and text[start] == opening:
            start = _behind_space(text, start + 1, end)
        elif excess == -1 and start < end and text[end - 1] == closing:
            end = _before_space(text, start, end - 1)
        if end - start > 1 and text[start] == opening and text.find(closing, start, end) == end - 1:
            start, end = _behind_space(text, start + 1, end - 1), _before_space(text, start + 1, end - 1)
    return start, end


def _behind_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _before_space(text: str, start: int, end: int) -> int:
    while start < end and text[end - 1].isspace():
        end -= 1
    return end


def _is_quantity(left: str, mark: str, right: str) -> bool:
    """Whether a mark is within a number, or between the parts of a unit."""
    if left.isdecimal() and right.isdecimal():
        return True
    return mark == "/" and right.lower() in _UNITS and (left.isdecimal() or left.lower() in _UNITS)


def _is_bound(piece: str) -> bool:
    return len(piece) <= _LONGEST_BOUND or piece.isdecimal() or piece.lower() in _GREEK | _NUMERALS

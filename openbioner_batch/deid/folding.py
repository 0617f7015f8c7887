"""Folds a text's typographic forms to plain ones, with a map of each character's offset in the original.

Patterns are written for ASCII punctuation, digits and composed letters. Texts have en dashes in telephone numbers,
non-breaking hyphens and spaces, soft hyphens, full-width digits, decomposed letters. They are folded once, before
anything matches; the map of offsets carries findings back.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HYPHENS = "\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d"
"""Hyphens, the figure dash, the en dash and the minus; the em dash stays, since it parts clauses."""
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_NOTHING = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063"
)
_NOTHING += "\u2064\u2066\u2067\u2068\u2069\ufeff\ufe00\ufe01\ufe0e\ufe0f"
"""The soft hyphen, characters of no width, marks of direction and of variants."""
_TABLE = {
    **dict.fromkeys(_HYPHENS, "-"),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_NOTHING, ""),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\u00b4\uff07", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\uff02", '"'),
    **dict.fromkeys("\u2044\u2215\u29f8\uff0f", "/"),
    **dict.fromkeys("\u2024\uff0e\u00b7\u2027\u2219\u30fb", "."),
    "\u2236": ":",
    "\ufe6b": "@",
}
_MARKS = "\u0300-\u036f"
_FULL_WIDTH_AND_LIGATURES = "\uff01-\uff5e\ufb00-\ufb06"
_foldable = re.compile(
    rf"[^\W\d_][{_MARKS}{_NOTHING}]*[{_MARKS}]|[{re.escape(''.join(_TABLE))}{_FULL_WIDTH_AND_LIGATURES}]|(?![0-9])\d"
)
_nothing = dict.fromkeys(map(ord, _NOTHING))


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A folded text."""

    text: str
    """The text to search in."""
    starts: Sequence[int]
    """Where each of its characters begins in the original."""
    ends: Sequence[int]
    """Where it ends there; characters made from one share both."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a range that is not empty was in the original."""
        return self.starts[start], self.ends[end - 1]

    def folded(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a range of the original is now; None if nothing is left of it."""
        first, last = bisect_right(self.ends, start), bisect_left(self.starts, end)
        return (first, last) if first < last else None


def fold(text: str) -> FoldedText:
    """The text with plain punctuation, spaces and digits, composed letters and nothing invisible."""
    return substitute(text, _foldable, _plain) if not text.isascii() else _same(text)


def substitute(text: str, pattern: re.Pattern[str], new: Callable[[str], str]) -> FoldedText:
    """The text with every match of `pattern` replaced, and its map of offsets."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        made = new(match[0])
        pieces += [text[at:start], made]
        starts += [*range(at, start), *[start] * len(made)]
        ends += [*range(at + 1, start + 1), *[end] * len(made)]
        at = end
    if not pieces:
        return _same(text)
    pieces.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return FoldedText("".join(pieces), starts, ends)


def _same(text: str) -> FoldedText:
    return FoldedText(text, range(len(text)), range(1, len(text) + 1))


def _plain(found: str) -> str:
    if (plain := _TABLE.get(found)) is not None:
        return plain
    if found.isdecimal():
        return str(unicodedata.decimal(found))
    if len(found) == 1:
        return unicodedata.normalize("NFKC", found)
    return unicodedata.normalize("NFC", found.translate(_nothing))

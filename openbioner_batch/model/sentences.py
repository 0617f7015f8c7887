"""Finds the starts of sentences in biomedical and clinical text by rules; they only tell where windows may break."""

from __future__ import annotations

import re

_ABBREVIATIONS = frozenset(
    """al approx ca cf dept dr e.g eg eq eqs esp est etc fig figs gov i.e ie inc jr ltd max min mr mrs ms nat no nos op
    p pp prof pt pts ref refs resp rev sec sp spp sr ssp st subsp suppl tab tabs univ var vs viz vol b.i.d t.i.d q.i.d
    i.v i.m i.p s.c p.o""".split()
)
# every alternative starts at a fixed place (after a mark, at a line end), so that the search is never quadratic
_BOUNDARY = re.compile(
    r"""(?P<stop>(?<=[.!?"'”’)\]])\s+)(?=["'“‘(\[]*[A-Z0-9Α-ΩÀ-Þ])"""  # white space before something that can begin
    r"""|(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)\s*"""  # an empty line
    r"""|(?:\r\n|\r|\n)\s*(?=[-*•#A-Z]|\d+[.)]\s)"""  # a new line that begins an item or a sentence
)
_EMPTY_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)\s*")
_CLOSING = "\"'”’)]"
_LAST_WORD = re.compile(r"[^\s(\[]+$")


def sentence_starts(text: str) -> list[int]:
    """Code-point offsets at which the sentences of `text` begin; the first is 0.

    Consecutive starts bound the sentences. White space after a sentence belongs to it, so that together they are the
    whole text. Every boundary follows white space: no word is cut.
    """
    starts = [0]
    for match in _BOUNDARY.finditer(text):
        if match["stop"] and not _ends_sentence(text[max(0, match.start() - 24) : match.start()]):
            continue
        if starts[-1] < match.end() < len(text):
            starts.append(match.end())
    return starts


def paragraph_starts(text: str) -> list[int]:
    """Code-point offsets of the starts after empty lines, ascending, without 0."""
    return [match.end() for match in _EMPTY_LINE.finditer(text) if match.end() < len(text)]


def _ends_sentence(before: str) -> bool:
    unquoted = before.rstrip(_CLOSING)
    if not unquoted.endswith("."):
        return unquoted.endswith(("!", "?"))
    match = _LAST_WORD.search(unquoted[:-1])
    word = match[0].lower() if match else ""
    return word not in _ABBREVIATIONS and not (len(word) == 1 and word.isalpha())

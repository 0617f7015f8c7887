"""Finds names that are dictated letter by letter: "that is K U C E R A", "S-Z-A-B-O", "spelled papa india alpha"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.context import any_in, lowered
from openbioner_batch.deid.searching import Anchored

_ALPHABET = (
    "(?:alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa|"
    "quebec|romeo|sierra|"
    "tango|uniform|victor|whiskey|x-?ray|yankee|zulu)"
)
_WORDS = Anchored(
    rf"(?P<cue>(?:\bspel(?:led|t|ling|ls?)|\bthat(?:'s|[ ]is)|\bname(?:[ ]is)?)[ ,:]{{1,2}}(?:as[ ])?)?(?<![^\W_])"
    rf"(?P<word>{_ALPHABET}(?:[ ,-]{{1,2}}{_ALPHABET})+)(?![^\W_])",
    re.IGNORECASE,
)
_LETTERS = Anchored(r"(?<![^\W_])(?<!-)(?P<word>[A-Za-z](?:(?:[ ]|-|\.[ ]?)[A-Za-z]){2,19})(?![^\W_]|-)")
_CUE = re.compile(
    r"\b(?:spel(?:led|t|ling|ls?)|that(?:'s|[ ]is)|name(?:[ ]is)?|first|last|surname)[ ,:(]{1,3}\Z", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_FREQUENT = tuple("alpha alfa india echo sierra november romeo tango oscar lima mike charlie kilo".split())
_FEWEST_WITHOUT_CUE = 3


def find_spelled(text: str) -> Iterator[Finding]:
    """Letters and words of the spelling alphabet after a cue, or those that spell a word of the text."""
    small = lowered(text)
    for match in _WORDS.finditer(text) if any_in(small, _FREQUENT) else ():
        if match["cue"] or len(re.findall(_ALPHABET, match["word"], re.IGNORECASE)) > _FEWEST_WITHOUT_CUE:
            yield Finding(*match.span("word"), "person_name", 0.7, ("pattern:name",))
    words = set(_WORD.findall(small))
    for match in _LETTERS.finditer(text):
        letters = "".join(filter(str.isalpha, match["word"])).lower()
        cued = _CUE.search(text[max(0, match.start() - 16) : match.start()])
        if cued or letters in words:
            yield Finding(*match.span("word"), "person_name", 0.7, ("pattern:name",))

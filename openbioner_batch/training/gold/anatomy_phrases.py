"""Derives mentions of anatomy in its widest sense, from body regions to tumours and cells, from names and head words.

No corpus of the mixture marks all of it, but several mark parts. Their names serve as a gazetteer for the other
corpora, and are joined with words such as `cells` or `carcinoma`. Derived by rules, not gold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import yaml

_TOKEN = re.compile(r"[^\W_]+(?:[-/'][^\W_]+)*[+]*|\S")
_HEAD = re.compile(
    r"(?:cells?|cellular|tissues?|organs?|tumou?rs?|cancers?|\w*carcinomas?|\w*sarcomas?|\w*blastomas?|lymphomas?|"
    r"melanomas?"
    r"|gliomas?|adenomas?|hepatomas?|myelomas?|neoplasms?|metastases|\w+cytes?|neurons?|fibroblasts?|macrophages?|"
    r"nodes?"
    r"|bones?|vessels?|cultures|xenografts?|vascular|serum|blood|plasma|urine|saliva)$"
)
_LONGEST = 5
_FEWEST, _SHORTEST = 2, 7
_RELIABLE = 0.5


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(yaml.safe_load(Path(__file__).with_name("anatomy_phrases.yaml").read_text("utf-8"))[name].split())


def _tokens(text: str) -> list[tuple[int, int, str]]:
    return [(match.start(), match.end(), match.group().lower()) for match in _TOKEN.finditer(text)]


class Gazetteer:
    """Names that annotators marked, kept where they marked at least half of their occurrences."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    @classmethod
    def from_annotations(cls, documents: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> Gazetteer:
        """The names in (text, spans) documents of which all mentions are marked.

        A name seen once is kept only where it is long: short ones are too often abbreviations of one article.
        """
        marked = Counter(_key(text[start:end]) for text, spans in documents for start, end in spans)
        seen: Counter[str] = Counter()
        for text, _ in documents:
            words = [word for _, _, word in _tokens(text)]
            for place in range(len(words)):
                for length in range(1, _LONGEST + 1):
                    key = " ".join(words[place : place + length])
                    if key in marked:
                        seen[key] += 1
        return cls(
            name
            for name, times in marked.items()
            if (times >= _FEWEST or len(name) >= _SHORTEST)
            and len(name) > 2
            and times >= _RELIABLE * seen[name]
            and name not in _words("unreliable")
        )

    def __len__(self) -> int:
        return len(self._names)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """The ranges of names in `text`: the longest at each position, left to right, without overlap."""
        tokens = _tokens(text)
        found, place = [], 0
        while place < len(tokens):
            for length in range(min(_LONGEST, len(tokens) - place), 0, -1):
                if " ".join(word for _, _, word in tokens[place : place + length]) in self._names:
                    found.append((tokens[place][0], tokens[place + length - 1][1]))
                    place += length - 1
                    break
            place += 1
        return found


def anatomy_phrases(
    text: str, names: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]] = ()
) -> list[tuple[int, int]]:
    """Runs of names and head words with the modifiers before them, as (start, end) in `text`.

    Args:
        text: any text.
        names: (start, end) of annotated anatomy.
        others: those of other things, such as the gene `vascular endothelial growth factor`.
    """
    tokens = _tokens(text)
    covered = {place for start, end in names for place in range(start, end)}
    barred = {place for start, end in others for place in range(start, end)} - covered
    hit = [start in covered or (start not in barred and bool(_HEAD.match(word))) for start, _, word in tokens]
    for place in range(len(tokens) - 2, -1, -1):
        modifies = tokens[place][2] in _words("modifiers") and tokens[place][0] not in barred
        hit[place] = hit[place] or (hit[place + 1] and modifies)
    found: list[tuple[int, int]] = []
    for (start, end, _), is_hit, was_hit in zip(tokens, hit, [False, *hit], strict=False):
        if not is_hit:
            continue
        if was_hit and start - found[-1][1] <= 1:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _key(name: str) -> str:
    return " ".join(word for _, _, word in _tokens(name))

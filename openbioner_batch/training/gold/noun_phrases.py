"""Mentions by the head of a noun phrase: `IL-2 receptor gene` is DNA, `IL-2 mRNA` RNA, `IL-2 receptor` protein.

Gene corpora mark names (`IL-2`) and ontologies mark concepts (`T cell`); other corpora mark whole noun phrases by
the meaning of their head (GENIA's guidelines, Kim et al. 2003). The rules here turn the former into the latter, so that
a model can be taught both readings. The results are not gold, and their labels say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

WORDS = Path(__file__).with_name("noun_phrases.yaml")
_TOKEN = re.compile(r"[^\W_]+(?:[-/.+'][^\W_]+)*[+]*|\S")
_ADJECTIVE = re.compile(r"(?:al|ar|ic|oid|ous|ary|ular|genic|tropic|philic|cytic|blastic|matic)$")
_SUFFIX = re.compile(r"(?:alpha|beta|gamma|delta|epsilon|kappa|zeta|[αβγδεκζ]|[A-Z]|[0-9]{1,2}[a-z]?|I{1,3}|IV|V)$")
_NAME = re.compile(r"(?=.*[A-Z0-9α-ω])[^\W_]+(?:[-/.+'][^\W_]+)*[+]*$")
_DESIGNATION = re.compile(r"(?=.*[0-9])(?!CD[0-9]|Th?[0-9]|B[12]$)[A-Z][A-Za-z0-9]*(?:[-/][A-Za-z0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: half-open code-point offsets, and the kind that its head gives."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str
    name: str | None  # the kind of the annotated name around it
    head: str | None  # the kind that it gives a phrase
    modifier: bool


@cache
def _words() -> Mapping[str, object]:
    return yaml.safe_load(WORDS.read_text("utf-8"))


@cache
def _heads() -> dict[str, str]:
    return {word: kind for kind, words in _words()["heads"].items() for word in words.split()}  # type: ignore[attr-defined]


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(str(_words()[name]).split())


def phrases(text: str, names: Iterable[tuple[int, int, str]]) -> list[Phrase]:
    """The noun phrases of `text` whose head, or whose annotated name, shows their kind.

    Args:
        text: any text.
        names: (start, end, kind) of names that someone annotated; kinds are "protein", "cell_type", "cell_line".
    """
    tokens = _tokens(text, names)
    found: list[Phrase] = []
    for chunk in _chunks(tokens):
        phrase = _phrase(chunk)
        if phrase:
            found.append(phrase)
    return found


def _tokens(text: str, names: Iterable[tuple[int, int, str]]) -> list[_Token]:
    kinds: dict[int, str] = {}
    for start, end, kind in sorted(names, key=lambda name: name[0] - name[1]):
        for place in range(start, end):
            kinds.setdefault(place, kind)
    tokens = []
    for match in _TOKEN.finditer(text):
        word, lower = match.group(), match.group().lower()
        name = kinds.get(match.start())
        if name is None and word in _set("cell_lines"):
            name = "cell_line"
        head = _heads().get(lower) or _heads().get(lower.rpartition("-")[2])
        stopped = lower in _set("stop") or not word[0].isalnum()
        modifier = not stopped and (
            lower in _set("modifiers")
            or bool(_ADJECTIVE.search(lower))
            or bool(_SUFFIX.match(word))
            or ("-" in word and not lower.endswith(("ly", "ing")))
            or bool(_NAME.match(word) and (match.start() == 0 or not word.istitle() or name))
        )
        tokens.append(_Token(match.start(), match.end(), word, name, None if stopped else head, modifier))
    return tokens


def _chunks(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Runs of names, heads and modifiers separated only by spaces."""
    chunk: list[_Token] = []
    for token in tokens:
        fits = token.name is not None or token.head is not None or token.modifier
        if chunk and (not fits or token.start - chunk[-1].end > 1):
            yield chunk
            chunk = []
        if fits:
            chunk.append(token)
    if chunk:
        yield chunk


def _phrase(chunk: Sequence[_Token]) -> Phrase | None:
    last = max((place for place, token in enumerate(chunk) if token.name or token.head), default=None)
    if last is None:
        return None
    kind = chunk[last].head or chunk[last].name
    if chunk[last].head == "line" or (chunk[last].text.lower() in _set("cell_words") and _is_line(chunk[:last])):
        kind = "cell_line"
    elif chunk[last].head and chunk[last].name == "cell_type":
        kind = "cell_type"
    core = last
    while last + 1 < len(chunk) and _SUFFIX.match(chunk[last + 1].text):
        last += 1
    first = 0
    while first < core and chunk[first].text.lower() in _set("vague"):
        first += 1
    # a general word shows a phrase's kind, but is not a mention by itself
    if first == core and chunk[core].head and not chunk[core].name and chunk[core].text.lower() in _set("general"):
        return None
    if kind is None or kind == "line":
        return None
    return Phrase(chunk[first].start, chunk[last].end, kind)


def _is_line(before: Sequence[_Token]) -> bool:
    """Whether cells of this name are a line: a known one, or a designation such as `RWLeu-4` right before `cells`."""
    return any(token.name == "cell_line" for token in before) or bool(
        before and before[-1].name is None and _DESIGNATION.match(before[-1].text)
    )

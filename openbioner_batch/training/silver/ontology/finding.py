"""Finds the classes of vocabularies in a text, and the places where others might be mentioned."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from openbioner_batch.concepts.building import is_short
from openbioner_batch.concepts.dictionary import Dictionary
from openbioner_batch.concepts.normalising import FUNCTION_WORDS, forms, words
from openbioner_batch.concepts.vocabulary import NameKind
from openbioner_batch.training.silver.ontology.classes import Classes
from openbioner_batch.training.silver.ontology.words import COMMON, HEADS_OF_OTHER_THINGS

SURE_SHORT = 4
"""The fewest letters of an abbreviation that counts without its full name."""


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name in a text."""

    start: int
    end: int
    form: str
    """The words of the name without case, plural and the like."""
    classes: tuple[int, ...]
    """The classes that it may name; none is certain where `doubt` is set."""
    doubt: str = ""


AMBIGUOUS = "a name of unrelated classes"
COMMON_WORD = "a common word"
SHORT = "an abbreviation without its full name"
INSIDE = "part of a name of something else"


class NameFinder:
    """Searches for the names of all classes at once."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._by_form = classes.by_form
        self._shorts: dict[str, dict[int, NameKind]] = defaultdict(dict)
        for number, name in classes.names():
            if is_short(name):
                self._shorts[name.text][number] = name.kind
        self.heads = frozenset(form.rpartition(" ")[2] for form in self._by_form)
        """Last words of names: a phrase that ends with one might be a mention that the vocabularies lack."""
        self._dictionary = Dictionary(classes)

    def find(self, text: str) -> list[FoundName]:
        """The names in a text, in order; of overlapping ones the first, of equal starts the longest."""
        spans = list(self._dictionary.find(text, ""))
        full = [self._full(span.text) for span in spans]
        named = {number for known in full for number in known}
        return [
            self._judged(text, span.start, span.end, span.text, known, named)
            for span, known in zip(spans, full, strict=True)
        ]

    def _full(self, mention: str) -> dict[int, NameKind]:
        return self._by_form.get(" ".join(forms(mention)), {})

    def _judged(
        self, text: str, start: int, end: int, mention: str, known: dict[int, NameKind], named: Collection[int]
    ) -> FoundName:
        form = " ".join(forms(mention))
        doubt = ""
        if not known:
            known = self._shorts.get(mention) or self._shorts.get(mention.removesuffix("s")) or {}
            beside = {number: kind for number, kind in known.items() if number in named}
            if beside:
                known = beside
            elif len(known) > 1 or sum(map(str.isalpha, mention)) < SURE_SHORT:
                doubt = SHORT
        if form in COMMON and mention[1:].islower():
            doubt = COMMON_WORD
        classes = self._chosen(known)
        if not classes:
            classes, doubt = tuple(sorted(known)), doubt or AMBIGUOUS
        if _is_inside(text, start, end):
            doubt = doubt or INSIDE
        return FoundName(start, end, form, classes, doubt)

    def _chosen(self, known: dict[int, NameKind]) -> tuple[int, ...]:
        """The classes that a name means; none where they are unrelated.

        Of one vocabulary's classes the one with this preferred name counts; of a class and its ancestor, the ancestor.
        Vocabularies of different things cannot both be meant.
        """
        by_part: dict[int, list[int]] = defaultdict(list)
        for number in sorted(known):
            by_part[self._classes.part[number]].append(number)
        chosen: list[int] = []
        for numbers in by_part.values():
            preferred = [number for number in numbers if known[number] is NameKind.PREFERRED] or numbers
            upper = [n for n in preferred if all(n in self._classes.at_or_above(other) for other in preferred)]
            if not upper:
                return ()
            chosen.append(upper[0])
        if all(self._classes.are_related(one, other) for one in chosen for other in chosen):
            return tuple(chosen)
        return ()


_NEXT = re.compile(r"[- ]?([A-Za-z]+)")
_BEFORE = re.compile(r"(\w)[-‐‑–/]$")


def _is_inside(text: str, start: int, end: int) -> bool:
    """Whether the next words make it part of another name: "estrogen receptor", "glucose-6-phosphatase"."""
    following = _NEXT.match(text, end)
    if following:
        (form,) = forms(following[1]) or ("",)
        if form in HEADS_OF_OTHER_THINGS or (form.endswith("ase") and len(form) > 5 and form not in _ASE):
            return True
    glued = text[end : end + 2]
    return bool(re.match(r"[-‐‑–]\w", glued)) or _BEFORE.search(text[max(0, start - 2) : start]) is not None


_ASE = frozenset("disease increase decrease release phase base case database purchase".split())


_TOKEN = re.compile(r"\w+(?:[-‐‑–'’/.]\w+)*")


@dataclass(slots=True)
class WordCounts:
    """In how many passages each word occurs."""

    passages: int = 0
    words: Counter[str] = field(default_factory=Counter)

    def add(self, text: str) -> None:
        """Count a passage's words, each once."""
        self.passages += 1
        self.words.update({form for form, _, _ in words(text)})


def doubtful_words(
    text: str, found: Iterable[FoundName], heads: Collection[str], counts: WordCounts, rare: int
) -> list[tuple[int, int]]:
    """Ranges of words that might be a mention that was not found.

    That is: a word that ends a name in the vocabularies, with the words before it that belong to the same phrase; a
    word that is rare in the texts, or is written like a symbol; a word directly before a found name that is not a
    function word.
    """
    taken = [(item.start, item.end) for item in found]
    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(text)]
    inside = [any(low < end and start < high for low, high in taken) for start, end in tokens]
    is_doubtful = [
        not within and _might_end(text[start:end], heads, counts, rare)
        for (start, end), within in zip(tokens, inside, strict=True)
    ]
    for place in range(len(tokens) - 2, -1, -1):
        joined = not text[tokens[place][1] : tokens[place + 1][0]].strip(" -")
        word = text[slice(*tokens[place])]
        if joined and not inside[place] and (is_doubtful[place + 1] or inside[place + 1]) and _may_modify(word, counts):
            is_doubtful[place] = True
    return [token for token, doubt in zip(tokens, is_doubtful, strict=True) if doubt]


def _might_end(word: str, heads: Collection[str], counts: WordCounts, rare: int) -> bool:
    letters = sum(map(str.isalpha, word))
    if not letters or word.casefold() in ORDINARY:
        return False
    if any(map(str.isupper, word[1:])) or (letters and any(map(str.isdigit, word))):
        return True
    found = forms(word)
    return any(form in heads or counts.words[form] < rare for form in found[-1:])


def _may_modify(word: str, counts: WordCounts) -> bool:
    return word.casefold() not in ORDINARY and any(map(str.isalpha, word)) and not word.endswith(("ly", "ed"))


ORDINARY = FUNCTION_WORDS | frozenset(
    """a an this that these those it its they their them he she his her him we our you your i who whom whose which what
    where when while if then than as so but nor not no yes is are was were be been being am do does did done has have
    had having can could may might must shall should will would into onto over under above below after before during
    between among within without against about across along around through via per versus vs both either neither each
    every all any some many most more less least few fewer several other another such same different only also too very
    much well however therefore thus hence moreover furthermore although though because since until unless whether
    there here now once again further up down out off there's et al eg ie etc one two three four five six seven eight
    nine ten first second third respectively including included include using used use based showed shown found
    associated compared observed reported""".split()
)
"""Words that are certainly not part of a mention."""


def unsure_ranges(found: Iterable[FoundName], uncertain_words: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The unsure ranges: doubtful names and doubtful words."""
    yield from ((item.start, item.end) for item in found if item.doubt)
    yield from uncertain_words

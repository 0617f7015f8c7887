"""Makes passages from sentences with slots, filled by names of a vocabulary's classes: every label is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from openbioner_batch.concepts.normalising import forms
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.claiming import claim
from openbioner_batch.training.silver.finishing import DERIVED
from openbioner_batch.training.silver.made_settings import SentenceSettings
from openbioner_batch.training.silver.ontology.classes import LONGEST_NAME, Classes, own_names, read_part
from openbioner_batch.training.silver.ontology.counting import TextCounts
from openbioner_batch.training.silver.ontology.exceptions import with_exceptions
from openbioner_batch.training.silver.ontology.finding import FoundName, NameFinder, WordCounts
from openbioner_batch.training.silver.ontology.finishing import OntologyReport, publish, unwanted_types
from openbioner_batch.training.silver.ontology.labelling import Labeller, PassageNames
from openbioner_batch.training.silver.ontology.selecting import select_types
from openbioner_batch.training.silver.settings import source_of
from openbioner_batch.training.silver.typenames import normalise_type

STATE = "_run/sentences.json"
_SLOT = re.compile(r"\{([^{}]+)\}|<<([^<>]*)>>")
_STARTS_SENTENCE = re.compile(r"(?:^|[.!?]\s+|\n)$")
_ARTICLE = re.compile(r"(?:^|\s)[Aa]n?\s$")
_PREFERRED = 0.6
"""How often a class has its preferred name, if it has others."""
_LATER = ("members", "exceptions")
"""Options that folders of an earlier version lack."""
_JOINED = (0.5, 0.3, 0.2)
"""Shares of passages of one, two and three sentences."""
_TRIES = 8
"""How many draws are made for a name that the passage does not have yet."""


def fill_sentences(settings: SentenceSettings) -> OntologyReport:
    """Write passages and descriptions; the same request gives the same bytes.

    Args:
        settings: the request.

    Returns:
        The counts of what was made.

    Raises:
        UsageError: a file cannot be read, a slot does not name a class with names below it, or the folder holds
            something else.
    """
    store = Store(settings.output)
    unwanted = unwanted_types(settings.without)
    parts = [read_part(path, members=settings.members) for path in settings.vocabularies]
    if settings.members and not any(part.lists_members for part in parts):
        raise UsageError("--members: no vocabulary lists members in an order; a taxonomy in YAML does")
    if settings.exceptions:
        random = np.random.default_rng(settings.seed)
        parts = [with_exceptions(part, settings.exceptions, random, unwanted) for part in parts]
    classes = Classes(parts)
    templates = read_sentences(settings.sentences)
    filler = Filler(classes, settings.sentences, settings.phrases)
    for number, template in templates:
        filler.check(number, template)
    claim(store, STATE, _kept(settings), DERIVED)
    made = [
        filler.passage(f"{settings.seed}-{number:06d}", templates, np.random.default_rng([settings.seed, number]))
        for number in range(settings.passages)
    ]
    counts = TextCounts()
    for passage in made:
        counts.add(passage)
    known = counts.without(())
    types = select_types(classes, known, 1, 1, lambda name: not unwanted(name), most_of_all=1.0)
    # no word is in doubt: the text between the slots has no names
    labeller = Labeller(classes, types, (), (), WordCounts(), 0, settings.absent)
    source = source_of(settings.name, settings.output)
    labelled = (labeller.label(passage, labeller.present_types(passage), source, {}) for passage in made)
    report = OntologyReport(store.url)
    publish(store, labelled, report, types, classes, known, counts.spellings())
    return report


def _kept(settings: SentenceSettings) -> dict[str, Any]:
    """The request as the folder keeps it: without later options that are not used, as before there were any."""
    return {key: value for key, value in asdict(settings).items() if key not in _LATER or value}


def read_sentences(path: str) -> list[tuple[int, str]]:
    """The sentences of a file with the numbers of their lines; a line that begins with # is a comment.

    Raises:
        UsageError: the file cannot be read, or has no sentences.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = [(number, line.strip()) for number, line in enumerate(file, 1)]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--sentences {path} cannot be read: {type(error).__name__}") from None
    if not (found := [(number, line) for number, line in lines if line and not line.startswith("#")]):
        raise UsageError(f"--sentences {path} has no sentences")
    return found


class Filler:
    """Fills slots with names.

    Args:
        classes: of the vocabularies.
        path: of the sentences, for messages.
        phrases: classes whose names may contain others.

    Raises:
        UsageError: a class of phrases does not exist.
    """

    def __init__(self, classes: Classes, path: str, phrases: Sequence[str] = ()) -> None:
        self._classes, self._path = classes, path
        self._by_name = {
            key: number
            for number in range(len(classes) - 1, -1, -1)
            if classes.children.get(number)
            for key in (normalise_type(classes.label(number)), classes.concepts[number].id)
            if key is not None
        }
        self._names = {
            number: [name.text for name in own_names(concept) if len(name.text) <= LONGEST_NAME]
            for number, concept in enumerate(classes.concepts)
        }

        if missing := [name for name in phrases if name not in self._by_name]:
            raise UsageError(f"--phrases {missing[0]}: no such class with classes below it in the vocabularies")
        self._phrases = frozenset(self._by_name[name] for name in phrases)
        self._finder = NameFinder(classes) if phrases else None

    def check(self, number: int, template: str) -> None:
        """Raises `UsageError` if a slot of a line does not name a class with classes below it."""
        for match in _SLOT.finditer(template):
            if match[1] is not None and match[1].strip() not in self._by_name:
                raise UsageError(
                    f"{self._path}, line {number}: {{{match[1]}}} is no class with classes below it in the vocabularies"
                )

    def passage(
        self, passage_id: str, templates: Sequence[tuple[int, str]], random: np.random.Generator
    ) -> PassageNames:
        """One to three filled sentences."""
        text = ""
        found: list[FoundName] = []
        for place in random.permutation(len(templates))[: int(random.choice(3, p=_JOINED)) + 1].tolist():
            text += " " if text else ""
            text = self._filled(text, templates[place][1], found, random)
        return PassageNames(passage_id, text, tuple(found))

    def _filled(self, text: str, template: str, found: list[FoundName], random: np.random.Generator) -> str:
        last = 0
        for match in _SLOT.finditer(template):
            text += template[last : match.start()]
            last = match.end()
            if match[1] is None:
                text += str(random.choice(match[2].split("|")))
                continue
            number, name = self._drawn(self._by_name[match[1].strip()], found, random)
            text = _agreeing(text, name)
            written = name[:1].upper() + name[1:] if _STARTS_SENTENCE.search(text) else name
            found.append(FoundName(len(text), len(text) + len(written), " ".join(forms(name)), (number,)))
            if self._is_phrase(number):
                found += self._within(written, len(text))
            text += written
        return text + template[last:]

    def _is_phrase(self, number: int) -> bool:
        return not self._phrases.isdisjoint(self._classes.at_or_above(number))

    def _within(self, phrase: str, start: int) -> list[FoundName]:
        """Names of other classes in a phrase, which as a whole would hide them."""
        within: dict[tuple[int, int], FoundName] = {}
        first, last = phrase.find(" ") + 1, phrase.rfind(" ")
        for low, high in ((first, len(phrase)), (0, max(last, 0))):
            for item in self._finder.find(phrase[low:high]) if first and self._finder else ():
                place = (start + low + item.start, start + low + item.end)
                if not item.doubt and not any(self._is_phrase(number) for number in item.classes):
                    within.setdefault(place, replace(item, start=place[0], end=place[1]))
        return list(within.values())

    def _drawn(self, top: int, found: Sequence[FoundName], random: np.random.Generator) -> tuple[int, str]:
        """A descendant, with all branches equally likely, and one of its names."""
        taken = {number for item in found for number in item.classes}
        number = top
        for _ in range(_TRIES):
            number = self._below(top, random)
            if number not in taken:
                break
        names = self._names[number] or [self._classes.label(number)]
        if len(names) == 1 or random.random() < _PREFERRED:
            return number, names[0]
        return number, names[1 + int(random.integers(len(names) - 1))]

    def _below(self, number: int, random: np.random.Generator) -> int:
        while children := self._classes.drawn_children.get(number):
            number = children[int(random.integers(len(children)))]
        return number


def _agreeing(text: str, name: str) -> str:
    """The text before a name with the article for its first letter."""
    if not _ARTICLE.search(text):
        return text
    bare = text[:-1].removesuffix("n") if text[-3:-1].lower() == "an" else text[:-1]
    return f"{bare}n " if name[:1].lower() in "aeiou" else f"{bare} "

"""Draws pairs of a description and a name of which it is known whether they fit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.glossary import DENIED, Glossary
from openbioner_batch.training.glossary.material import FAR, NOT, OF, PassageLabels, TaxonomyClass

COMPLEMENTS = ("Anything that is not {}.", "anything but {}", "Something other than {}", "whatever is no {}")
_JUMBLED = 600
_COMPLEMENTED = 1500
_CLASSES, _STATEMENTS, _TYPES, _OTHERS = 40, 64, 32, 10
"""How many descriptions of each kind a step queries: of classes, statements, types of passages, complements and jumbled
words."""
_LONG = 4
"""A statement of so many words is hardly true of names of another class."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A description and a name.

    Attributes:
        query: index of the description.
        meaning: of the name.
        fits: how much of the time; 0 or 1 but for passages.
        weight: of its loss.
        hidden: the statement that must not tell, since it is the description itself.
        without: the entry that must not tell either, if any.
    """

    query: int
    meaning: int
    fits: float
    weight: float
    hidden: str | None = None
    without: int | None = None


class Drawing:
    """What the head is fitted to, drawn anew for each step.

    Args:
        glossary: its first entries are those of `classes`.
        classes: of all taxonomies.
        labels: of classes, as `material.class_labels` gives them.
        described: by names, descriptions that fit them, and with `DENIED` before them such that do not.
        passages: labels of passages.
        seed: of all draws.
    """

    def __init__(
        self,
        glossary: Glossary,
        classes: Sequence[TaxonomyClass],
        labels: np.ndarray,
        described: Mapping[str, Sequence[str]],
        passages: PassageLabels,
        seed: int,
    ) -> None:
        self._random = random.Random(seed)
        self._glossary = glossary
        self._classes = classes
        self._passages = passages
        self._by_label = {sign: [np.flatnonzero(row == sign).tolist() for row in labels] for sign in (OF, NOT, FAR)}
        self._own = [[entry for entry in entries if entry < len(classes)] for entries in glossary.meanings]
        self.queries: list[tuple[str, str]] = []
        """Every description that is queried, behind the name of its type."""
        wordings = [(place, text) for place, one in enumerate(classes) for text in one.descriptions]
        self._wordings = wordings
        self._unnamed = self._add(("mention", text) for _, text in wordings)
        self._named = self._add((classes[place].name, text) for place, text in wordings)
        self._statements = [
            (meaning, text.removeprefix(DENIED), float(not text.startswith(DENIED)))
            for name, texts in described.items()
            if (meaning := glossary.meaning_of(name)) is not None
            for text in texts
        ]
        self._of_statements = self._add(("mention", text) for _, text, _ in self._statements)
        self._of_types = self._add(passages.descriptions)
        self._type_bounds = np.searchsorted(passages.types, np.arange(len(passages.descriptions) + 1)).tolist()
        self._complemented = self._random.choices(range(len(wordings)), k=_COMPLEMENTED) if wordings else []
        negated = (self._random.choice(COMPLEMENTS).format(wordings[one][1].rstrip(".")) for one in self._complemented)
        self._of_complements = self._add(("mention", text) for text in negated)
        words = [word for text in glossary.statements for word in text.split()]
        jumbled = (self._random.choices(words, k=self._random.randint(3, 9)) for _ in range(_JUMBLED))
        self._of_jumbled = self._add(("mention", " ".join(some)) for some in jumbled)

    def step(self) -> list[Pair]:
        """The pairs of one step."""
        of_types = self._of_passages() if len(self._of_types) else ()
        return [*self._of_classes(), *self._of_names(), *of_types, *self._of_nothing()]

    def said(self, pair: Pair) -> tuple[str, ...]:
        """Some of what is true of the pair's name; never the description itself."""
        drawn: dict[str, None] = {}
        for entry in self._glossary.meanings[pair.meaning]:
            if entry == pair.without:
                continue
            told = [text for text in self._glossary.true_of(entry) if text != pair.hidden]
            if entry < len(self._classes) and len(told) > 5:
                told = self._random.sample(told, self._random.randint(2, 5))
            elif entry >= len(self._classes):
                told = [text for text in told if self._random.random() < 0.75]
            drawn |= dict.fromkeys(told)
        return tuple(drawn)

    def _add(self, described: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> range:
        first = len(self.queries)
        self.queries.extend(described)
        return range(first, len(self.queries))

    def _some(self, of: Sequence[int], most: int) -> list[int]:
        return self._random.sample(of, min(most, len(of)))

    def _of_classes(self) -> Iterator[Pair]:
        for number in self._some(range(len(self._wordings)), _CLASSES):
            place, text = self._wordings[number]
            query = (self._unnamed if self._random.random() < 0.55 else self._named)[number]
            without = place if self._random.random() < 0.5 else None
            for sign, most, part in ((OF, 2, 1.0), (NOT, 4, 2.0), (FAR, 2, 0.5)):
                some = self._some(self._by_label[sign][place], most)
                for meaning in some:
                    of_it = sign == OF
                    weight = part / _CLASSES / len(some)
                    yield Pair(query, meaning, float(of_it), weight, text, without if of_it else None)

    def _of_names(self) -> Iterator[Pair]:
        for number in self._some(range(len(self._statements)), _STATEMENTS):
            meaning, text, true = self._statements[number]
            query, share = self._of_statements[number], 1.5 / _STATEMENTS
            yield Pair(query, meaning, true, share, text)
            if true and self._own[meaning]:
                place = self._random.choice(self._own[meaning])
                near = self._some(self._by_label[NOT][place], 2) if len(text.split()) >= _LONG else []
                yield from (Pair(query, other, 0.0, 0.25 * share, text) for other in near)
                far = self._some(self._by_label[FAR][place], 1)
                yield from (Pair(query, other, 0.0, 0.2 * share, text) for other in far)

    def _of_passages(self) -> Iterator[Pair]:
        labels = self._passages
        for kind in self._some(range(len(self._of_types)), _TYPES):
            places = range(*self._type_bounds[kind : kind + 2])
            inside = [place for place in places if labels.within[place] > 0]
            outside = [place for place in places if labels.within[place] == 0]
            absent = self._some(outside, 5)
            drawn = [(place, 3.0) for place in self._some(inside, 3)]
            drawn += [(place, len(outside) / len(absent)) for place in absent]
            weights = [weight * float(labels.times[place]) ** 0.5 for place, weight in drawn]
            for (place, _), weight in zip(drawn, weights, strict=True):
                share = 2.0 / _TYPES * weight / sum(weights)
                yield Pair(self._of_types[kind], int(labels.meanings[place]), float(labels.within[place]), share)

    def _of_nothing(self) -> Iterator[Pair]:
        for number in self._some(range(len(self._complemented)), _OTHERS):
            place, _ = self._wordings[self._complemented[number]]
            for meaning in self._some(self._by_label[OF][place], 1):
                yield Pair(self._of_complements[number], meaning, 0.0, 0.3 / _OTHERS)
        for query in self._some(self._of_jumbled, _OTHERS):
            yield Pair(query, self._random.randrange(len(self._glossary.meanings)), 0.0, 0.3 / _OTHERS)

"""Counts names and words in a pass over all passages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from openbioner_batch.training.silver.ontology.finding import WordCounts
from openbioner_batch.training.silver.ontology.labelling import PassageNames
from openbioner_batch.training.silver.ontology.selecting import ClassCounts

COUNTED_PASSAGES = 100_000
"""How many passages words are counted in, the first ones, so that memory is bounded."""


@dataclass(slots=True)
class TextCounts:
    """Counts of names, words and classes over all passages."""

    words: WordCounts = field(default_factory=WordCounts)
    passages_with: Counter[str] = field(default_factory=Counter)
    """How many passages have a name, by its form."""
    spelt: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    classes: ClassCounts = field(default_factory=ClassCounts)
    passages: int = 0

    def add(self, passage: PassageNames) -> None:
        """Add a passage."""
        self.passages += 1
        if self.passages <= COUNTED_PASSAGES:
            self.words.add(passage.text)
        self.passages_with.update({item.form for item in passage.found})
        for item in passage.found:
            if not item.doubt:
                self.classes.add(item.classes, item.form)
                spelt = self.spelt[item.form]
                if len(spelt) < 8:
                    spelt[" ".join(passage.text[item.start : item.end].split())] += 1

    def too_frequent(self, max_share: float) -> frozenset[str]:
        """Forms of names in too many passages to be the name of one thing."""
        return frozenset(form for form, count in self.passages_with.items() if count > max_share * self.passages)

    def without(self, forms: Iterable[str]) -> ClassCounts:
        """The counts of classes without some names."""
        left = ClassCounts()
        dropped = set(forms)
        for number, known in self.classes.forms.items():
            for form, count in known.items():
                if form not in dropped:
                    left.mentions[number] += count
                    left.forms[number][form] += count
        return left

    def spellings(self) -> dict[str, str]:
        """The most frequent spelling of each form."""
        return {
            form: min(known, key=lambda text: (-known[text], text[:1].isupper(), text))
            for form, known in self.spelt.items()
        }

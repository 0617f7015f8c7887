"""What a passage is asked in one step: which types, in which words, and which entities are hidden."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.passages import Passage

IGNORED = -100
"""Target of words that teach nothing, as torch's cross-entropy names it."""


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """The recipe's switches for what is asked."""

    fewest_types: int = 1
    """Types asked of a passage at least."""
    most_types: int = 5
    """And at most."""
    positive_share: float = 0.6
    """Share of the types asked that the passage mentions, where it mentions enough."""
    mask_probability: float = 0.15
    """Chance that a whole target entity is replaced by `[MASK]`."""
    favoured: tuple[str, ...] = ("disease", "chemical", "drug", "gene", "gene_or_protein")
    """Types drawn more often than others."""
    favour: float = 2.0
    """How much more often."""


@dataclass(frozen=True, slots=True)
class Question:
    """One passage with the types asked of it.

    Attributes:
        token_ids: [tokens] the passage's, with hidden entities masked.
        word_starts: [words] index of each word's first token.
        descriptions: token ids of each asked type's description.
        targets: [words] 0 for no entity, k for the k-th asked type, or `IGNORED`.
    """

    token_ids: np.ndarray
    word_starts: np.ndarray
    descriptions: tuple[tuple[int, ...], ...]
    targets: np.ndarray


class QuestionSampler:
    """Draws questions. `views` holds every type's descriptions, of which a draw takes one."""

    def __init__(
        self, views: Mapping[str, Sequence[str]], tokenizer: Tokenizer, settings: SamplingSettings, longest: int
    ) -> None:
        self._settings = settings
        self._mask = tokenizer.mask
        self._descriptions = {
            name: [tuple(tokenizer.ids(view)[:longest]) for view in texts] for name, texts in views.items()
        }

    def draw(self, passage: Passage, random: np.random.Generator) -> Question:
        """A question about `passage`, drawn with `random` alone."""
        asked = self._types(passage, random)
        words = len(passage.word_starts)
        targets = np.zeros(words, np.int64)
        token_ids = passage.token_ids.copy()
        longest = passage.corpus.longest or words
        for column, name in enumerate(asked, 1):
            places = [place for label in passage.corpus.types[name] for place in passage.mentions.get(label, ())]
            for low, high in sorted(places, key=lambda place: place[1] - place[0]):
                targets[low:high] = column if high - low <= longest else IGNORED
        self._hide(token_ids, passage.word_starts, targets, random)
        descriptions = tuple(self._view(name, random) for name in asked)
        return Question(token_ids, passage.word_starts, descriptions, targets)

    def _types(self, passage: Passage, random: np.random.Generator) -> list[str]:
        types = passage.corpus.types
        number = int(random.integers(self._settings.fewest_types, self._settings.most_types + 1))
        present = [name for name in types if any(label in passage.mentions for label in types[name])]
        absent = [name for name in types if name not in present]
        positives = max(1, round(number * self._settings.positive_share))
        order = [*self._shuffled(present, random)[:positives], *self._shuffled(absent, random)]
        order += [name for name in self._shuffled(present, random) if name not in order]
        asked: list[str] = []
        used: set[str] = set()
        for name in order:
            if len(asked) < number and used.isdisjoint(types[name]):
                asked.append(name)
                used.update(types[name])
        random.shuffle(asked)
        return asked

    def _shuffled(self, names: Sequence[str], random: np.random.Generator) -> list[str]:
        # A weighted order without replacement: the smallest of exponential arrival times comes first.
        rates = [self._settings.favour if name in self._settings.favoured else 1.0 for name in names]
        arrivals = random.exponential(size=len(names)) / np.array(rates) if names else []
        return [names[index] for index in np.argsort(arrivals)]

    def _view(self, name: str, random: np.random.Generator) -> tuple[int, ...]:
        views = self._descriptions[name]
        return views[int(random.integers(len(views)))]

    def _hide(
        self, token_ids: np.ndarray, word_starts: np.ndarray, targets: np.ndarray, random: np.random.Generator
    ) -> None:
        edges = np.flatnonzero(np.diff(targets, prepend=0, append=0))
        bounds = np.append(word_starts, len(token_ids))
        for low, high in itertools.pairwise(edges):
            if targets[low] > 0 and random.random() < self._settings.mask_probability:
                token_ids[bounds[low] : bounds[high]] = self._mask

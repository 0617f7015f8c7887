"""Draws the queries for a piece in one step: types, their descriptions, and which entities are hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openbioner_batch.training.foils import drawn_foils
from openbioner_batch.training.pieces import Piece
from openbioner_batch.training.recipe import Recipe
from openbioner_batch.training.vocabulary import Likeness, TypeVocabulary, near_any

IGNORED = -100
"""Target of unlabelled words, as in torch's cross-entropy."""
_TRIES = 4
"""Draws for each negative wanted; a draw fails when it hits a type that is already queried."""


@dataclass(frozen=True, slots=True)
class Question:
    """One piece with the types it is queried for.

    Attributes:
        token_ids: [tokens] the piece's, with hidden entities masked.
        word_starts: [words] index of each word's first token.
        descriptions: token ids of each queried type's description, then of foils.
        targets: [words] 0 for no entity, k for the k-th queried type, or `IGNORED`.
        entities: how many mentions of queried types there are.
        foils: how many of the descriptions, the last ones, are of no type: no word is theirs.
        compared: [words, descriptions] whether a description competes for a word; None where every one does.
    """

    token_ids: np.ndarray
    word_starts: np.ndarray
    descriptions: tuple[tuple[int, ...], ...]
    targets: np.ndarray
    entities: int
    foils: int = 0
    compared: np.ndarray | None = None

    def read_words(self, column: int) -> np.ndarray:
        """The words that are read in the pass of the text alone (column 0) or with the k-th description."""
        if not column or self.compared is None:
            return np.arange(len(self.word_starts))
        return np.flatnonzero(self.compared[:, column - 1])


class QuestionSampler:
    """Draws questions; each is a function of the piece, the types of its batch and the random generator alone.

    Args:
        vocabulary: of types, with their descriptions in each view.
        recipe: how many types a text is queried for, and which ones.
        mask_id: the token that hides a word.
        negations: tokens such as those of "anything that is not", which turn a description into its complement.
        likeness: keeps types near a listed or mentioned one out of the negatives; None keeps none out.
    """

    def __init__(
        self,
        vocabulary: TypeVocabulary,
        recipe: Recipe,
        mask_id: int,
        negations: Sequence[tuple[int, ...]] = (),
        likeness: Likeness | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._views = {kind: tuple(views.values()) for kind, views in vocabulary.views.items()}
        self._names = list(vocabulary.views)
        self._places = {kind: place for place, kind in enumerate(self._names)}
        self._likeness = likeness
        self._recipe = recipe
        self._mask_id = mask_id
        self._negations = negations
        shares = np.array([recipe.negatives.in_batch, recipe.negatives.hard, recipe.negatives.vocabulary])
        self._kinds_of_negatives = np.cumsum(shares / shares.sum())

    def draw(self, piece: Piece, number: int, batch_types: Sequence[str], random: np.random.Generator) -> Question:
        """A question about `piece`.

        Args:
            piece: the piece that is queried.
            number: of types to query, where there are as many.
            batch_types: types that the batch mentions, from which negatives are drawn.
            random: the only source of chance.
        """
        queried = self._types(piece, number, batch_types, random)
        targets, placed = target_words(piece, queried)
        token_ids = piece.token_ids.copy()
        bounds = np.append(piece.word_starts, len(token_ids))
        for low, high in placed:
            if random.random() < self._recipe.mask_probability:
                token_ids[bounds[low] : bounds[high]] = self._mask_id
        descriptions = tuple(
            views[int(random.integers(len(views)))] for views in (self._views[kind] for kind in queried)
        )
        shares = self._recipe.jumbled, self._recipe.complements
        foils = drawn_foils(queried, descriptions, shares, self._negations, random) if queried and any(shares) else []
        asked = (*descriptions, *(foil.description for foil in foils))
        compared = self._compared(piece, queried, len(asked))
        return Question(token_ids, piece.word_starts, asked, targets, len(placed), len(foils), compared)

    def _types(self, piece: Piece, number: int, batch_types: Sequence[str], random: np.random.Generator) -> list[str]:
        """Present types up to their share, then surely absent ones, then present ones again; in random order."""
        places: dict[str, set[tuple[int, int]]] = {}
        for low, high, kind in piece.mentions:
            places.setdefault(kind, set()).add((low, high))
        certain = None if piece.annotated is None else set(piece.annotated)
        present = [k for k in places if k in self._views and (certain is None or k in certain)]
        present = shuffled(present, self._recipe, random)
        queried: dict[str, None] = {}
        used: set[tuple[int, int]] = set()

        def add(kinds: Sequence[str], most: int) -> None:
            for kind in kinds:
                # two types of the same mention cannot both be right in one softmax
                if len(queried) < most and kind not in queried and used.isdisjoint(places.get(kind, ())):
                    queried[kind] = None
                    used.update(places.get(kind, ()))

        add(present, max(1, round(number * self._recipe.positives_share)))
        if piece.annotated is not None:
            add(self._beyond(piece, list(queried), batch_types, number - len(queried), random), number)
            absent = [kind for kind in piece.annotated if kind not in places and kind in self._views]
            add(shuffled(absent, self._recipe, random), number)
        else:
            negatives = self._negatives(list(queried), batch_types, number - len(queried), random)
            add(self._surely_absent(negatives, places), number)
        add(present, number)
        order = list(queried)
        random.shuffle(order)
        return order

    def _beyond(
        self, piece: Piece, present: Sequence[str], batch_types: Sequence[str], room: int, random: np.random.Generator
    ) -> list[str]:
        """Surely absent types beyond a closed list: on average their share of the room for absent types, if found."""
        share, says = self._recipe.negatives.beyond, self._recipe.beyond_list
        # without a list nobody looked for anything; without mentions no word would be compared
        if not (share and piece.annotated) or (says == "mentions" and not piece.mentions):
            return []
        wanted = int(share * room + random.random())
        drawn = self._negatives(present, batch_types, wanted, random)
        known = {*piece.annotated, *(kind for _, _, kind in piece.mentions)}
        return self._surely_absent(drawn, known)[:wanted]

    def _surely_absent(self, drawn: Iterable[str], known: Collection[str]) -> list[str]:
        """Those of the drawn types that are neither listed or mentioned nor near one that is."""
        kinds = [kind for kind in dict.fromkeys(drawn) if kind not in known]
        near = near_any(kinds, known, self._places, self._likeness)
        return [kind for kind, is_near in zip(kinds, near, strict=True) if not is_near]

    def _compared(self, piece: Piece, queried: Sequence[str], descriptions: int) -> np.ndarray | None:
        """Types beyond the list are compared inside mentions alone where `recipe.beyond_list` says so."""
        listed = piece.annotated
        if self._recipe.beyond_list != "mentions" or listed is None or set(queried) <= set(listed):
            return None
        compared = np.ones((len(piece.word_starts), descriptions), np.bool_)
        in_mention = np.zeros(len(compared), np.bool_)
        for low, high, _ in piece.mentions:
            in_mention[low:high] = True
        for column, kind in enumerate(queried):
            if kind not in listed:
                compared[:, column] = in_mention
        return compared

    def _negatives(
        self, present: Sequence[str], batch_types: Sequence[str], number: int, random: np.random.Generator
    ) -> Iterator[str]:
        near = [kind for one in present for kind in self._vocabulary.near[one]]
        in_batch = [kind for kind in batch_types if kind in self._views]
        for _ in range(_TRIES * number):
            kind = int(np.searchsorted(self._kinds_of_negatives, random.random(), "right"))
            pool = (in_batch, near, self._names)[min(kind, 2)] or self._names
            yield pool[int(random.integers(len(pool)))]


def shuffled(names: Sequence[str], recipe: Recipe, random: np.random.Generator) -> list[str]:
    """The names in random order, favoured ones earlier."""
    # a weighted order without replacement: by exponential arrival times
    rates = [recipe.favour if name in recipe.favoured else 1.0 for name in names]
    arrivals = random.exponential(size=len(names)) / np.array(rates) if names else []
    return [names[index] for index in np.argsort(arrivals)]


def target_words(piece: Piece, queried: Sequence[str]) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The target of every word, and the mentions of queried types that count.

    Of nested mentions the longer wins; where two overlap in part, the rest of the shorter one is unlabelled.
    """
    targets = np.zeros(len(piece.word_starts), np.int64)
    columns = {kind: column for column, kind in enumerate(queried, 1)}
    placed: list[tuple[int, int]] = []
    mentions = [(low, high, columns[kind]) for low, high, kind in piece.mentions if kind in columns]
    for low, high, column in sorted(mentions, key=lambda m: (m[0] - m[1], m[0], m[2])):
        stretch = targets[low:high]
        if (stretch == 0).all():
            stretch[:] = column
            placed.append((low, high))
        else:
            stretch[stretch == 0] = IGNORED
    for low, high in piece.unsure:
        targets[low:high] = IGNORED
    return targets, [(low, high) for low, high in placed if (targets[low:high] != IGNORED).all()]

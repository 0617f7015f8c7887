"""Selects the types that the pieces of one pass are queried for together, and labels each word for each type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openbioner_batch.training.foils import Foil, jumbled_description
from openbioner_batch.training.pieces import Piece, mentioned_types
from openbioner_batch.training.recipe import Recipe
from openbioner_batch.training.sampling import shuffled
from openbioner_batch.training.shared import UNKNOWN, QueriedPiece
from openbioner_batch.training.vocabulary import DEFINITION_VIEW, Likeness, TypeVocabulary, near_any


class TypeExposure:
    """Draws the types of a pass, as a function of the pieces and the random generator alone.

    Args:
        vocabulary: every type with a description.
        likeness: keeps near types out of the negatives; None keeps none out.
        recipe: of the run, with `shared_types`.
        mask_id: what hidden words become.
        all_columns: whether every piece is queried for every type of the pass (late interaction, where it is free).
        negations: tokens such as those of "anything that is not", which turn a description into its complement.
        empty_names: tokens such as those of "mention:", behind which `recipe.unnamed` of the descriptions stand.
    """

    def __init__(
        self,
        vocabulary: TypeVocabulary,
        likeness: Likeness | None,
        recipe: Recipe,
        mask_id: int,
        all_columns: bool,
        negations: Sequence[tuple[int, ...]] = (),
        empty_names: Sequence[tuple[int, ...]] = (),
    ) -> None:
        self._vocabulary = vocabulary
        self._views = {kind: tuple(views.values()) for kind, views in vocabulary.views.items()}
        self._definitions = {
            kind: tuple(ids for view, ids in views.items() if view.startswith(DEFINITION_VIEW))
            for kind, views in vocabulary.views.items()
        }
        self._names = list(self._views)
        self._places = {kind: place for place, kind in enumerate(self._names)}
        self._likeness = likeness
        self._recipe = recipe
        self._mask_id = mask_id
        self._all_columns = all_columns
        self._negations = negations
        self._empty_names = empty_names

    def draw(
        self, pieces: Sequence[Piece], number: int, random: np.random.Generator
    ) -> tuple[list[QueriedPiece], list[tuple[int, ...]]]:
        """The pieces with their labels, and the description of each type.

        Args:
            pieces: of one pass.
            number: of types that each piece is queried for, unless it is queried for all.
            random: the only source of chance.
        """
        kinds = self._kinds(pieces, random)
        descriptions = [self._describe(kind, random) for kind in kinds]
        foils = self._foils(kinds, descriptions, random)
        queried = [self._query(piece, kinds, foils, number, random) for piece in pieces]
        return queried, descriptions + [foil.description for foil in foils]

    def _foils(
        self, kinds: Sequence[str], descriptions: Sequence[tuple[int, ...]], random: np.random.Generator
    ) -> list[Foil]:
        """Descriptions of no type: jumbled words of three types, and complements of types of the pass."""
        jumbled = round(self._recipe.jumbled * len(kinds))
        complements = round(self._recipe.complements * len(kinds)) if self._negations else 0
        foils = [Foil(jumbled_description(descriptions, random), None) for _ in range(jumbled)]
        for _ in range(complements):
            place = int(random.integers(len(kinds)))
            negation = self._negations[int(random.integers(len(self._negations)))]
            name, own = self._unnamed(kinds[place], random) or ((), descriptions[place])
            foils.append(Foil((*name, *negation, *own)[: max(map(len, descriptions))], kinds[place]))
        return foils

    def _describe(self, kind: str, random: np.random.Generator) -> tuple[int, ...]:
        if unnamed := self._unnamed(kind, random):
            return (*unnamed[0], *unnamed[1])
        own = self._views[kind]
        return own[int(random.integers(len(own)))]

    def _unnamed(self, kind: str, random: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """A meaningless name and one of the type's definitions, for a share `recipe.unnamed` of all; else None."""
        if not (self._recipe.unnamed and self._empty_names and random.random() < self._recipe.unnamed):
            return None
        if not (own := self._definitions[kind]):
            return None
        name = self._empty_names[int(random.integers(len(self._empty_names)))]
        return name, own[int(random.integers(len(own)))]

    def _kinds(self, pieces: Sequence[Piece], random: np.random.Generator) -> list[str]:
        """Mentioned types up to their share, then others as `recipe.negatives` says, then mentioned ones again."""
        number = min(self._recipe.shared_types or 0, len(self._names))
        mentioned = [kind for kind in mentioned_types(pieces) if kind in self._views]
        mentioned = shuffled(mentioned, self._recipe, random)
        chosen = dict.fromkeys(mentioned[: round(number * self._recipe.positives_share)])
        shares = self._recipe.negatives
        near = [kind for one in chosen for kind in self._vocabulary.near[one]]
        looked_for = sorted({kind for piece in pieces for kind in piece.annotated or ()} - set(mentioned))
        listed = [kind for kind in looked_for if kind in self._views]
        pools = [(near, shares.hard), (listed, shares.listed), (self._names, shares.vocabulary)]
        pools = [(pool, share) for pool, share in pools if pool and share] or [(self._names, 1.0)]
        bounds = np.cumsum([share for _, share in pools])
        for _ in range(2 * number):
            if len(chosen) >= number:
                break
            pool = pools[int(np.searchsorted(bounds, random.random() * bounds[-1], side="right"))][0]
            kind = pool[int(random.integers(len(pool)))]
            if kind not in mentioned:
                chosen[kind] = None
        if len(chosen) < number:  # the draws above may have missed some of a small vocabulary
            rest = [*mentioned, *(self._names[place] for place in random.permutation(len(self._names)))]
            for kind in rest:
                if len(chosen) < number:
                    chosen[kind] = None
        return list(chosen)

    def _query(
        self, piece: Piece, kinds: Sequence[str], foils: Sequence[Foil], number: int, random: np.random.Generator
    ) -> QueriedPiece:
        labels = np.concatenate([self.labels(piece, kinds), foil_labels(piece, foils)], 1)
        token_ids = piece.token_ids.copy()
        bounds = np.append(piece.word_starts, len(token_ids))
        queried = set(kinds)
        for low, high in dict.fromkeys((a, b) for a, b, kind in piece.mentions if kind in queried):
            if random.random() < self._recipe.mask_probability:
                token_ids[bounds[low] : bounds[high]] = self._mask_id
        order = random.permutation(labels.shape[1])
        positive = (labels == 1).any(0)
        known = (labels != UNKNOWN).any(0)
        # Mentioned types first, then those whose absence teaches something.
        order = order[np.argsort(-(2 * positive + known)[order].astype(int), kind="stable")]
        distillation = self._recipe.distillation
        judged = np.full(labels.shape[1], distillation is not None)
        if distillation is not None:
            judged[: len(kinds)] = [kind not in distillation.except_types for kind in kinds]
        order = order[(known | judged)[order]]  # a pair that teaches nothing is not worth its pass
        columns = np.arange(labels.shape[1]) if self._all_columns else np.sort(order[:number])
        real = columns[columns < len(kinds)]
        taught = columns[:0]
        if distillation is not None:
            taught = self._taught(positive, real[judged[real]], distillation.types, random)
        kept = {kinds[column] for column in real.tolist()}
        entities = sum(kind in kept for _, _, kind in piece.mentions)
        return QueriedPiece(
            token_ids, piece.token_ids, piece.word_starts, columns, labels[:, columns], taught, entities
        )

    def labels(self, piece: Piece, kinds: Sequence[str]) -> np.ndarray:
        """[words, kinds] int8: 1 at a mention of the type, 0 where there is certainly none, else `UNKNOWN`.

        Every mention of a type that the piece mentions is marked. For a type that it does not mention, all words are
        certain where its annotators looked for it; with open annotation, where no near type is mentioned; and with a
        closed list without it, as `recipe.beyond_list` says, where no near type is listed or mentioned.
        """
        found = np.full((len(piece.word_starts), len(kinds)), UNKNOWN, np.int8)
        mentioned = {kind for _, _, kind in piece.mentions}
        listed = None if piece.annotated is None else set(piece.annotated)
        in_mention = np.zeros(len(found), np.bool_)
        for low, high, _ in piece.mentions:
            in_mention[low:high] = True
        absent = np.array([kind not in mentioned for kind in kinds])
        near = absent
        if absent.any():
            near = near_any(kinds, mentioned | (listed or set()), self._places, self._likeness)
        for column, kind in enumerate(kinds):
            if listed is not None and kind not in listed:
                beyond = self._recipe.beyond_list
                if absent[column] and not near[column] and beyond != "none" and listed:
                    found[in_mention if beyond == "mentions" else slice(None), column] = 0
            elif not (listed is None and absent[column] and near[column]):
                found[:, column] = 0
        columns = {kind: column for column, kind in enumerate(kinds)}
        for low, high, kind in piece.mentions:
            if kind in columns:
                found[low:high, columns[kind]] = 1
        for low, high in piece.unsure:
            found[low:high] = UNKNOWN
        return found

    def _taught(
        self, positive: np.ndarray, columns: np.ndarray, number: int, random: np.random.Generator
    ) -> np.ndarray:
        """Half of the types that a teacher judges are mentioned ones, if there are enough."""
        mixed = random.permutation(columns)
        first = mixed[positive[mixed]][: -(-number // 2)]
        rest = mixed[~np.isin(mixed, first)]
        return np.concatenate([first, rest])[:number]


def foil_labels(piece: Piece, foils: Sequence[Foil]) -> np.ndarray:
    """[words, foils] int8: 0 at all words for meaningless descriptions, and at mentions of a complement's type."""
    found = np.full((len(piece.word_starts), len(foils)), UNKNOWN, np.int8)
    for column, foil in enumerate(foils):
        if foil.kind is None:
            found[:, column] = 0
        for low, high, kind in piece.mentions:
            if kind == foil.kind:
                found[low:high, column] = 0
    for low, high in piece.unsure:
        found[low:high] = UNKNOWN
    return found

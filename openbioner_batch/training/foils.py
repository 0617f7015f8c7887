"""Descriptions that no mention is of: jumbled words, and complements of types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Description = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Foil:
    """A description whose correct answer is no.

    Attributes:
        description: vocabulary indices.
        kind: the type whose complement it describes; None for a meaningless one.
    """

    description: Description
    kind: str | None


def jumbled_description(descriptions: Sequence[Description], random: np.random.Generator) -> Description:
    """Words of three of the descriptions in random order, as many as the longest of these has."""
    parts = [descriptions[int(random.integers(len(descriptions)))] for _ in range(3)]
    tokens = [one for part in parts for one in random.permutation(part)[: 1 + len(part) // 2].tolist()]
    return tuple(random.permutation(tokens).tolist()[: max(map(len, parts))])


def drawn_foils(
    kinds: Sequence[str],
    descriptions: Sequence[Description],
    shares: tuple[float, float],
    negations: Sequence[Description],
    random: np.random.Generator,
) -> list[Foil]:
    """Foils for the types of one question, whose expected number is a share of that of its types.

    Args:
        kinds: the types that are queried.
        descriptions: of each.
        shares: of jumbled descriptions, and of complements.
        negations: tokens such as those of "anything that is not", which turn a description into its complement.
        random: the only source of chance.
    """
    jumbled, complements = (int(share * len(kinds) + random.random()) if share else 0 for share in shares)
    foils = [Foil(jumbled_description(descriptions, random), None) for _ in range(jumbled)]
    for _ in range(complements if negations else 0):
        place = int(random.integers(len(kinds)))
        negation = negations[int(random.integers(len(negations)))]
        foils.append(Foil((*negation, *descriptions[place])[: max(map(len, descriptions))], kinds[place]))
    return foils

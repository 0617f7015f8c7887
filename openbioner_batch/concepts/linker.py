"""From mentions to a vocabulary's concepts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.keys import SCORES, Match, key
from openbioner_batch.concepts.nearest import Nearest
from openbioner_batch.concepts.normalising import looks_abbreviated
from openbioner_batch.records import ConceptLink

LEAST_COSINE = 0.72
"""Of a name that is near enough: a first guess, not tuned."""
NEAR_NAMES = 16
"""Looked at for a mention, for several may be of one concept."""
_NEAR_SHARE = 0.9
"""The score of a near name is its cosine times this, so that it is below that of any match of words."""


@dataclass(frozen=True, slots=True)
class Mention:
    """What is to be linked."""

    text: str
    expansion: str | None = None
    """What its document says that it is short for."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A concept for a text, with what ties are broken by."""

    score: float
    kind: int
    length: int
    concept: int

    @property
    def order(self) -> tuple[float, int, int, int]:
        return (-self.score, self.kind, self.length, self.concept)


class Linker:
    """Links mentions to concepts; what it says of a mention depends on the mention and the vocabulary alone.

    An expansion is looked for before the mention itself. The strictest kind of match (`keys.Match`) at which a text has
    any decides; only where it has none, near names count. The best come first; of equals the concept whose name is
    preferred before an exact before a related synonym, then the shorter name, then the lower identifier.
    """

    def __init__(self, vocabulary: Vocabulary, top: int = 1) -> None:
        """Prepare to link.

        Args:
            vocabulary: the index.
            top: the most concepts for a mention.
        """
        self._vocabulary, self._top = vocabulary, top
        self._nearest = Nearest(vocabulary, LEAST_COSINE, NEAR_NAMES)

    def link(self, mentions: Iterable[Mention]) -> dict[Mention, tuple[ConceptLink, ...]]:
        """The concepts of each distinct mention, best first; none where nothing is sure."""
        distinct = list(dict.fromkeys(mentions))
        texts = list(dict.fromkeys(text for found in distinct for text in (found.expansion, found.text) if text))
        by_text = self._matched(texts)
        pending = [text for text in texts if not by_text[text] and not looks_abbreviated(text)]
        near = dict(zip(pending, map(self._near, pending, self._nearest.find(pending)), strict=True))
        linked = {}
        for mention in distinct:
            found: list[_Found] = []
            for table in (by_text, near):
                for text in (mention.expansion, mention.text):
                    found = found or table.get(text or "", [])
            linked[mention] = tuple(map(self._link, found[: self._top]))
        return linked

    def _matched(self, texts: Sequence[str]) -> dict[str, list[_Found]]:
        """The concepts with a name that matches each text, of the strictest kind of match that gives any."""
        found: dict[str, list[_Found]] = {text: [] for text in texts}
        for match in Match:
            left = [
                (text, hashed) for text, seen in found.items() if not seen and (hashed := key(match, text)) is not None
            ]
            for (text, _), names in zip(left, self._vocabulary.lookup([hashed for _, hashed in left]), strict=True):
                if names:
                    found[text] = self._ordered((name, SCORES[match]) for name in names)
        return found

    def _near(self, text: str, near: Sequence[tuple[int, float]]) -> list[_Found]:
        return self._ordered((name, round(cosine * _NEAR_SHARE, 6)) for name, cosine in near)

    def _ordered(self, names: Iterable[tuple[int, float]]) -> list[_Found]:
        """The concepts of scored names, each by its best one, in order."""
        best: dict[int, _Found] = {}
        for name, score in names:
            concept = self._vocabulary.concept_of(name)
            new = _Found(score, self._vocabulary.kind(name), self._vocabulary.length(name), concept)
            if concept not in best or new.order < best[concept].order:
                best[concept] = new
        return sorted(best.values(), key=lambda found: found.order)

    def _link(self, found: _Found) -> ConceptLink:
        vocabulary = self._vocabulary
        return ConceptLink(vocabulary.id(found.concept), vocabulary.preferred(found.concept), found.score)

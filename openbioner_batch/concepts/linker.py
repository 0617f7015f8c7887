"""From mentions to a vocabulary's concepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from openbioner_batch.concepts.candidates import Candidate, Ranking, first_of, is_related
from openbioner_batch.concepts.contradictions import disagree, is_spelling
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.keys import BY_CONTENT, SCORES, STRICT, Match, content_key, key
from openbioner_batch.concepts.nearest import Nearest
from openbioner_batch.concepts.normalising import content, looks_abbreviated
from openbioner_batch.concepts.restating import narrower, restated
from openbioner_batch.concepts.variants import (
    coordinated,
    generalised,
    in_full,
    is_of_group,
    joins_by_word,
    other_words,
    says_nothing,
    spelt_share,
    subjects,
)
from openbioner_batch.concepts.vectors import VECTORS, NearestVectors
from openbioner_batch.records import ConceptLink

LEAST_COSINE = 0.72
"""Of a name that is near enough: of 0.60 to 0.80 what was most often right, and wrong least often, on GSC+ (README)."""
NEAR_NAMES = 16
"""Looked at for a mention, for several may be of one concept."""
OF_VECTORS = 0.3
"""The score of a name near by its vector alone is its cosine times this. Only `_OF_SUBJECT` has less than this too."""
_OF_SUBJECT = (0.2, 0.1)
"""The score of an abnormality of what a mention is about: the first, and the second times the share of its words."""
_AT_ONCE = 1000
"""Mentions that are linked together, which bounds memory."""
_NEAR = 0.9
"""The score of a near name is its cosine times this, so that it is below that of any match of words."""
_SAYS_MORE = 0.45
"""The same for a near name of more words than the mention."""
_OF_HEAD = 0.5
"""The score of a name of two words for its head alone."""
_OF_A_PART = 0.95
"""The score of what a coordinated mention says in full is that of its match times this."""
_RESTATED_BY = (Match.COMPOUND, Match.LEARNT)
_RESTATED = 0.85
"""The score of what a mention may say in words near to its own (`neighbours.yaml`)."""
_GENERALISED = 0.9
"""The score of a mention without some of its words is the share of those that are left times this."""


@dataclass(frozen=True, slots=True)
class Mention:
    """What is to be linked."""

    text: str
    expansion: str | None = None
    """What its document says that it is short for."""

    @property
    def texts(self) -> list[str]:
        """What is looked for, the expansion first."""
        return [text for text in (self.expansion, self.text) if text]


class Linker:
    """Links mentions to concepts; what it says of a mention depends on the mention and the vocabulary alone.

    An expansion is looked for before the mention itself. The strictest kind of match (`keys.Match`) at which a text has
    any decides; then what a coordinated mention says in full; then near names and the mention without some of its
    words, by their scores; then the abnormality of what it is about; then, if the index has vectors, names near by
    these. The best come first (`candidates.Ranking`).
    """

    def __init__(self, vocabulary: Vocabulary, top: int = 1, least: float = 0.0) -> None:
        """Prepare to link.

        Args:
            vocabulary: the index.
            top: the most concepts for a mention.
            least: the least score of a concept.
        """
        self._vocabulary, self._top, self._least = vocabulary, top, least
        self._ranking = Ranking(vocabulary)
        self._nearest = Nearest(vocabulary, LEAST_COSINE, NEAR_NAMES)
        self._by_vectors = NearestVectors(vocabulary, NEAR_NAMES) if uses_vectors(vocabulary, least) else None

    def link(self, mentions: Iterable[Mention]) -> dict[Mention, tuple[ConceptLink, ...]]:
        """The concepts of each distinct mention, best first; none where nothing is sure."""
        distinct = list(dict.fromkeys(mentions))
        linked: dict[Mention, tuple[ConceptLink, ...]] = {}
        for start in range(0, len(distinct), _AT_ONCE):
            linked |= self._linked(distinct[start : start + _AT_ONCE])
        return linked

    def _linked(self, distinct: Sequence[Mention]) -> dict[Mention, tuple[ConceptLink, ...]]:
        texts = list(dict.fromkeys(text for found in distinct for text in found.texts))
        sure = self._matched(texts, STRICT)
        sure |= self._above_related(sure)
        pending = [text for text in texts if not sure[text] and not looks_abbreviated(text) and not says_nothing(text)]
        sure |= self._coordinated(pending)
        pending = [text for text in pending if not sure[text]]
        loose = self._loose(pending)
        subjects = self._of_subjects([text for text in pending if not loose[text]])
        found = {mention: first_of(mention.texts, (sure, loose, subjects)) for mention in distinct}
        if self._by_vectors:
            found |= self._near_by_vectors([mention for mention, some in found.items() if not some])
        return {
            mention: tuple(self._link(one) for one in some[: self._top] if one.score >= self._least)
            for mention, some in found.items()
        }

    def _near_by_vectors(self, mentions: Sequence[Mention]) -> dict[Mention, list[Candidate]]:
        """The concepts of names near by their vectors, of mentions that have words in full."""
        texts = {mention: text for mention in mentions if (text := in_full(mention.texts))}
        distinct = list(dict.fromkeys(texts.values()))
        assert self._by_vectors
        found = {
            text: self._ranking.of_names(
                (name, round(cosine * OF_VECTORS, 4)) for name, cosine in self._agreeing(text, near)
            )
            for text, near in zip(distinct, self._by_vectors.find(distinct), strict=True)
        }
        return {mention: found[text] for mention, text in texts.items()}

    def _matched(self, texts: Iterable[str], kinds: Sequence[Match]) -> dict[str, list[Candidate]]:
        """The concepts with a name that matches each text, of the strictest kind of match that gives any."""
        found: dict[str, list[Candidate]] = {text: [] for text in texts}
        for match in kinds:
            names = self._named(match, [text for text, seen in found.items() if not seen])
            if match is Match.EXACT:
                names = self._with_spellings(names)
            for text, numbers in names.items():
                said = text if match >= Match.EQUIVALENT else ""
                found[text] = self._ranking.of_names(((number, SCORES[match]) for number in numbers), said)
        return found

    def _named(self, match: Match, texts: Iterable[str]) -> dict[str, list[int]]:
        """The names that match texts in one way, of those texts that have any."""
        hashes = [(text, hashed) for text in texts if (hashed := key(match, text)) is not None]
        if match in BY_CONTENT:
            hashes += [(text, content_key(match, words)) for text, _ in hashes for words in other_words(text)]
        found = self._of_keys(hashes)
        if match in BY_CONTENT:
            exact = [(text, content_key(match, words)) for text in dict(hashes) for words in narrower(text)]
            found |= {text: names for text, names in self._of_keys(exact).items() if names}
        if match >= Match.REORDERED:
            found |= {text: self._ungrouped(names) for text, names in found.items() if names and joins_by_word(text)}
        return {text: names for text, names in found.items() if names}

    def _of_keys(self, hashes: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
        """The names of each text's keys."""
        found: dict[str, list[int]] = {text: [] for text, _ in hashes}
        for (text, _), names in zip(hashes, self._vocabulary.lookup([hashed for _, hashed in hashes]), strict=True):
            found[text] += names
        return found

    def _ungrouped(self, names: Iterable[int]) -> list[int]:
        """Without those of groups: "aplastic or hypoplastic nails" is read in its parts."""
        return [name for name in names if not is_of_group(self._vocabulary.name(name))]

    def _with_spellings(self, exact: dict[str, list[int]]) -> dict[str, list[int]]:
        """Names found letter by letter, and where none of them is preferred also those found except for spelling.

        That one of two concepts has a synonym's plural too does not mean that it is meant by the plural.
        """
        kind = self._vocabulary.kind
        synonyms = [text for text, names in exact.items() if all(kind(name) for name in names)]
        spelt = self._named(Match.NORMALISED, synonyms)
        return {text: names + spelt.get(text, []) for text, names in exact.items()}

    def _above_related(self, sure: dict[str, list[Candidate]]) -> dict[str, list[Candidate]]:
        """The abnormality of what texts say, where it is above what has only a related synonym in other words.

        "Speech difficulties" are related to a delay of speech, but a "speech impairment" is an abnormality of speech.
        """
        related = [text for text, found in sure.items() if found and is_related(found[0])]
        return {
            text: found
            for text, found in self._matched(related, (Match.IMPLIED,)).items()
            if found and self._ranking.is_above(found[0], sure[text][0])
        }

    def _coordinated(self, texts: Sequence[str]) -> dict[str, list[Candidate]]:
        """The concepts of what coordinated mentions say in full, in the order of the readings."""
        readings = {text: found for text in texts if (found := coordinated(text))}
        known = self._matched(dict.fromkeys(reading for found in readings.values() for reading in found), STRICT)
        said: dict[str, list[Candidate]] = {}
        for text, found in readings.items():
            first: dict[int, Candidate] = {}
            for one in (one for reading in found for one in known[reading]):
                first.setdefault(one.concept, replace(one, score=round(one.score * _OF_A_PART, 6)))
            said[text] = list(first.values())
        return said

    def _loose(self, texts: Sequence[str]) -> dict[str, list[Candidate]]:
        """Near names, and the concepts of mentions without some of their words or with a word of abnormality."""
        found = self._matched(texts, (Match.IMPLIED,))
        for text, concepts in self._restated([text for text in texts if not found[text]]).items():
            found[text] = concepts
        for text, concepts in self._generalised([text for text in texts if not found[text]], Match.DERIVED).items():
            found[text] = concepts
        for text, concepts in self._longer(texts).items():
            found[text] = self._ranking.best_of_each((*found[text], *concepts))
        for text, near in zip(texts, self._nearest.find(texts), strict=True):
            if near:
                found[text] = self._ranking.best_of_each((*found[text], *self._near(text, near)))
        pending = [text for text in texts if not found[text]]
        return found | self._generalised(pending, Match.COMPOUND)

    def _restated(self, texts: Sequence[str]) -> dict[str, list[Candidate]]:
        """The concepts of what mentions may say in words near to theirs, by the first of these that give any."""
        wanted = [
            (text, content_key(kind, words)) for text in texts for words in restated(text) for kind in _RESTATED_BY
        ]
        found: dict[str, list[Candidate]] = {}
        for (text, _), names in zip(wanted, self._vocabulary.lookup([hashed for _, hashed in wanted]), strict=True):
            if names and text not in found:
                found[text] = self._ranking.of_names((name, _RESTATED) for name in names)
        return found

    def _of_subjects(self, texts: Sequence[str]) -> dict[str, list[Candidate]]:
        """The abnormality of what mentions are about, by the most of their words that give one."""
        first, share = _OF_SUBJECT
        wanted = [
            (text, round(first + share * part, 6), content_key(Match.IMPLIED, words))
            for text in texts
            for part, words in subjects(text)
        ]
        found: dict[str, list[tuple[int, float]]] = {text: [] for text in texts}
        known = self._vocabulary.lookup([hashed for _, _, hashed in wanted])
        for (text, score, _), names in zip(wanted, known, strict=True):
            if not found[text] or found[text][0][1] == score:
                found[text] += [(name, score) for name in names]
        return {text: self._ranking.of_names(names) for text, names in found.items()}

    def _longer(self, texts: Sequence[str]) -> dict[str, list[Candidate]]:
        """Of the concepts with a name of one word more the one above all others, else the one with most such names.

        Of pits of many kinds those in front of the ear have most names: they are the ones most spoken of.
        """
        found: dict[str, list[Candidate]] = {}
        for text, names in self._named(Match.LONGER, texts).items():
            said = len(content(text))
            score = max(SCORES[Match.LONGER], round(_GENERALISED * said / (said + 1), 6)) if said > 1 else _OF_HEAD
            concepts = self._ranking.of_names((name, score) for name in names)
            found[text] = self._ranking.above_all(concepts)
            counts = Counter(map(self._vocabulary.concept_of, names)).most_common(2)
            if not found[text] and counts[0][1] > counts[1][1]:
                found[text] = [one for one in concepts if one.concept == counts[0][0]]
        return found

    def _generalised(self, texts: Sequence[str], kind: Match) -> dict[str, list[Candidate]]:
        """The concepts of mentions without the fewest words that leave a name, by one kind of match."""
        wanted = [(text, share, content_key(kind, words)) for text in texts for share, words in generalised(text)]
        found: dict[str, list[Candidate]] = {}
        for (text, share, _), names in zip(
            wanted, self._vocabulary.lookup([hashed for _, _, hashed in wanted]), strict=True
        ):
            if names and text not in found:
                found[text] = self._ranking.of_names((name, round(_GENERALISED * share, 6)) for name in names)
        return found

    def _near(self, text: str, near: Sequence[tuple[int, float]]) -> list[Candidate]:
        """The concepts of near names; where the nearest says more than the mention, one above it comes first."""
        said = len(content(text))
        near = [
            (name, cosine * spelt_share(text, self._vocabulary.name(name)))
            for name, cosine in self._agreeing(text, near)
            if is_spelling(text, self._vocabulary.name(name))
        ]
        if not near:
            return []
        near.sort(key=lambda one: -one[1])
        found = self._ranking.of_names(
            (name, round(cosine * (_NEAR if len(content(self._vocabulary.name(name))) <= said else _SAYS_MORE), 6))
            for name, cosine in near
        )
        nearest = near[0][0]
        if len(content(self._vocabulary.name(nearest))) > said:
            above = self._vocabulary.ancestors(self._vocabulary.concept_of(nearest))
            if higher := next((one for one in found if one.concept in above), None):
                return [replace(higher, score=found[0].score), *(one for one in found if one is not higher)]
        return found

    def _agreeing(self, text: str, near: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
        """Without the names that contradict a text."""
        return [one for one in near if not disagree(text, self._vocabulary.name(one[0]))]

    def _link(self, found: Candidate) -> ConceptLink:
        vocabulary = self._vocabulary
        return ConceptLink(vocabulary.id(found.concept), vocabulary.preferred(found.concept), found.score)


def uses_vectors(vocabulary: Vocabulary, least: float) -> bool:
    """Whether mentions are compared with names by an encoder, for concepts of some least score."""
    return VECTORS in vocabulary.arrays and least < OF_VECTORS

"""Clinical terms that look like names: they are kept, unless the words around them show that a person is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.person_cues import PersonEvidence, person_evidence

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


_BETWEEN = r"(?:\s?[,;/+>→]\s?(?:and\s|or\s|then\s)?|\s->\s|\s(?:and|or|then|vs|versus)\.?\s)"
_SEPARATOR = re.compile(_BETWEEN)
_ITEM_BEFORE = re.compile(rf"(?P<word>[^\W\d_]+(?:['’]s)?){_BETWEEN}\Z")
_ITEM_AFTER = re.compile(rf"{_BETWEEN}(?P<word>[^\W\d_]+)")
_ITEM_START = re.compile(r"(?:\A|[,;:/(\n]\s?|[.!?]\s|\b(?:and|or|no)\s)\Z", re.IGNORECASE)
_ITEM_END = re.compile(
    r"\s?[,;)/.+]|\s?-(?=[\s,;.]|\Z)|\s\d|\Z|\s(?:neg|pos|absent|present|nl|normal|mid|central|and|or|flushed|capped|"
    r"placed|in|out|discussed|"
    r"reviewed|revised|inserted|removed|[IVX]+|[A-D])\b"
)
"""What stands around an item of a list of signs, devices or scores."""
_STOP = re.compile(r"[.,:;|\n\t]")
_DEVICE = re.compile(r"\s([^\W\d_]+(?:-[^\W\d_]+)*)")
_OPERATED = re.compile(r"(?:\b[Ss]/[Pp]|\bstatus[ -]post|\b[Uu]nderwent(?:\san?)?|\bPOD\s?#?\d{1,2}\b(?:\sfrom)?)\s\Z")
"""What stands before the name of an operation."""
_LONGEST_PHRASE = 40
_LONGEST_LIST = 3
_COMPOUND = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ROMAN = re.compile(r"[IVX]{1,4}[A-Ea-e]?")
_GRADE_WITHIN = re.compile(r"[ ](?:[IVX]{1,4}[A-Ca-c]?|[A-D])\Z")
_SIGN = re.compile(r"['’]s?\s(?:sign|syndrome|disease|phenomenon|man(?:eu|oeu)ver|reflex|criteria|law|triad|palsy)\b")
_GRADE = re.compile(
    r"[ ]?(?:\+(?!\w)|-(?=[,;.]|\Z)|[ ](?:neg|pos|negative|positive|nl|wnl|abn|mild|mod|moderate|severe|class|grade|"
    r"stage|type|gr|score)\b|[ :=]{1,2}(?:\d{1,3}%|\d{1,2}\.\d+|[<>≤≥]\s?\d+|\d{1,2}/\d{1,3}\b(?!/)"
    r"|(?:I{1,3}|IV|VI{0,3}|IX)(?:[/-]?(?:I{1,3}|IV|V))?[A-Za-e]?(?![\w'’.]\w)"
    r"|[A-F](?=[,;.)]|\Z)|[A-F]\d(?!\w)|x\d(?!\w)|[1-4][A-Ea-e](?!\w)))"
)
"""What scales have, right after a word: +, neg, 9%, 2.75, IIIB, D, 2A."""
_RESULT = re.compile(
    r"[ ]?(?:\+(?!\w)|-(?=[,;.]|\Z)|[ ](?:neg|pos|negative|positive|nl|wnl|abn|class|grade|stage|type|gr|score)\b"
    r"|[ :=]{1,2}(?:\d{1,3}%|[<>≤≥]\s?\d))"
)
"""Those of them that never follow a person's name, as an initial, a suffix such as III or a bed may."""
_COUNT = re.compile(r"[ :=]{1,2}\d{1,3}(?:[-–]\d{1,3})?(?=[\s,;.)/]|\Z)(?![ ]?(?:yo|y/o|yr|[MF]\b|[A-Z]{2}))")
"""A number, which a bed or a year of birth may be too."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """Words that name diseases, signs, tests, devices and drugs."""

    eponyms: frozenset[str]
    """Eponyms that are rare as surnames today: they are kept where no person is meant."""
    surnames: frozenset[str]
    """Eponyms that many people bear, and places and words that name scales and devices: they are kept only
    with a head, with a grade or in a list of terms."""
    scales: frozenset[str]
    """Surnames that are a scale whenever a number follows: Morse 45; but Smith 12 may be in bed 12."""
    heads: frozenset[str]
    """Words that follow an eponym in a term: disease, sign, catheter."""
    terms: frozenset[str]
    """Names of drugs, devices, makers and germs: always terms, unless a title precedes them."""

    def is_term(self, text: str, found: Finding) -> bool:
        """Whether what was found as a name is a clinical term or a part of one; a grade may end it."""
        graded = _GRADE_WITHIN.search(text[found.start : found.end])
        end = found.start + graded.start() if graded else found.end
        return self.keeps(text, found.start, found.end) or self.is_in_phrase(text, found.start, end)

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Whether `text[start:end]`, taken for a name, is a clinical term.

        It is not where a title or label of a person precedes it or a credential follows. Otherwise it is one if all
        its words are terms, eponyms, frequent surnames or heads; where a frequent surname or a given name is among
        them, a head must be too, or follow.
        """
        all_words = self._words(text[start:end])
        words = [word for word in all_words if not _ROMAN.fullmatch(word.upper()) and word not in ("and", "or")]
        if not words or not all(self.knows(word) for word in words):
            return False
        if self.heads.issuperset(words) and not self.followed_by_head(text, end):
            return False
        person = not self.surnames.isdisjoint(words) or (len(words) > 1 and words[0] in lexicon().given_names)
        headed = (
            not self.heads.isdisjoint(words)
            or self.followed_by_head(text, end)
            or self._is_scale(text, start, end, words)
            or (len(words) < len(all_words) and not self.scales.isdisjoint(words))
        )
        if person and not (
            headed or self._is_in_list_of_terms(text, start, end) or self._is_among_terms(text, start, end)
        ):
            return False
        return not self.person_is_meant(text, start, end)

    def _words(self, value: str) -> list[str]:
        """The words of a value without case and accents; a listed compound counts as one word: Lund-Browder."""
        found: list[str] = []
        for token in _COMPOUND.findall(value):
            whole = _bare(token)
            found += [whole] if whole in self.eponyms or whole in self.terms else map(_bare, _WORD.findall(token))
        return found

    def is_in_phrase(self, text: str, start: int, end: int) -> bool:
        """Whether a range is part of a term of several words that means no person: Smith & Nephew."""
        around = max(0, start - _LONGEST_PHRASE), min(len(text), end + _LONGEST_PHRASE)
        return any(
            match.start() <= start and end <= match.end() and not self.person_is_meant(text, *match.span())
            for match in clinical_words().phrases.finditer(text, *around)
        )

    def is_scored(self, text: str, start: int, end: int, by_count: bool = True) -> bool:
        """Whether a grade, a result or, `by_count`, a number follows, as after a scale: "Rockall 4", "Vancouver B1"."""
        return bool(_GRADE.match(text, end) or (by_count and _COUNT.match(text, end)))

    def _is_scale(self, text: str, start: int, end: int, words: Sequence[str]) -> bool:
        """Whether a result follows, or for scales a grade or a number; or these words name an operation."""
        if _RESULT.match(text, end) or _OPERATED.search(text[max(0, start - 24) : start]):
            return True
        is_scale = self.surnames.isdisjoint(words) or not self.scales.isdisjoint(words)
        return is_scale and self.is_scored(text, start, end)

    def is_graded(self, text: str, end: int) -> bool:
        """Whether a grade or a result follows that no name has: "+", "neg", 9%, III. A letter may be an initial."""
        found = _GRADE.match(text, end)
        return found is not None and not (len(found[0].strip()) == 1 and found[0].strip().isalpha())

    def is_sign(self, text: str, end: int) -> bool:
        """Whether a possessive makes a word the name of a sign, a syndrome or the like: "Rob's sign"."""
        return _SIGN.match(text, end) is not None

    def in_frame(self, text: str, start: int, end: int) -> bool:
        """Whether a range of listed words has the context of a term: a head, a score or a list of terms."""
        words = self._words(text[start:end])
        return all(self.knows(word) or word == "st" for word in words) and (
            self.followed_by_head(text, end)
            or self._is_scale(text, start, end, words)
            or self._is_in_list_of_terms(text, start, end)
            or self._is_among_terms(text, start, end)
        )

    def _is_in_list_of_terms(self, text: str, start: int, end: int) -> bool:
        """Whether a range is three terms in a row, or beside a term in a list: "Norwood, Glenn and Fontan"."""
        names = [name for name in _SEPARATOR.split(text[start:end]) if name]
        if len(names) > 2 and any(self.is_scored(text, end, end) or not self.is_surname(name) for name in names):
            return True
        return any(
            word in self.eponyms or word in self.terms or word in self.heads for word in self._beside(text, start, end)
        )

    def is_surname(self, name: str) -> bool:
        """Whether the words of a term are all frequent surnames: "Murphy, Jones, Wagner" may be at the bedside."""
        return all(_bare(word) in self.surnames for word in _WORD.findall(name))

    def _is_among_terms(self, text: str, start: int, end: int) -> bool:
        """Whether a range is an item of a sentence with two other listed terms, and does not mean a person.

        "Hickman flushed, Groshong capped", "Graves, TRAb 8.1, Lugol, Plummer nails".
        """
        if not (_ITEM_START.search(text[max(0, start - 6) : start]) and _ITEM_END.match(text, end)):
            return False
        first = max((text.rfind(mark, 0, start) for mark in (". ", "\n")), default=-1) + 1
        last = min((at for mark in (". ", "\n") if (at := text.find(mark, end)) >= 0), default=len(text))
        others = [
            word
            for word in _WORD.finditer(text, first, last)
            if word[0][0].isupper() and (word.end() <= start or end <= word.start()) and self.knows(word[0])
        ]
        listed = {_bare(word[0]) for word in others} - self.heads
        sure = not listed.isdisjoint(self.eponyms | self.terms) or (
            len(listed) > 2 and any(self.is_scored(text, *word.span()) for word in others)
        )
        return len(listed) > 1 and sure and person_evidence(text, start, end) is PersonEvidence.NONE

    def _beside(self, text: str, start: int, end: int) -> Iterator[str]:
        """The words next to a range in its list, and those after it as long as they are listed."""
        if before := _ITEM_BEFORE.search(text[max(0, start - 40) : start]):
            yield _bare(before["word"])
        after = _ITEM_AFTER.match(text, end)
        for _ in range(_LONGEST_LIST):
            if after is None:
                return
            yield (word := _bare(after["word"]))
            after = _ITEM_AFTER.match(text, after.end()) if self.knows(word) else None

    def knows(self, word: str) -> bool:
        """Whether a word, without case and accents, is in one of the lists."""
        word = _bare(word)
        return word in self.eponyms or word in self.surnames or word in self.terms or word in self.heads

    def is_named_thing(self, text: str, start: int, end: int) -> bool:
        """Whether a word, part of a name found elsewhere in the note, names a thing here."""
        word = _bare(text[start:end])
        return self.knows(word) and self.followed_by_head(text, end)

    def followed_by_head(self, text: str, end: int) -> bool:
        """Whether a word such as disease, sign or catheter comes next, with at most one other word between."""
        after = _WORD.findall(_STOP.split(text[end : end + 40])[0])
        after = after[1 if after[:1] == ["s"] else 0 :][:2]
        device = _DEVICE.match(text, end)
        return any(_bare(word) in self.heads for word in after) or (
            device is not None and _bare(device[1]) in self.terms
        )

    def person_is_meant(self, text: str, start: int, end: int) -> bool:
        """Whether a title or a label of a person comes right before, or a credential right after."""
        return person_evidence(text, start, end) is PersonEvidence.STRONG


@cache
def allow_list() -> AllowList:
    """The list that the package carries, `allowlist.yaml`."""
    import yaml

    data = yaml.safe_load(files(__package__).joinpath("allowlist.yaml").read_text(encoding="utf-8"))
    sets = {kind: {normalise_word(word) for word in data[kind].split()} for kind in data}
    parts = {
        part
        for kind in ("eponyms", "surnames", "terms")
        for word in sets[kind]
        if "-" in word
        for part in word.split("-")
    }
    surnames = sets["surnames"] | {part for part in parts - sets["eponyms"] - sets["terms"] if len(part) > 2}
    return AllowList(*map(frozenset, (sets["eponyms"], surnames, sets["scales"], sets["heads"], sets["terms"])))


def _bare(word: str) -> str:
    """A word without case, accents and possessive."""
    return normalise_word(re.sub(r"['’]s?\Z", "", word))

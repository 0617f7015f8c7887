"""Clinical terms that look like names: they stay, unless the words around them say that a person is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.vocabulary import vocabulary

_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|MR|MRS|MS|DR)(?:\.\s{0,2}|"
    r"\s)(?:[A-Z][\w'’-]{0,20}\.?\s){0,2}\Z"
    r"|\b(?:Patient|PATIENT|Pt|PT|Name|NAME|Provider|Attending|Physician|Surgeon|[Ss]igned by|[Dd]ictated by|"
    r"cc)(?:\sname)?:\s{0,3}"
    r"(?:Dr\.\s)?(?:[A-Z][\w'’-]{0,20}\.?\s){0,2}\Z"
)
_CREDENTIAL = re.compile(r",?\s{1,2}(?:M\.?D|D\.?O|R\.?N|PA-C|N\.?P|Ph\.?D|LPN|DDS|MBBS)\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


_SEPARATOR = re.compile(r"\s*[,;/]\s*(?:and\s|or\s)?|\s(?:and|or)\s")
_ITEM_BEFORE = re.compile(r"(?P<word>[^\W\d_]+(?:['’]s)?)(?:\s?[,;/]\s?(?:and\s|or\s)?|\s(?:and|or)\s)\Z")
_ITEM_AFTER = re.compile(r"(?:\s?[,;/]\s?(?:and\s|or\s)?|\s(?:and|or)\s)(?P<word>[^\W\d_]+)")
_LONGEST_PHRASE = 40


@dataclass(frozen=True, slots=True)
class AllowList:
    """Words that name diseases, signs, tests, devices and drugs."""

    eponyms: frozenset[str]
    """Surnames of medicine that are rare as names today: they stay where no person is meant."""
    surnames: frozenset[str]
    """Surnames of medicine that many people bear: they stay only with a head."""
    heads: frozenset[str]
    """What follows an eponym when it is a term: disease, sign, catheter."""
    terms: frozenset[str]
    """Names of drugs, devices, makers and germs: always terms, unless a title stands before."""

    def is_term(self, text: str, found: Finding) -> bool:
        """Whether what was found to be a name is a clinical term, a part of one included."""
        return self.keeps(text, found.start, found.end) or self.is_in_phrase(text, found.start, found.end)

    def keeps(self, text: str, start: int, end: int) -> bool:
        """Whether `text[start:end]`, taken for a name, is a clinical term.

        It is none where a title or label of a person stands before it or a credential after it. Else it is one if all
        its words are terms, eponyms, frequent surnames or heads; where a frequent surname or a given name is among
        them, a head must be too, or follow.
        """
        words = [_bare(word) for word in _WORD.findall(text[start:end])]
        if not words or not all(self._knows(word) for word in words) or self.heads.issuperset(words):
            return False
        person = not self.surnames.isdisjoint(words) or (len(words) > 1 and words[0] in lexicon().given_names)
        headed = not self.heads.isdisjoint(words) or self.followed_by_head(text, end)
        if person and not headed and not self._is_in_list_of_terms(text, start, end):
            return False
        return not self.person_is_meant(text, start, end)

    def is_in_phrase(self, text: str, start: int, end: int) -> bool:
        """Whether a stretch is part of a term of several words, of which no person is meant: Smith & Nephew."""
        around = max(0, start - _LONGEST_PHRASE), min(len(text), end + _LONGEST_PHRASE)
        return any(
            match.start() <= start and end <= match.end() and not self.person_is_meant(text, *match.span())
            for match in vocabulary().phrases.finditer(text, *around)
        )

    def _is_in_list_of_terms(self, text: str, start: int, end: int) -> bool:
        """Whether it is three terms in a row or stands beside one in a list: "Norwood, Glenn and Fontan"."""
        names = [name for name in _SEPARATOR.split(text[start:end]) if name]
        if len(names) > 2:
            return True
        before, after = _ITEM_BEFORE.search(text[max(0, start - 40) : start]), _ITEM_AFTER.match(text, end)
        beside = [_bare(found["word"]) for found in (before, after) if found]
        return any(word in self.eponyms or word in self.terms or word in self.heads for word in beside)

    def _knows(self, word: str) -> bool:
        return word in self.eponyms or word in self.surnames or word in self.terms or word in self.heads

    def is_named_thing(self, text: str, start: int, end: int) -> bool:
        """Whether one word, part of a name found elsewhere in the note, is here the name of a thing."""
        word = _bare(text[start:end])
        return self._knows(word) and self.followed_by_head(text, end)

    def followed_by_head(self, text: str, end: int) -> bool:
        """Whether a word such as disease, sign or catheter comes next, with one other word between at most."""
        after = _WORD.findall(text[end : end + 40].split(".")[0].split(",")[0])
        return any(_bare(word) in self.heads for word in after[1 if after[:1] == ["s"] else 0 :][:2])

    def person_is_meant(self, text: str, start: int, end: int) -> bool:
        """Whether a title or a label of a person stands right before, or a credential right after."""
        return bool(_TITLE.search(text[max(0, start - 64) : start]) or _CREDENTIAL.match(text, end))


@cache
def allow_list() -> AllowList:
    """The list that the package carries, `allowlist.yaml`."""
    import yaml

    data = yaml.safe_load(files(__package__).joinpath("allowlist.yaml").read_text(encoding="utf-8"))
    return AllowList(
        *(frozenset(map(normalise_word, data[kind].split())) for kind in ("eponyms", "surnames", "heads", "terms"))
    )


def _bare(word: str) -> str:
    """A word without case, accents and possessive."""
    return normalise_word(re.sub(r"['’]s?\Z", "", word))

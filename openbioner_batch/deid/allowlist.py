"""Clinical terms that look like names: they stay, unless the words around them say that a person is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.lexicon import lexicon

_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|MR|MRS|MS|DR)(?:\.\s{0,2}|"
    r"\s)(?:[A-Z][\w'’-]{0,20}\.?\s){0,2}\Z"
    r"|\b(?:Patient|PATIENT|Pt|PT|Name|NAME|Provider|Attending|Physician|Surgeon|[Ss]igned by|[Dd]ictated by|"
    r"cc)(?:\sname)?:\s{0,3}"
    r"(?:Dr\.\s)?(?:[A-Z][\w'’-]{0,20}\.?\s){0,2}\Z"
)
_CREDENTIAL = re.compile(r",?\s{1,2}(?:M\.?D|D\.?O|R\.?N|PA-C|N\.?P|Ph\.?D|LPN|DDS|MBBS)\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


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
        if person and self.heads.isdisjoint(words) and not self.followed_by_head(text, end):
            return False
        return not self.person_is_meant(text, start, end)

    def _knows(self, word: str) -> bool:
        return word in self.eponyms or word in self.surnames or word in self.terms or word in self.heads

    def is_term(self, text: str, start: int, end: int) -> bool:
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

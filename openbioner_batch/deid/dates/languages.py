"""Detects a note's language, for names of months that several share: a Dutch april becomes mei, not May."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from openbioner_batch.deid.dates.words import MONTHS

_COMMON = {
    "en": "the and was with of for she he is has had patient this that not",
    "fr": "le les est et une des du dans pour avec elle sur au qui pas",
    "de": "der die und ist mit das dem den ein eine nicht wurde bei zum zur",
    "es": "el los la las y con una del por que fue se su en paciente",
    "it": "il gli è con una della del per che non nel si alla paziente di",
    "pt": "o os as e com uma do da por que foi não se no na em paciente",
    "nl": "het een van en met voor is op werd niet bij de te zijn",
}
_LANGUAGES: dict[str, list[str]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _LANGUAGES.setdefault(_word, []).append(_language)
_WORDS = re.compile(r"[^\W\d_]+")


def needs_language(texts: Iterable[str]) -> bool:
    """Whether one of these dates names a month in words that more than one language has."""
    names = (word.lower() for text in texts for word in _WORDS.findall(text))
    return any(len(MONTHS.get(name, ())) > 1 for name in names)


def language_of(text: str) -> str | None:
    """The language of `text` by its commonest words and its months; None where they do not decide."""
    counts: Counter[str] = Counter()
    for word in _WORDS.findall(text.lower()):
        counts.update(_LANGUAGES.get(word, ()))
        if len(months := MONTHS.get(word, ())) == 1:
            counts[next(iter(months))] += 2
    ranked = counts.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]

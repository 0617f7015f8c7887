"""Words of names of places: those for the kind of place, and one form for all spellings of a name."""

from __future__ import annotations

from collections.abc import Iterable

from openbioner_batch.deid.normalising import normalise_word, strip_possessive
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.name_pools import name_pools
from openbioner_batch.deid.surrogates.names import letter_surrogate

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_SPELLINGS = {
    "st": "saint",
    "ste": "sainte",
    "mt": "mount",
    "ft": "fort",
    **{word: f"{n}{'th' if n > 3 else ('st', 'nd', 'rd')[n - 1]}" for n, word in enumerate(_ORDINALS, 1)},
}


def form_of(word: str) -> str:
    """A word in the form for comparison: without case, accents and possessive."""
    return normalise_word(strip_possessive(word)[0])


def name_form(words: Iterable[str]) -> str:
    """One form for a name in all its spellings: "St. Mary" and "Saint Mary", "5th" and "Fifth"."""
    words = list(words)
    if words and _SPELLINGS.get(form_of(words[0]), form_of(words[0])) == "saint":
        forms = [normalise_word(word) for word in words]  # "St. Mary's" is "Saint Marys"
    else:
        forms = [form_of(word) for word in words]
    return " ".join(_SPELLINGS.get(form, form) for form in forms if form)


def other_surname(form: str, scope: Scope, purpose: str) -> str:
    """A surname in small letters that begins with another letter than `form`, which is not empty."""
    letter = letter_surrogate(form[0], scope)
    return scope.choose(name_pools().surnames[letter], purpose, form).lower()

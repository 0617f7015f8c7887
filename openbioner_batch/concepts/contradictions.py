"""What words say against each other, and which of them speak of form."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources

from openbioner_batch.concepts.keys import Match, key
from openbioner_batch.concepts.normalising import content, forms, meaning
from openbioner_batch.concepts.parts import is_of_parts, parts

_PREFIXES = (("hyper", "hypo"), ("pre", "post"), ("supra", "infra"), ("micro", "macro"), ("intra", "extra"))
_OPPOSITE_PREFIXES = [*_PREFIXES, *((other, one) for one, other in _PREFIXES)]
NEGATIONS = frozenset("absent no not non without normal".split())
"""Words without which a mention says the contrary."""
_SHORT_OF_ABSENT = frozenset("abnormal decreased impaired small short".split())
"""Words of which what is absent is a case or a neighbour."""
_SORTS = {
    **dict.fromkeys("appearance malformation malformed deformity deformed dysmorphism dysmorphia".split(), "form"),
    **dict.fromkeys("dysmorphic misshapen maldevelopment morphology shape structure structural".split(), "form"),
    **dict.fromkeys("disorder disease problem".split(), "whole"),
    **dict.fromkeys("dysfunction dysfunctional function functional functioning malfunction".split(), "function"),
    **dict.fromkeys("physiology physiological".split(), "function"),
}
"""Words that say whether a finding is one of form, of function or of the whole."""


def contradict(words: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two wordings cannot mean the same: increased and decreased, hyper- and hypo-, 3rd and 4th, X and no X.

    Args:
        words: as `normalising.content` gives them.
        others: the same of the other wording.
    """
    one = set(words)
    other = set(others)
    one, other = one - other, other - one
    if any(map(is_label, one)) and any(map(is_label, other)):
        return True
    if NEGATIONS.isdisjoint(one) != NEGATIONS.isdisjoint(other) and _SHORT_OF_ABSENT.isdisjoint(one | other):
        return True
    if not {*map(_denied, one)}.isdisjoint(other) or not {*map(_denied, other)}.isdisjoint(one):
        return True
    return any(not other.isdisjoint(_opposites_of(word)) for word in one)


def disagree(text: str, name: str) -> bool:
    """Whether a name cannot mean what a text says: it contradicts it or is of other parts.

    Two wordings of nothing but parts must agree in their heads.
    """
    words, others = content(text), content(name)
    if is_of_parts(words) and is_of_parts(others):
        return key(Match.EQUIVALENT, text) != key(Match.EQUIVALENT, name)
    return contradict(words, others) or are_of_other_parts(words, others)


def are_of_other_parts(words: Iterable[str], others: Iterable[str]) -> bool:
    """Whether each of two wordings names a part of the body that the other does not: unequal ears, unequal arms."""
    one, other = parts().intersection(words), parts().intersection(others)
    return not (one <= other or other <= one)


def is_spelling(text: str, name: str) -> bool:
    """Whether a name may be another spelling of a text of one word: one word that begins alike.

    Words more are of something else ("mass" and "finger mass"), and so are other beginnings ("fullness", "dullness").
    """
    words, others = content(text), content(name)
    return len(words) > 1 or (len(others) == 1 and words[0][0] == others[0][0])


def sort_of(text: str) -> str | None:
    """Whether a text speaks of form (a malformation), of function (a dysfunction) or of the whole (a disorder)."""
    return next((sort for form in forms(text) if (sort := _SORTS.get(form))), None)


def is_of_sort(name: str, sort: str) -> bool:
    """Whether a name is of the sort of finding that a mention speaks of; one of no sort is of the whole."""
    return (sort_of(name) or "whole") == sort


def is_label(word: str) -> bool:
    """Whether a word is a number or a letter, as in "type 2" and "type B"."""
    return len(word) == 1 or word.isdigit()


def _denied(word: str) -> str:
    """What a word with "non" before it denies, in what stands for it; nothing of other words."""
    return meaning(word.removeprefix("non")) if word.startswith("non") else ""


@functools.lru_cache(maxsize=1 << 14)
def _opposites_of(word: str) -> frozenset[str]:
    found = {other + word[len(one) :] for one, other in _OPPOSITE_PREFIXES if word.startswith(one)}
    return _listed().get(word, frozenset()) | found


@functools.cache
def _listed() -> dict[str, frozenset[str]]:
    """Each word of `opposites.yaml`, in what stands for it, and those against it."""
    import yaml

    sets = yaml.safe_load(resources.files(__package__).joinpath("opposites.yaml").read_text("utf-8"))
    found: dict[str, frozenset[str]] = {}
    for words in ({meaning(word) for word in line.split()} for line in sets):
        for word in words:
            found[word] = found.get(word, frozenset()) | (words - {word})
    return found

"""Normalises the names that an LLM gives types, so that each type has one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

LONGEST_NAME, MOST_WORDS = 48, 5
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_BRACKETS = re.compile(r"\([^()]*\)")
_SAME_IN_PLURAL = frozenset(
    """species series diabetes rabies herpes measles mumps scabies caries news lens gas bias atlas pancreas corps
    physics genetics kinetics dynamics statistics diagnostics therapeutics obstetrics pediatrics demographics
    characteristics semantics mechanics ascites feces sepsis menses""".split()
)
_IRREGULAR = {
    "bacteria": "bacterium",
    "criteria": "criterion",
    "phenomena": "phenomenon",
    "mitochondria": "mitochondrion",
    "fungi": "fungus",
    "stimuli": "stimulus",
    "nuclei": "nucleus",
    "data": "data",
    "children": "child",
    "people": "person",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "teeth": "tooth",
    "feet": "foot",
    "matrices": "matrix",
    "indices": "index",
    "vertebrae": "vertebra",
}
_ES_AFTER = ("ches", "shes", "sses", "xes", "zzes")
SHORTEST_TO_MERGE = 6
TIMES_RARER = 5


def normalise_type(name: str) -> str | None:
    """A type's name in lower case with underscores, its last word singular; None where nothing usable is left."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub("_", _BRACKETS.sub(" ", name)))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    words = [word for word in _NOT_NAME.split(plain) if word]
    if not words or len(words) > MOST_WORDS:
        return None
    normal = "_".join([*words[:-1], singular_noun(words[-1])])
    return normal if len(normal) <= LONGEST_NAME and re.search("[a-z]{2}", normal) else None


def singular_noun(word: str) -> str:
    """An English noun, in lower case, in the singular, as far as spelling shows."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word in _SAME_IN_PLURAL or word.endswith(("ss", "us", "is", "itis")) or not word.endswith("s"):
        return word
    if word.endswith(("yses", "noses", "roses", "theses", "neses")):
        return f"{word[:-2]}is"
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(_ES_AFTER) or (word.endswith("ruses") and len(word) > 5):
        return word[:-2]
    return word[:-1]


def merge_near_duplicates(counts: Mapping[str, int]) -> dict[str, str]:
    """Types that are misspellings of more frequent ones: the rare name and its replacement.

    It merges names that differ only in underscores (`cell_line`, `cellline`), and long names without digits that are
    one letter apart (`symtom`, `symptom`) where one is much rarer.

    Args:
        counts: mentions of each type.
    """
    merged: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        joined = name.replace("_", "")
        same = owners.get(f"={joined}")
        known = (owners.get(key) for key in _keys(joined))
        near = same or next((owner for owner in known if owner is not None and _is_slip(counts, name, owner)), None)
        if near is not None:
            merged[name] = near
            continue
        owners[f"={joined}"] = name
        for key in _keys(joined):
            owners.setdefault(key, name)
    return merged


def _is_slip(counts: Mapping[str, int], name: str, owner: str) -> bool:
    much_rarer = counts[owner] >= TIMES_RARER * counts[name]
    return much_rarer and _one_apart(name.replace("_", ""), owner.replace("_", ""))


def _keys(joined: str) -> Iterator[str]:
    """The name, and the name with each letter left out: names one letter apart share one of these."""
    if len(joined) >= SHORTEST_TO_MERGE and not re.search(r"\d", joined):
        yield joined
        yield from (joined[:place] + joined[place + 1 :] for place in range(len(joined)))


def _one_apart(one: str, other: str) -> bool:
    """Whether two names differ by one added, missing or changed letter, or by two exchanged ones."""
    if len(one) > len(other):
        one, other = other, one
    place = next((n for n, letter in enumerate(one) if letter != other[n]), len(one))
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    swapped = one[place : place + 2] == other[place : place + 2][::-1] and one[place + 2 :] == other[place + 2 :]
    return one[place + 1 :] == other[place + 1 :] or swapped

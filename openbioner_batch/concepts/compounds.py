"""Greek and Latin compounds in plain words: macroglossia is a large tongue."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from openbioner_batch.concepts.normalising import stem, word_form

_LEAST = 7
"""The letters of a compound at least."""
_LEAST_LEFT = 2
"""Words at least that are left where others say nothing: a lack of concentration is no absence."""
_BLOOD = frozenset(("blood",))
_CHANGES = frozenset("increased decreased large small long short delayed fast reflex".split())
"""Words of `together` that stand in many names: the other word of each is looked for first."""
_ANY = "xxxx"
"""Stands for the beginning of a word, of which an ending is to be stemmed."""


@functools.lru_cache(maxsize=1 << 14)
def in_plain_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words with compounds taken apart (`compounds.yaml`), each once, stemmed and in order of the alphabet.

    Args:
        words: as `normalising.content` gives them.
    """
    table = _table()
    plain = {part for word in words for part in _parts(word)}
    if not plain.isdisjoint(table["told"]):
        for pair, instead in table["together"]:
            if pair <= plain:
                plain = plain - pair | {instead}
    found = plain - table["nothing"]
    if found <= table["qualities"]:
        found = plain
    for little in (table["measured"], _BLOOD):
        if not little.isdisjoint(found) and len(said := found - little) >= _LEAST_LEFT:
            found = said
    implied = {word for word in found if word in table["implied"] and not found.isdisjoint(table["implied"][word])}
    return tuple(sorted({*map(stem, found - implied)}))


def plain_word(word: str) -> str:
    """What stands for a word at this level alone: "blood" for serum."""
    instead: str = _table()["words"].get(word, word)
    return instead


@functools.lru_cache(maxsize=1 << 16)
def _parts(word: str) -> tuple[str, ...]:
    """What a word says in plain words, in what stands for each; the word itself where it is no compound."""
    table = _table()
    return tuple(table["words"].get(part, part) for part in _taken_apart(word))


def _taken_apart(word: str) -> tuple[str, ...]:
    """A prefix, a root and an ending in plain words."""
    table = _table()
    if whole := table["wholes"].get(word):
        said: tuple[str, ...] = whole
        return said
    if len(word) < _LEAST:
        return (word,)
    stemmed = stem(word)
    if stemmed.startswith(tuple(table["prefixes"])):
        for prefix, first in table["prefixes"].items():
            if stemmed.startswith(prefix) and (root := table["roots_after_prefixes"].get(stemmed.removeprefix(prefix))):
                return (*first.split(), *root.split())
    for ending, last in table["endings"].items() if stemmed.endswith(tuple(table["endings"])) else ():
        for prefix, first in {**table["prefixes_before_endings"], "": ""}.items() if stemmed.endswith(ending) else ():
            if stemmed.startswith(prefix):
                root = stemmed.removeprefix(prefix).removesuffix(ending)
                if known := table["roots"].get(root) or table["roots"].get(root.removesuffix("o")):
                    return (*first.split(), *known.split(), *last.split())
    return (word,)


@functools.cache
def _table() -> dict[str, Any]:
    """`compounds.yaml`; what ends words, in the form that this has when they are stemmed."""
    import yaml

    found: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("compounds.yaml").read_text("utf-8"))
    for name in ("endings", "roots_after_prefixes"):
        found[name] = {stem(_ANY + part)[len(_ANY) :]: words for part, words in found[name].items()}
    found["words"] = {word_form(word): instead for instead, words in found["words"].items() for word in words.split()}
    for name in ("nothing", "measured", "qualities"):
        found[name] = frozenset(found[name].split())
    found["together"] = [
        (frozenset(pair.split()), instead) for instead, pairs in found["together"].items() for pair in pairs.split(", ")
    ]
    found["told"] = frozenset.union(*(pair for pair, _ in found["together"])) - _CHANGES
    found["implied"] = {word: frozenset(map(word_form, words.split())) for word, words in found["implied"].items()}
    found["wholes"] = {word: tuple(map(word_form, words.split())) for word, words in found["wholes"].items()}
    return found

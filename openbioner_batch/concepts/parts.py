"""Parts of the body: which of a name's words are such, and which of them is its head."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from importlib import resources
from typing import Any

AFTER_HEAD = frozenset("of in on at with by from to the".split())
"""Words that end what a name's head is looked for in."""
_ADJECTIVE = ("al", "ic", "ar", "ous", "ary", "bony", "ine")
"""How adjectives of parts end: "renal", "gastric", "osseous"."""


@functools.cache
def _read() -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load(resources.files(__package__).joinpath("parts.yaml").read_text("utf-8"))
    return found


@functools.cache
def parts() -> frozenset[str]:
    """The words of `parts.yaml`."""
    return frozenset(_read()["parts"].split())


@functools.cache
def named_with() -> dict[str, frozenset[str]]:
    """Words that belong to the names of some parts, and those parts: "small" of the small intestine."""
    return {word: frozenset(after.split()) for word, after in _read()["part_of_name"].items()}


def is_of_parts(words: Collection[str]) -> bool:
    """Whether several words (as `content` gives them) name nothing but parts."""
    return len(words) > 1 and parts().issuperset(words)


def head_part(found: Iterable[str]) -> str:
    """The form of the head of words of parts, the last noun before a preposition; nothing where all are adjectives."""
    head = ""
    for form in found:
        if form in AFTER_HEAD and head:
            break
        head = head if form in AFTER_HEAD or form.endswith(_ADJECTIVE) else form
    return head

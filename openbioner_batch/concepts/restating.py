"""What a mention says in other words than its own: more exactly, or nearly the same."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import resources

from openbioner_batch.concepts.normalising import content, forms
from openbioner_batch.concepts.variants import MOST_WORDS

_MALIGNANT = frozenset(("cancer", "malignancy", "cancerous"))
_MOST = 5
"""Wordings of a mention that are looked for, which bounds what it costs."""
_ATTACKS = frozenset("attack bout spell paroxysm episode".split())


def restated(text: str) -> Iterator[tuple[str, ...]]:
    """What a name may say where no name says what a mention says (`neighbours.yaml`), as `content` gives it.

    A poor cry is a weak one, a loss of reflexes their absence. The nearest come first; one word is replaced at a time.
    """
    words = content(text)
    if 2 <= len(words) <= MOST_WORDS:
        near = [(rank, word, others) for word in words for rank, others in enumerate(_neighbours().get(word, ()))]
        for _, word, others in sorted(near, key=lambda one: one[:2])[:_MOST]:
            if len(found := {*words} - {word} | others) > 1:
                yield tuple(sorted(found))


@functools.cache
def _neighbours() -> dict[str, tuple[frozenset[str], ...]]:
    import yaml

    table: dict[str, str] = yaml.safe_load(resources.files(__package__).joinpath("neighbours.yaml").read_text("utf-8"))
    return {
        word: tuple(frozenset(other.split("+")) - {"-"} for other in others.split()) for word, others in table.items()
    }


def narrower(text: str) -> Iterator[tuple[str, ...]]:
    """What a mention says more exactly than by its words alone, as `content` gives it: a cancer is malignant.

    Bouts of fever are a recurrent fever.
    """
    found = forms(text)
    if not _MALIGNANT.isdisjoint(found):
        yield tuple(sorted({*content(text), "malignant"}))
    if not _ATTACKS.isdisjoint(found):
        yield tuple(sorted({*content(text)} - _ATTACKS | {"recurrent"}))

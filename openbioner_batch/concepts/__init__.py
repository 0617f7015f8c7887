"""Vocabularies as memory-mapped indexes, the linker of mentions to their concepts, and the dictionary recognizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.concepts.building import build_vocabulary
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import Linker, Mention

__all__ = [
    "Linker",
    "Mention",
    "Vocabulary",
    "build_vocabulary",
]

_HOMES = {
    "Linker": "linker",
    "Mention": "linker",
    "Vocabulary": "index",
    "build_vocabulary": "building",
}

__getattr__ = from_modules(__name__, _HOMES)

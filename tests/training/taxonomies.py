"""Small taxonomies, texts and states of tokens: what the head of a glossary is fitted to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from openbioner_batch.model.glossary import DENIED, Glossary, GlossaryEntry
from openbioner_batch.training.glossary.comparing import TokenStates
from openbioner_batch.training.glossary.drawing import Drawing
from openbioner_batch.training.glossary.material import (
    PassageLabels,
    TaxonomyClass,
    class_entries,
    class_labels,
    passage_labels,
)

ILLNESSES = """
illness:
  is: [An illness., 'what makes people ill']
  members: [sickness]
infection:
  parent: illness
  is: [An illness that germs cause.]
  members: [influenza | flu, pneumonia]
lung_illness:
  parent: illness
  is: [An illness of the lungs.]
  members: [asthma, pneumonia]
group:
  is: [A class without members.]
"""
MEDICINES = """
medicine:
  is: [A medicine., 'what is given to heal']
  members: [aspirin, salbutamol]
"""
NAMES = ("asthma", "lung cancer", "cough", "HeLa", "fever", "gout", "flu", "statin")
STATEMENTS = ("a sign", "a pill", "found in the blood", "what many old people have", "treated with drops")
NO_PASSAGES = passage_labels(Glossary(()), (), {})


def write_taxonomies(folder: Path) -> Path:
    """Two taxonomies, and one of expressions; returns the new folder."""
    folder.mkdir()
    (folder / "illnesses.yaml").write_text(ILLNESSES)
    (folder / "meds.yaml").write_text(MEDICINES)
    (folder / "expressions.yaml").write_text("dose:\n  is: [An amount.]\n  members: [ten milligrams]\n")
    return folder


@dataclass(frozen=True)
class World:
    """What a drawing draws from.

    Attributes:
        classes: of taxonomies.
        written: more entries.
        described: descriptions by names, which the entries of these first names have too.
        passages: labels of passages.
    """

    classes: Sequence[TaxonomyClass]
    written: Sequence[GlossaryEntry]
    described: Mapping[str, tuple[str, ...]]
    passages: PassageLabels = NO_PASSAGES

    @cached_property
    def glossary(self) -> Glossary:
        more = [GlossaryEntry(one.names, one.glosses + self.described.get(one.names[0], ())) for one in self.written]
        return Glossary([*class_entries(self.classes), *more])

    @cached_property
    def labels(self) -> np.ndarray:
        return class_labels(self.glossary, self.classes)

    @cached_property
    def stated(self) -> set[tuple[int, str, float]]:
        """What descriptions say: a meaning, a text, and whether it fits."""
        return {
            (meaning_of(self.glossary, name), text.removeprefix(DENIED), float(not text.startswith(DENIED)))
            for name, texts in self.described.items()
            for text in texts
        }

    def drawing(self, seed: int) -> Drawing:
        return Drawing(self.glossary, self.classes, self.labels, self.described, self.passages, seed)


def meaning_of(glossary: Glossary, name: str) -> int:
    (known,) = glossary.find(name)
    return known.meaning


def word_states(texts: Sequence[str], hidden: int = 16) -> TokenStates:
    """A state of each word, always the same: what a model would read if no word had a context."""
    return TokenStates([np.stack([_of_word(word, hidden) for word in re.findall(r"\w+", text)]) for text in texts])


@cache
def _of_word(word: str, hidden: int) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(word.lower().encode())).standard_normal(hidden).astype(np.float32)


def numbered_class(
    number: int, taxonomy: str, wordings: int, members: Sequence[str], parent: str | None = None
) -> TaxonomyClass:
    texts = tuple(f"Wording {wording} of kind {number}." for wording in range(wordings))
    return TaxonomyClass(taxonomy, f"kind_{number}", parent, texts, tuple(members))


def passage_rows(kinds: Sequence[Sequence[tuple[int, float, int]]]) -> PassageLabels:
    """Labels of types from the meanings, parts and times of each."""
    rows = [(kind, *row) for kind, of_kind in enumerate(kinds) for row in sorted(of_kind)]
    types, meanings, within, times = (np.array(column) for column in zip(*rows, strict=True))
    described = tuple((f"type_{kind}", f"what type {kind} is") for kind in range(len(kinds)))
    return PassageLabels(described, types, meanings, within, times)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few classes and entries, with and without passages."""
    some_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)
    some_texts = st.lists(st.sampled_from(STATEMENTS), min_size=1, unique=True)
    classes: list[TaxonomyClass] = []
    for number in range(draw(st.integers(1, 6))):
        taxonomy = draw(st.sampled_from("abc"))
        parent = draw(st.sampled_from([None, *(one.name for one in classes if one.taxonomy == taxonomy)]))
        classes.append(numbered_class(number, taxonomy, draw(st.integers(1, 8)), draw(some_names), parent))
    written = [GlossaryEntry(tuple(draw(some_names)), tuple(draw(some_texts))) for _ in range(draw(st.integers(0, 4)))]
    described = {}
    for entry in written:
        texts = draw(some_texts)
        denied = draw(st.integers(0, len(texts)))
        described[entry.names[0]] = (*(DENIED + text for text in texts[:denied]), *texts[denied:])
    world = World(classes, written, described)
    meanings = st.integers(0, len(world.glossary.meanings) - 1)
    row = st.tuples(meanings, st.sampled_from((0.0, 0.25, 1.0)), st.integers(1, 30))
    kinds = draw(st.lists(st.lists(row, min_size=1, max_size=9, unique_by=lambda one: one[0]), max_size=3))
    return World(classes, written, described, passage_rows(kinds) if kinds else NO_PASSAGES)

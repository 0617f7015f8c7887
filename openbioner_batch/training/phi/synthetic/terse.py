"""Terse clinical text by a grammar: shorthand, lists, tables, codes, short questions, most of it without identifiers.

What looks like an identifier in such text (eponyms, devices, criteria, doses, ratios, codes) is most often mistaken
for one. The grammar is `data/terse.yaml`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from openbioner_batch.training.phi.synthetic import values
from openbioner_batch.training.phi.synthetic.notes import SyntheticNote, add_noise, assemble_note, new_writer
from openbioner_batch.training.phi.synthetic.people import Person
from openbioner_batch.training.phi.synthetic.resources import grammar
from openbioner_batch.training.phi.synthetic.splits import in_split
from openbioner_batch.training.phi.synthetic.writer import NoteWriter, Piece

_SLOT = re.compile(r"<<([^<>]+)>>")
_RANGE = re.compile(r"(-?\d+(?:\.(\d+))?)-(\d+(?:\.\d+)?)")
_SEPARATORS = ("\n", "\n", "\n", " ", ". ", "; ", ", ", "\n\n", " -- ", " / ")
_NAME_LIKE = ("syndrome", "sign", "procedure")
"""Rules whose words are surnames too."""
FEWEST_TO_SPLIT = 8
"""Rules with fewer alternatives are shared by all splits."""


def write_terse(number: int, seed: int, split: str | None, identifiers: bool) -> Iterator[SyntheticNote]:
    """This many terse notes; the same arguments give the same notes.

    Args:
        number: how many.
        seed: of everything that is drawn.
        split: whose frames, words and names are used: `train`, `development`, `test`; None for all.
        identifiers: whether a few identifiers are among the terse text; otherwise there are none.
    """
    for index in range(number):
        chance = random.Random(f"terse/{seed}/{split}/{identifiers}/{index}")
        name = f"terse-{split or 'any'}-{seed}-{'few' if identifiers else 'none'}-{index:06d}"
        writer = new_writer(chance, split, name)
        if identifiers and chance.random() < 0.25:
            _name_after_a_disease(writer)
        pieces = add_noise(_pieces(_text(chance, split, identifiers), writer), chance)
        yield assemble_note(name, pieces, "terse", writer)


def _text(chance: random.Random, split: str | None, identifiers: bool) -> str:
    """Some fragments of one genre or of several, joined in one way."""
    genres = grammar("genres")
    one = chance.choice(genres)
    fragments = [one if chance.random() < 0.4 else chance.choice(genres) for _ in range(chance.randint(1, 8))]
    if identifiers:
        for _ in range(chance.randint(1, 3)):
            fragments.insert(chance.randint(0, len(fragments)), "<<with_identifiers>>")
    separator = chance.choice(_SEPARATORS)
    return separator.join(_expanded(fragment, chance, split) for fragment in fragments)


def _expanded(text: str, chance: random.Random, split: str | None) -> str:
    """The text with rules of the grammar, numbers and patterns filled in; slots of the writer are left as they are."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("="):
            return values.pattern(chance, name[1:])
        if bounds := _RANGE.fullmatch(name):
            low, high, places = float(bounds[1]), float(bounds[3]), len(bounds[2] or "")
            # low values are more frequent where a range spans orders of magnitude
            drawn = low * (high / low) ** chance.random() if low > 0 and high > 20 * low else chance.uniform(low, high)
            return f"{drawn:.{places}f}"
        if alternatives := grammar(name):
            return _expanded(chance.choice(_in_split(alternatives, split)), chance, split)
        return match[0]

    return _SLOT.sub(fill, text)


def _in_split(alternatives: Sequence[str], split: str | None) -> Sequence[str]:
    return (len(alternatives) >= FEWEST_TO_SPLIT and in_split(alternatives, split)) or alternatives


def _pieces(text: str, writer: NoteWriter) -> list[Piece]:
    pieces: list[Piece] = []
    for index, part in enumerate(_SLOT.split(text)):
        pieces += writer.slot(part) if index % 2 else [(part, None)]
    return [piece for piece in pieces if piece[0]]


def _name_after_a_disease(writer: NoteWriter) -> None:
    """A person of the note has a name that is also an eponym, so that only the context shows which is meant."""
    words = _in_split(grammar(writer.chance.choice(_NAME_LIKE)), writer.split)
    last = writer.chance.choice([word for word in words if word.isalpha() and word[0].isupper()])
    who = writer.chance.choice(("pt", "dr", "dr2"))
    if who == "pt":
        writer.patient = replace(writer.patient, person=replace(writer.patient.person, last=last))
    else:
        person = writer.people[who]
        writer.people[who] = Person(person.first, person.middle, last, person.female)

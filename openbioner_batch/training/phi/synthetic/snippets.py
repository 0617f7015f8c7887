"""Short texts written by hand, of which every identifier is marked: terse, odd and foreign styles of hospitals.

A line of `data/snippets/*.txt` is a snippet, with escaped line breaks and tabs; # begins a heading.
`[text](type)` is an identifier; everything else is not. Slots are drawn anew each time: those of the writer (`<<pt>>`,
`<<mrn>>`) are always identifiers; `<<de.name>>` is a name, street, ... of another country, `<<=##-@@>>` a
pattern, `<<55-110>>` a number of a range, `<<left|right>>` one of some words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from openbioner_batch.errors import UsageError
from openbioner_batch.training.marks import marked_pieces
from openbioner_batch.training.phi.synthetic import values
from openbioner_batch.training.phi.synthetic.notes import SyntheticNote, add_noise, assemble_note, new_writer
from openbioner_batch.training.phi.synthetic.resources import snippets
from openbioner_batch.training.phi.synthetic.writer import NoteWriter, Piece

if TYPE_CHECKING:
    from faker import Faker

LOCALES = {
    "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "pt": "pt_PT", "pl": "pl_PL",
    "sv": "sv_SE", "da": "da_DK", "fi": "fi_FI", "cs": "cs_CZ", "tr": "tr_TR", "gb": "en_GB", "au": "en_AU",
    "ca": "en_CA", "in": "en_IN", "ie": "en_IE", "nz": "en_NZ", "br": "pt_BR", "mx": "es_MX",
}  # fmt: skip
_OF_COUNTRY = {
    "name": lambda fake: f"{fake.first_name()} {fake.last_name()}",
    "first": lambda fake: fake.first_name(),
    "last": lambda fake: fake.last_name(),
    "street": lambda fake: fake.street_address().replace("\n", ", "),
    "city": lambda fake: fake.city(),
    "zip": lambda fake: fake.postcode(),
    "phone": lambda fake: fake.phone_number(),
}
_SLOT = re.compile(r"<<([^<>]+)>>")
_RANGE = re.compile(r"(\d+(?:\.(\d+))?)-(\d+(?:\.\d+)?)")
MOST_TOGETHER = 3
"""The most snippets in a note, as a page of a chart holds several."""


def write_snippets(number: int, seed: int, split: str | None) -> Iterator[SyntheticNote]:
    """This many notes of one to three snippets, each of a new patient; the same arguments give the same notes.

    Args:
        number: how many.
        seed: of everything that is drawn.
        split: whose names and numbers fill the slots: `train`, `development`, `test`; None for all.

    Raises:
        UsageError: Faker is not installed, or a slot is unknown.
    """
    order: list[str] = []
    for index in range(number):
        chance = random.Random(f"snippets/{seed}/{split}/{index}")
        name = f"snippets-{split or 'any'}-{seed}-{index:06d}"
        writer = new_writer(chance, split, name)
        taken: list[str] = []
        for _ in range(chance.randint(1, MOST_TOGETHER)):
            if not order:  # every snippet is used before one is used again
                order = chance.sample(lines := snippets(), len(lines))
            taken.append(order.pop())
        pieces = filled_snippet(chance.choice(("\n", "\n\n", "  ", "\n---\n")).join(taken), writer)
        yield assemble_note(name, add_noise(pieces, chance) if chance.random() < 0.3 else pieces, "snippets", writer)


def filled_snippet(text: str, writer: NoteWriter) -> list[Piece]:
    """The pieces of a snippet with its slots drawn.

    Raises:
        UsageError: a slot is unknown.
    """
    pieces: list[Piece] = []
    for piece, label in marked_pieces(text):
        drawn = _slots(piece, writer)
        pieces += drawn if label is None else [("".join(part for part, _ in drawn), label)]
    return [piece for piece in pieces if piece[0]]


def _slots(text: str, writer: NoteWriter) -> list[Piece]:
    pieces: list[Piece] = []
    for index, part in enumerate(_SLOT.split(text)):
        pieces += _slot(part, writer) if index % 2 else [(part, None)]
    return pieces


def _slot(name: str, writer: NoteWriter) -> list[Piece]:
    chance = writer.chance
    if name.startswith("="):
        return [(values.pattern(chance, name[1:]), None)]
    if "|" in name:
        return [(chance.choice(name.split("|")), None)]
    if bounds := _RANGE.fullmatch(name):
        return [(f"{chance.uniform(float(bounds[1]), float(bounds[3])):.{len(bounds[2] or '')}f}", None)]
    country, _, what = name.partition(".")
    if country in LOCALES and what in _OF_COUNTRY:
        fake = _faker(LOCALES[country])
        fake.seed_instance(chance.getrandbits(32))
        return [(_OF_COUNTRY[what](fake), None)]
    try:
        return writer.slot(name)
    except KeyError:
        raise UsageError(f"a snippet has the unknown slot <<{name}>>") from None


@cache
def _faker(locale: str) -> Faker:
    try:
        from faker import Faker
    except ImportError:
        raise UsageError("training data of other countries needs Faker: pip install 'openbioner-batch[deid]'") from None
    return Faker(locale)

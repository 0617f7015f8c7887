"""Writes whole notes: combines templates, fills them, and adds the noise of hospital systems, with exact offsets."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from openbioner_batch.training.phi.synthetic import values
from openbioner_batch.training.phi.synthetic.bodies import draw_body
from openbioner_batch.training.phi.synthetic.patients import Patient, draw_patient
from openbioner_batch.training.phi.synthetic.resources import DocumentTemplate, documents, templates
from openbioner_batch.training.phi.synthetic.writer import NoteWriter, Piece

_SLOT = re.compile(r"<<([A-Za-z0-9+:_-]+)>>")
_PART = re.compile(r"<<(body|sentence|negative)>>")
_LETTERS = re.compile(r"[a-z]{4,}")
HOSPITALS = 40
"""How many hospitals a split has, each with its own habits."""


@dataclass(frozen=True, slots=True)
class SyntheticNote:
    """A note of which every identifier is known."""

    id: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    """Half-open code-point offsets and the type of the PHI catalog."""
    type: str
    day: date
    patient: Patient

    def as_row(self) -> dict[str, Any]:
        """The note as a JSON object: `id`, `text`, `spans`, and what the hospital's tables say about the patient."""
        return {"id": self.id, "text": self.text, "spans": [list(span) for span in self.spans], **columns(self)}


def columns(note: SyntheticNote) -> dict[str, Any]:
    """The structured columns that go with a note."""
    patient = note.patient
    person = patient.person
    provider = patient.clinicians[0]
    return {
        "patient_id": patient.id,
        "name": " ".join(filter(None, (person.first, person.middle, person.last))),
        "birth_date": patient.born.isoformat(),
        "sex": "F" if person.female else "M",
        "mrn": patient.mrn,
        "phone": patient.phone,
        "address": f"{patient.street}, {patient.city}, {patient.state} {patient.zip}",
        "provider": f"{provider.first} {provider.last}",
        "note_date": note.day.isoformat(),
        "note_type": note.type,
    }


def write_notes(number: int, seed: int, split: str | None, corpus: Path | None) -> Iterator[SyntheticNote]:
    """This many notes, each of a new patient; the same arguments give the same notes.

    Args:
        number: how many.
        seed: of everything that is drawn.
        split: whose templates, names and bodies are used: `train`, `development`, `test`; None for all.
        corpus: real notes to take bodies from; None for our own sentences.
    """
    for index in range(number):
        writer = new_writer(random.Random(f"{seed}/{split}/{index}"), split, f"{split or 'any'}-{seed}-{index:06d}")
        yield write_note(writer.patient.id, writer, corpus, rough=True)


def new_writer(chance: random.Random, split: str | None, identity: str) -> NoteWriter:
    """The writer of a note of a new patient, on some day, in one of the split's hospitals.

    Args:
        chance: the note's own.
        split: whose names are used; None for all.
        identity: the patient's.
    """
    day = values.near(date(2012, 1, 1), chance.randrange(4300))
    patient = draw_patient(chance, split, reserved=False, identity=identity, day=day)
    return NoteWriter(patient, chance, random.Random(f"house {split} {chance.randrange(HOSPITALS)}"), split, day)


def write_note(
    identity: str, writer: NoteWriter, corpus: Path | None, rough: bool, template: DocumentTemplate | None = None
) -> SyntheticNote:
    """One note.

    Args:
        identity: its id.
        writer: fills the slots.
        corpus: as for `write_notes`.
        rough: whether to add capitals, typing errors and hard line breaks.
        template: the kind of note; drawn if None.
    """
    chance, split = writer.chance, writer.split
    if template is None and chance.random() < 0.45:
        template = DocumentTemplate("note", _assembled(chance, split), True)
    template = template or chance.choice(documents(split))
    text = template.text
    if template.tail and chance.random() < 0.8:
        text += "\n\n" + chance.choice(templates("signatures", split))
    while _PART.search(text):
        text = _PART.sub(lambda match: _part(match[1], chance, split, corpus), text)
    if template.type in ("fhir", "export", "hl7"):
        text = text.replace("\n\n", "\n")
    pieces = _pieces(text, writer)
    if rough:
        pieces = add_noise(pieces, chance)
    return assemble_note(identity, pieces, template.type, writer)


def _assembled(chance: random.Random, split: str | None) -> str:
    """A head, paragraphs of planted sentences among clinical text, and perhaps a second body."""
    parts = (
        ["<<sentence>>"] * chance.randint(1, 5)
        + ["<<negative>>"] * chance.randint(0, 4)
        + ["<<body>>"] * chance.randint(0, 2)
    )
    chance.shuffle(parts)
    paragraphs = chance.choice((" ", "\n", "\n\n", " ")).join(parts)
    return f"{chance.choice(templates('headers', split))}\n\n{paragraphs}" if chance.random() < 0.75 else paragraphs


def _part(kind: str, chance: random.Random, split: str | None, corpus: Path | None) -> str:
    return draw_body(chance, split, corpus) if kind == "body" else chance.choice(templates(f"{kind}s", split))


def _pieces(text: str, writer: NoteWriter) -> list[Piece]:
    pieces: list[Piece] = []
    for index, part in enumerate(_SLOT.split(text)):
        pieces += writer.slot(part) if index % 2 else [(part, None)]
    return [piece for piece in pieces if piece[0]]


def add_noise(pieces: Sequence[Piece], chance: random.Random) -> list[Piece]:
    """Now and then everything in capitals or small letters; typing errors; lines broken at a width."""
    manner = chance.choices(("as is", "upper", "lower", "typos", "wrapped"), (61, 10, 8, 13, 8))[0]
    if manner == "upper":
        return [(text.upper() if len(text.upper()) == len(text) else text, kind) for text, kind in pieces]
    if manner == "lower":
        return [(text.lower() if len(text.lower()) == len(text) else text, kind) for text, kind in pieces]
    if manner == "typos":
        return [(_mistyped(text, chance, 0.02 if kind is None else 0.01), kind) for text, kind in pieces]
    return _wrapped(pieces, chance.randint(60, 90)) if manner == "wrapped" else list(pieces)


def _mistyped(text: str, chance: random.Random, rate: float) -> str:
    def spoil(match: re.Match[str]) -> str:
        word = match[0]
        if chance.random() >= rate:
            return word
        at = chance.randrange(1, len(word) - 1)
        return chance.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at] + word[at:],
            )
        )

    return _LETTERS.sub(spoil, text)


def _wrapped(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """Blanks become line breaks where a line would grow too long, inside identifiers too."""
    column, wrapped = 0, []
    for text, kind in pieces:
        letters = list(text)
        for at, letter in enumerate(letters):
            if letter == "\n":
                column = 0
            elif letter == " " and column >= width:
                letters[at], column = "\n", 0
            else:
                column += 1
        wrapped.append(("".join(letters), kind))
    return wrapped


def assemble_note(identity: str, pieces: Sequence[Piece], kind: str, writer: NoteWriter) -> SyntheticNote:
    """A note of pieces, each a text with the type of identifier, if it is one."""
    spans, at = [], 0
    for text, type in pieces:
        if type:
            spans.append((at, at + len(text), type))
        at += len(text)
    text = "".join(text for text, _ in pieces)
    return SyntheticNote(identity, text, tuple(spans), kind, writer.day, writer.patient)

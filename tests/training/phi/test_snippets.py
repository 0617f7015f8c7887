from __future__ import annotations

import random
import re
from datetime import date

import pytest

from openbioner_batch.catalog import resolve_types
from openbioner_batch.errors import UsageError
from openbioner_batch.training.phi.passages import broad_type
from openbioner_batch.training.phi.synthetic.patients import draw_patient
from openbioner_batch.training.phi.synthetic.resources import snippets
from openbioner_batch.training.phi.synthetic.snippets import LOCALES, filled_snippet, write_snippets
from openbioner_batch.training.phi.synthetic.writer import NoteWriter


@pytest.fixture
def writer() -> NoteWriter:
    chance = random.Random(1)
    day = date(2019, 5, 3)
    patient = draw_patient(chance, "train", reserved=False, identity="one", day=day)
    return NoteWriter(patient, chance, random.Random(2), "train", day)


def test_every_snippet_can_be_filled_and_is_marked_with_types_of_the_catalog(writer: NoteWriter) -> None:
    known = {kind.name for group in resolve_types("phi") for kind in group}
    marks = 0
    for snippet in snippets():
        pieces = filled_snippet(snippet, writer)
        text = "".join(part for part, _ in pieces)
        assert "<<" not in text
        assert not re.search(r"\]\([a-z_]*\)", text)
        kinds = {kind for _, kind in pieces if kind}
        assert kinds <= known
        marks += bool(kinds)
    assert 0.4 < marks / len(snippets()) < 0.8, "a good part of the snippets must hold no identifier, and most some"


def test_what_is_marked_is_covered_and_what_is_not_is_no_identifier(writer: NoteWriter) -> None:
    pieces = filled_snippet(
        "Tel. [<<fr.phone>>](phone_number), bed <<3-3>>, [J. Roe](patient_name) <<was|was>> seen", writer
    )
    assert [kind for _, kind in pieces if kind] == ["phone_number", "patient_name"]
    assert "".join(part for part, kind in pieces if not kind) == "Tel. , bed 3,  was seen"


def test_slots_of_the_writer_are_identifiers_wherever_they_stand_and_patterns_only_where_marked(
    writer: NoteWriter,
) -> None:
    pieces = filled_snippet("<<mrn>> lot <<=@##>> [<<=##-##>>](specimen_number)", writer)
    kinds = [kind for _, kind in pieces if kind]
    assert kinds == ["medical_record_number", "specimen_number"]
    assert re.fullmatch(r" lot [A-Z]\d\d ", "".join(part for part, kind in pieces if not kind))
    assert re.fullmatch(r"\d\d-\d\d", pieces[-1][0])


@pytest.mark.parametrize("country", sorted(LOCALES))
def test_every_country_fills_every_slot(country: str, writer: NoteWriter) -> None:
    whats = ("name", "first", "last", "street", "city", "zip", "phone")
    pieces = filled_snippet("".join(f"[<<{country}.{what}>>](other_identifier)" for what in whats), writer)
    assert len(pieces) == len(whats)
    assert all(part.strip() and "\n" not in part for part, _ in pieces)


def test_a_slot_without_a_meaning_is_named(writer: NoteWriter) -> None:
    with pytest.raises(UsageError, match="<<nobody>>"):
        filled_snippet("seen by <<nobody>>", writer)


def test_notes_of_snippets_repeat_themselves_by_seed_alone_and_identifiers_stand_where_they_say() -> None:
    notes = list(write_snippets(200, 3, "train"))
    assert [note.as_row() for note in notes] == [note.as_row() for note in write_snippets(200, 3, "train")]
    assert [note.text for note in notes] != [note.text for note in write_snippets(200, 4, "train")]
    assert all(note.text[start:end].strip() for note in notes for start, end, _ in note.spans)
    assert all(kind != "patient_name" or broad_type(kind) == "person_name" for n in notes for _, _, kind in n.spans)

"""The sample archive in the package: a hundred notes of twenty patients, wholly invented."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

from openbioner_batch.training.phi.synthetic import values
from openbioner_batch.training.phi.synthetic.notes import columns, write_note
from openbioner_batch.training.phi.synthetic.patients import draw_patient
from openbioner_batch.training.phi.synthetic.resources import documents
from openbioner_batch.training.phi.synthetic.writer import NoteWriter

PATIENTS, NOTES = 20, 5
_LEFT_OUT = frozenset(
    "hl7,export,fhir,xml,schedule,json list,bare rows,access log,handoff,key and value,chart chat,birth note,"
    "school form,therapy group,note".split(",")
)
"""Kinds that are messages, lists of several patients, or do not fit adults."""


def write_archive(seed: int) -> Iterator[dict[str, Any]]:
    """The rows of the archive, without annotations, a patient's notes in order of time.

    Telephone and security numbers and domains are those reserved for examples.
    """
    hospitals = [f"archive {hospital}" for hospital in range(3)]
    templates = [template for template in documents(None) if template.type not in _LEFT_OUT]
    number = 0
    for index in range(1, PATIENTS + 1):
        chance = random.Random(f"{seed}/archive/{index}")
        day = values.near(date(2021, 1, 4), chance.randrange(900))
        patient = draw_patient(chance, None, reserved=True, identity=f"P{index:04d}", day=day)
        drawn = chance.sample(templates, NOTES)
        for template in sorted(drawn, key=lambda one: one.type == "death note"):
            number += 1
            house = random.Random(hospitals[index % len(hospitals)])
            writer = NoteWriter(patient, chance, house, None, day, reserved=True)
            note = write_note(f"N{number:05d}", writer, None, rough=False, template=template)
            yield {"note_id": note.id, **columns(note), "text": note.text}
            day = values.near(day, chance.choice((1, 2, 7, 14, 30, 45, 91, 183)))

"""Patients as a hospital's tables describe them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from openbioner_batch.training.phi.synthetic import places, values
from openbioner_batch.training.phi.synthetic.people import Person, Relative, ascii_of, draw_person, draw_relative
from openbioner_batch.training.phi.synthetic.resources import words


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's row in a hospital's tables."""

    id: str
    person: Person
    born: date
    mrn: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    zip: str
    ssn: str
    plan: str
    relatives: tuple[Relative, Relative]
    clinicians: tuple[Person, Person, Person]


def draw_patient(chance: random.Random, split: str | None, reserved: bool, identity: str, day: date) -> Patient:
    """A new patient who is alive on `day`, one in ten of them past 89.

    `reserved` uses only telephone and security numbers and domains that are reserved for examples.
    """
    person = draw_person(chance, split)
    hosts = ("example.com",) if reserved else ("gmail.com", "yahoo.com", "aol.com", "outlook.com", "comcast.net")
    forms = (f"{person.first}.{person.last}", f"{person.first[0]}{person.last}", person.last)
    return Patient(
        identity,
        person,
        values.near(day, -(chance.randint(32900, 37000) if chance.random() < 0.1 else chance.randint(300, 32000))),
        values.number(chance, "medical_record_number", reserved),
        values.phone(chance, "({a}) {e}-{n}" if reserved else chance.choice(words("phones")), reserved),
        f"{ascii_of(chance.choice(forms))}{chance.choice(('', chance.randint(1, 99)))}@{chance.choice(hosts)}",
        places.street(chance, split),
        places.town(chance, split),
        chance.choice(list(words("states"))),
        values.pattern(chance, chance.choice(("#####", "#####", "#####-####"))),
        values.number(chance, "social_security_number", reserved),
        values.number(chance, "health_plan_number", reserved),
        (draw_relative(chance, split, person), draw_relative(chance, split, person)),
        (draw_person(chance, split), draw_person(chance, split), draw_person(chance, split)),
    )

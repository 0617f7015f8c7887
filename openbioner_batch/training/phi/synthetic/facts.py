"""The facts of a note and the habits of the hospital that writes it, from which slots are filled."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date

from openbioner_batch.training.phi.synthetic import places, values
from openbioner_batch.training.phi.synthetic.patients import Patient
from openbioner_batch.training.phi.synthetic.people import Person, ascii_of
from openbioner_batch.training.phi.synthetic.resources import words


@dataclass
class NoteFacts:
    """The people, numbers and places of one note.

    A slot means the same person, date or number throughout a note's templates. The hospital (`house`) decides the forms
    of dates, names and telephone numbers, which change only now and then.
    """

    patient: Patient
    chance: random.Random
    house: random.Random
    """Decides the hospital's habits; notes of one hospital share it."""
    split: str | None
    day: date
    """The day of the visit."""
    reserved: bool = False
    people: dict[str, Person] = field(default_factory=dict)
    """The people behind `dr`, `nurse`, ...; filled as they are named."""

    def __post_init__(self) -> None:
        self._date_form = self.house.choice(list(values.DATES))
        self._phone_form = self.house.choice(words("phones"))
        self._full_form = self.house.choice(("first_last", "first_last", "first_mi_last", "first_middle_last"))
        for slot, person in zip(("dr", "dr2", "dr3"), self.patient.clinicians, strict=True):
            self.people[slot] = person

    def age(self, born: date) -> int:
        """Whole years on the day of the visit."""
        return max(0, (self.day - born).days * 100 // 36525)

    def number(self, kind: str) -> str:
        """A new number of a kind."""
        return values.number(self.chance, kind, self.reserved)

    def phone(self) -> str:
        """A new telephone number in the hospital's form."""
        form = self._phone_form if self.chance.random() < 0.7 else self.chance.choice(words("phones"))
        return values.phone(self.chance, form, self.reserved)

    def host(self) -> str:
        """A domain."""
        if self.reserved:
            return self.chance.choice(("example.com", "example.org", "hospital.example"))
        start = self.chance.choice(("", "my", "portal."))
        end = self.chance.choice(("health.org", "med.edu", "clinic.com", "hospital.net"))
        return f"{start}{ascii_of(places.town(self.chance, self.split))}{end}"

"""Fills the slots of a note: turns every slot of a template into text with its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from openbioner_batch.training.phi.synthetic import places, values
from openbioner_batch.training.phi.synthetic.facts import NoteFacts
from openbioner_batch.training.phi.synthetic.people import Person, draw_person
from openbioner_batch.training.phi.synthetic.resources import words
from openbioner_batch.training.phi.synthetic.slots import ONCE, PLAIN, TYPED

Piece = tuple[str, str | None]
"""A piece of a note and its type in the PHI catalog, None for ordinary text."""


@dataclass
class NoteWriter(NoteFacts):
    """Fills the slots of one note."""

    _kept: dict[str, str] = field(default_factory=dict)

    def slot(self, name: str) -> list[Piece]:
        """The pieces for the slot `name`, such as `pt:lastfirst`, `date-14` or `mrn`.

        Raises:
            KeyError: the slot is unknown.
        """
        head, _, form = name.partition(":")
        if head in ("pt", "rel", "rel2") or head.rstrip("23") in ("dr", "nurse"):
            return self._name(head, form)
        for prefix in ("date", "odd"):
            if head.startswith(prefix) and (head == prefix or head[len(prefix)] in "+-"):
                return [(self._date(prefix, int(head[len(prefix) :] or 0), form), "personal_date")]
        if head == "addr":
            return self._address()
        if head in TYPED:
            kind, make = TYPED[head]
            value = self._kept.get(head) or make(self)
            if head in ONCE:
                self._kept[head] = value
            value = self._dated(head, form) if head in ("dob", "adm", "dis", "death", "dob2") else value
            return [(value.upper() if form == "upper" else value, kind)]
        value = PLAIN[head](self)
        over = head in ("age", "age2", "old") and int("".join(filter(str.isdigit, value)) or 0) > 89
        return [(value[:1].upper() + value[1:] if form == "capital" else value, "age_over_89" if over else None)]

    def _name(self, head: str, form: str) -> list[Piece]:
        if head in ("rel", "rel2"):
            relative = self.patient.relatives[head == "rel2"]
            if form.startswith("relation"):
                return [(relative.relation.capitalize() if form.endswith("capital") else relative.relation, None)]
            if form == "capital":
                return [(f"{relative.relation.capitalize()}", None)]
            person, kind = relative.person, "relative_name"
        elif head == "pt":
            person, kind = self.patient.person, "patient_name"
        else:
            person = self.people.setdefault(head, draw_person(self.chance, self.split))
            kind = "clinician_name"
        title = {"relative_name": person.title, "patient_name": person.title, "clinician_name": "Dr."}[kind]
        if form == "title":
            return [(f"{title} ", None), (person.last, kind)]
        if form == "credential":
            return [
                (f"{person.first} {person.last}", kind),
                (self.chance.choice((", MD", " M.D.", ", DO", ", NP", " PA-C")), None),
            ]
        return [(self._written(person, form), kind)]

    def _written(self, person: Person, form: str) -> str:
        first, middle, last = person.first, person.middle, person.last
        initial = f" {middle[0]}." if middle else ""
        last_first = f"{last}, {first}{f' {middle[0]}' if middle and self.chance.random() < 0.5 else ''}"
        full = {"first_last": f"{first} {last}", "first_mi_last": f"{first}{initial} {last}"}.get(
            self._full_form, f"{first} {middle} {last}" if middle else f"{first} {last}"
        )
        forms = {
            "": full,
            "full": full,
            "first": first,
            "last": last,
            "mi": middle[:1] or first[:1],
            "filast": f"{first[0]}. {last}" if self.chance.random() < 0.7 else f"{first[0]} {last}",
            "lastfirst": last_first,
            "upperlastfirst": last_first.upper(),
            "initials": person.initials if self.chance.random() < 0.7 else ".".join(person.initials) + ".",
            "nick": words("nicknames").get(first, first),
        }
        return forms[form]

    def _date(self, prefix: str, days: int, form: str) -> str:
        day = values.near(self.day, days)
        if prefix == "odd":
            return self.chance.choice(values.ODD_DATES)(day)
        return self._written_date(day, form)

    def _dated(self, head: str, form: str) -> str:
        day = {
            "dob": self.patient.born,
            "dob2": values.near(self.patient.born, 700 + len(self.patient.id) * 91),
            "adm": values.near(self.day, -4),
            "dis": self.day,
            "death": self.day,
        }[head]
        return self._written_date(day, form)

    def _written_date(self, day: date, form: str) -> str:
        habit = self._date_form if self.chance.random() < 0.8 else self.chance.choice(list(values.DATES))
        return values.DATES[form or habit](day)

    def _address(self) -> list[Piece]:
        patient, chance = self.patient, self.chance
        own = "addr" not in self._kept and chance.random() < 0.6
        self._kept["addr"] = "used"
        street, city, state, code = patient.street, patient.city, patient.state, patient.zip
        if not own:
            street, city = places.street(chance, self.split), places.town(chance, self.split)
            state, code = chance.choice(list(words("states"))), values.pattern(chance, "#####")
        state = words("states")[state] if chance.random() < 0.15 else state
        break_ = chance.choice((", ", ", ", "\n", "; "))
        return [(street, "street_address"), (break_, None), (city, "city"), (chance.choice((", ", ", ", " ")), None),
                (state, "state"), (chance.choice((" ", " ", "  ", ", ")), None), (code, "zip_code")]  # fmt: skip

"""What a note is about, and how its hospital writes it: every slot of a template becomes text with its type."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from synthetic_notes import places, values
from synthetic_notes.people import NICKNAMES, Person, Relative, draw_person, draw_relative
from synthetic_notes.stock import fillers

Piece = tuple[str, str | None]
"""A stretch of a note and its type in the PHI catalog, None for ordinary text."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What a hospital's tables say of a patient."""

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


def draw_patient(chance: random.Random, side: str | None, reserved: bool, identity: str) -> Patient:
    """A new patient; `reserved` keeps to telephone, security numbers and domains that belong to nobody."""
    person = draw_person(chance, side)
    host = "example.com" if reserved else chance.choice(("gmail.com", "yahoo.com", "aol.com", "outlook.com", "comcast.net"))
    local = _ascii(chance.choice((f"{person.first}.{person.last}", f"{person.first[0]}{person.last}", f"{person.last}")))
    return Patient(
        identity,
        person,
        date(2024, 1, 1) - values.timedelta(days=chance.randint(300, 36500)),
        values.number(chance, "medical_record_number", reserved),
        values.phone(chance, "({a}) {e}-{n}" if reserved else chance.choice(values.PHONES), reserved),
        f"{local}{chance.choice(('', chance.randint(1, 99)))}@{host}",
        places.street(chance, side),
        places.town(chance, side),
        chance.choice(list(values.STATES)),
        values.pattern(chance, chance.choice(("#####", "#####", "#####-####"))),
        values.number(chance, "social_security_number", reserved),
        values.number(chance, "health_plan_number", reserved),
        (draw_relative(chance, side, person), draw_relative(chance, side, person)),
        (draw_person(chance, side), draw_person(chance, side), draw_person(chance, side)),
    )


@dataclass
class Writer:
    """Fills the slots of one note.

    The same person, date or number is meant wherever a note's templates name the same slot; the forms in which dates,
    names and telephones stand are the hospital's (`house`) and change only now and then.
    """

    patient: Patient
    chance: random.Random
    house: random.Random
    """Decides the hospital's habits; notes of one hospital are written with equal seeds."""
    side: str | None
    day: date
    """Of the visit."""
    reserved: bool = False
    _kept: dict[str, str] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._date_form = self.house.choice(list(values.DATES))
        self._phone_form = self.house.choice(values.PHONES)
        self._full_form = self.house.choice(("first_last", "first_last", "first_mi_last", "first_middle_last"))
        for slot, person in zip(("dr", "dr2", "dr3"), self.patient.clinicians, strict=True):
            self._people[slot] = person

    def slot(self, name: str) -> list[Piece]:
        """The pieces that stand for the slot `name`, such as `pt:lastfirst`, `date-14` or `mrn`.

        Raises:
            KeyError: no such slot.
        """
        head, _, form = name.partition(":")
        if head in ("pt", "rel", "rel2") or head.rstrip("23") in ("dr", "nurse"):
            return self._name(head, form)
        for prefix in ("date", "odd"):
            if head.startswith(prefix) and (head == prefix or head[len(prefix)] in "+-"):
                return [(self._date(prefix, int(head[len(prefix) :] or 0), form), "personal_date")]
        if head == "addr":
            return self._address()
        if head in _TYPED:
            kind, make = _TYPED[head]
            value = self._kept.get(head) or make(self)
            if head in _ONCE:
                self._kept[head] = value
            value = self._dated(head, form) if head in ("dob", "adm", "dis", "death", "dob2") else value
            return [(value.upper() if form == "upper" else value, kind)]
        value = _PLAIN[head](self)
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
            person = self._people.setdefault(head, draw_person(self.chance, self.side))
            kind = "clinician_name"
        title = {"relative_name": person.title, "patient_name": person.title, "clinician_name": "Dr."}[kind]
        if form == "title":
            return [(f"{title} ", None), (person.last, kind)]
        if form == "credential":
            return [(f"{person.first} {person.last}", kind), (self.chance.choice((", MD", " M.D.", ", DO", ", NP", " PA-C")), None)]
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
            "nick": NICKNAMES.get(first, first),
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
        street, city, state, code = (
            (patient.street, patient.city, patient.state, patient.zip)
            if own
            else (places.street(chance, self.side), places.town(chance, self.side), chance.choice(list(values.STATES)),
                  values.pattern(chance, "#####"))  # fmt: skip
        )
        state = values.STATES[state].replace("_", " ") if chance.random() < 0.15 else state
        break_ = chance.choice((", ", ", ", "\n", "; "))
        return [(street, "street_address"), (break_, None), (city, "city"), (chance.choice((", ", ", ", " ")), None),
                (state, "state"), (chance.choice((" ", " ", "  ", ", ")), None), (code, "zip_code")]  # fmt: skip

    def age(self, born: date) -> int:
        """Whole years on the day of the visit."""
        return max(0, (self.day - born).days * 100 // 36525)

    def number(self, kind: str) -> str:
        """A new number of a kind."""
        return values.number(self.chance, kind, self.reserved)

    def phone(self) -> str:
        """A new telephone number in the hospital's form."""
        form = self._phone_form if self.chance.random() < 0.7 else self.chance.choice(values.PHONES)
        return values.phone(self.chance, form, self.reserved)

    def host(self) -> str:
        """A domain."""
        if self.reserved:
            return self.chance.choice(("example.com", "example.org", "hospital.example"))
        return f"{self.chance.choice(('', 'my', 'portal.'))}{_ascii(places.town(self.chance, self.side))}{self.chance.choice(('health.org', 'med.edu', 'clinic.com', 'hospital.net'))}"


def _ascii(name: str) -> str:
    from synthetic_notes.people import plain

    return "".join(letter for letter in plain(name).lower() if letter.isascii() and (letter.isalnum() or letter == "."))


def _pager(writer: Writer) -> str:
    form = writer.chance.choice(("#####", "####", "#-####", "p#####", "##-###", "###-####", "#####"))
    return values.pattern(writer.chance, form)


def _handle(writer: Writer) -> str:
    return f"@{_ascii(writer.patient.person.first)}{writer.chance.choice(('_', '', '.'))}{writer.chance.randint(1, 999)}"


def _user(writer: Writer) -> str:
    person = writer._people["dr2"]
    return _ascii(person.first)[:1] + _ascii(person.last)[:7] + writer.chance.choice(("", str(writer.chance.randint(1, 99))))


def _url(writer: Writer) -> str:
    start, end = writer.chance.choice(("https://", "http://www.", "www.")), writer.chance.choice(("", "/p/8812", "/login", "/results?id=77"))
    return f"{start}{writer.host()}{end}"


def _device(writer: Writer) -> str:
    return writer.number("device_identifier")


def _demail(writer: Writer) -> str:
    person = writer._people["dr"]
    return f"{_ascii(person.first)}.{_ascii(person.last)}@{writer.host().removeprefix('portal.')}"


_TYPED: dict[str, tuple[str, Callable[[Writer], str]]] = {
    "dob": ("birth_date", lambda w: ""),
    "dob2": ("birth_date", lambda w: ""),
    "adm": ("admission_date", lambda w: ""),
    "dis": ("discharge_date", lambda w: ""),
    "death": ("death_date", lambda w: ""),
    "mrn": ("medical_record_number", lambda w: w.patient.mrn),
    "ssn": ("social_security_number", lambda w: w.patient.ssn),
    "ssn4": ("social_security_number", lambda w: w.patient.ssn[-4:]),
    "plan": ("health_plan_number", lambda w: w.patient.plan if w.chance.random() < 0.6 else w.number("health_plan_number")),
    "acct": ("account_number", lambda w: w.number("account_number")),
    "enc": ("encounter_number", lambda w: w.number("encounter_number")),
    "acc": ("specimen_number", lambda w: w.number("specimen_number")),
    "rx": ("prescription_number", lambda w: w.number("prescription_number")),
    "npi": ("license_number", lambda w: values.pattern(w.chance, "1#########")),
    "dea": ("license_number", lambda w: values.pattern(w.chance, "@@#######")),
    "lic": ("license_number", lambda w: w.number("license_number")),
    "dl": ("drivers_license_number", lambda w: w.number("drivers_license_number")),
    "passport": ("passport_number", lambda w: w.number("passport_number")),
    "emp": ("employee_id", lambda w: w.number("employee_id")),
    "vin": ("vehicle_identifier", lambda w: w.number("vehicle_identifier")),
    "plate": ("license_plate", lambda w: w.number("license_plate")),
    "dev": ("device_identifier", _device),
    "bio": ("biometric_identifier", lambda w: w.number("biometric_identifier")),
    "card": ("credit_card_number", lambda w: w.number("credit_card_number")),
    "photo": ("photograph", lambda w: values.pattern(w.chance, w.chance.choice(("IMG_####.jpg", "DSC#####.JPG", "face_##.png")))),
    "study": ("encounter_number", lambda w: values.pattern(w.chance, w.chance.choice(("###-####", "##-###", "@@##-###", "####")))),
    "other": ("other_identifier", lambda w: w.number("other_identifier")),
    "user": ("username", _user),
    "phone": ("phone_number", lambda w: w.patient.phone if w.chance.random() < 0.35 else w.phone()),
    "phone2": ("phone_number", lambda w: w.phone()),
    "ext": ("phone_number", lambda w: values.pattern(w.chance, w.chance.choice(("####", "#####", "###", "#-####")))),
    "pager": ("pager_number", _pager),
    "fax": ("fax_number", lambda w: w.phone()),
    "email": ("email_address", lambda w: w.patient.email),
    "demail": ("email_address", _demail),
    "url": ("url", _url),
    "handle": ("social_media_handle", _handle),
    "ip": ("ip_address", lambda w: ".".join(str(w.chance.randint(1, 254)) for _ in range(4))),
    "street": ("street_address", lambda w: w.patient.street if w.chance.random() < 0.6 else places.street(w.chance, w.side)),
    "city": ("city", lambda w: w.patient.city if w.chance.random() < 0.4 else places.town(w.chance, w.side)),
    "st": ("state", lambda w: w.patient.state),
    "state": ("state", lambda w: values.STATES[w.chance.choice(list(values.STATES))].replace("_", " ")),
    "zip": ("zip_code", lambda w: w.patient.zip),
    "county": ("county", lambda w: places.county(w.chance, w.side)),
    "country": ("country", lambda w: w.chance.choice(places.COUNTRIES)),
    "hosp": ("healthcare_facility", lambda w: places.facility(w.chance, w.side, "hospital")),
    "hosp2": ("healthcare_facility", lambda w: places.facility(w.chance, w.side, "hospital")),
    "clinic": ("healthcare_facility", lambda w: places.facility(w.chance, w.side, "clinic")),
    "home": ("healthcare_facility", lambda w: places.facility(w.chance, w.side, "home")),
    "pharm": ("healthcare_facility", lambda w: places.facility(w.chance, w.side, "pharmacy")),
    "employer": ("employer_name", lambda w: places.employer(w.chance, w.side)),
    "school": ("employer_name", lambda w: places.school(w.chance, w.side)),
    "room": ("room_number", lambda w: values.pattern(w.chance, w.chance.choice(("###", "####", "#@", "#-###", "ICU-#", "##@", "W###")))),
    "unit": ("room_number", lambda w: w.chance.choice((f"{w.chance.randint(2, 9)} West", f"{w.chance.randint(2, 9)} North", "MICU", f"Tower {w.chance.randint(2, 12)}", f"{w.chance.randint(3, 8)}B"))),
}  # fmt: skip
"""For each slot the type of what stands there, and how it is drawn."""

_ONCE = ("mrn", "ssn", "acct", "enc", "hosp", "hosp2", "clinic", "home", "pharm", "employer", "school", "email", "room", "zip", "st")
"""Slots that mean one and the same thing all over a note."""

_PLAIN: dict[str, Callable[[Writer], str]] = {
    "age": lambda w: str(w.age(w.patient.born)),
    "age2": lambda w: str(w.age(w.patient.born) + 24),
    "old": lambda w: w.chance.choice(("94", "97", "101", "87", "85", "90")),
    "young": lambda w: str(w.chance.randint(40, 79)),
    "sex": lambda w: w.chance.choice(("F", "Female")) if w.patient.person.female else w.chance.choice(("M", "Male")),
    "man": lambda w: "woman" if w.patient.person.female else "man",
    "he": lambda w: "she" if w.patient.person.female else "he",
    "He": lambda w: "She" if w.patient.person.female else "He",
    "his": lambda w: "her" if w.patient.person.female else "his",
    "His": lambda w: "Her" if w.patient.person.female else "His",
    "him": lambda w: "her" if w.patient.person.female else "him",
    "time": lambda w: w.chance.choice(("{h:02d}:{m:02d}", "{h:02d}{m:02d}", "{h}:{m:02d} PM")).format(
        h=w.chance.randint(1, 12), m=w.chance.randint(0, 59)),
    "year": lambda w: str(w.chance.randint(1975, 2022)),
    "bp": lambda w: f"{w.chance.randint(95, 180)}/{w.chance.randint(50, 100)}",
    "num2": lambda w: str(w.chance.randint(55, 110)),
    **{kind: (lambda w, kind=kind: w.chance.choice(fillers(kind)))  # type: ignore[misc]
       for kind in ("complaint", "dx", "drug", "proc", "lab", "job", "device", "weekday")},
}  # fmt: skip
"""Slots that identify nobody (but for an age over 89)."""

"""The meaning of the templates' slots."""

from __future__ import annotations

from collections.abc import Callable

from openbioner_batch.training.phi.synthetic import places, values
from openbioner_batch.training.phi.synthetic.facts import NoteFacts
from openbioner_batch.training.phi.synthetic.people import ascii_of
from openbioner_batch.training.phi.synthetic.resources import fillers, words


def _any(facts: NoteFacts, *forms: str) -> str:
    """A number in one of some forms, see `values.pattern`."""
    return values.pattern(facts.chance, facts.chance.choice(forms))


def _pager(facts: NoteFacts) -> str:
    form = facts.chance.choice(("#####", "####", "#-####", "p#####", "##-###", "###-####", "#####"))
    return values.pattern(facts.chance, form)


def _handle(facts: NoteFacts) -> str:
    return f"@{ascii_of(facts.patient.person.first)}{facts.chance.choice(('_', '', '.'))}{facts.chance.randint(1, 999)}"


def _user(facts: NoteFacts) -> str:
    person = facts.people["dr2"]
    return (
        ascii_of(person.first)[:1]
        + ascii_of(person.last)[:7]
        + facts.chance.choice(("", str(facts.chance.randint(1, 99))))
    )


def _url(facts: NoteFacts) -> str:
    start, end = (
        facts.chance.choice(("https://", "http://www.", "www.")),
        facts.chance.choice(("", "/p/8812", "/login", "/results?id=77")),
    )
    return f"{start}{facts.host()}{end}"


def _plan(facts: NoteFacts) -> str:
    return facts.patient.plan if facts.chance.random() < 0.6 else facts.number("health_plan_number")


def _street(facts: NoteFacts) -> str:
    own = facts.chance.random() < 0.6
    return facts.patient.street if own else places.street(facts.chance, facts.split)


def _device(facts: NoteFacts) -> str:
    return facts.number("device_identifier")


def _demail(facts: NoteFacts) -> str:
    person = facts.people["dr"]
    return f"{ascii_of(person.first)}.{ascii_of(person.last)}@{facts.host().removeprefix('portal.')}"


TYPED: dict[str, tuple[str, Callable[[NoteFacts], str]]] = {
    "dob": ("birth_date", lambda w: ""),
    "dob2": ("birth_date", lambda w: ""),
    "adm": ("admission_date", lambda w: ""),
    "dis": ("discharge_date", lambda w: ""),
    "death": ("death_date", lambda w: ""),
    "mrn": ("medical_record_number", lambda w: w.patient.mrn),
    "ssn": ("social_security_number", lambda w: w.patient.ssn),
    "ssn4": ("social_security_number", lambda w: w.patient.ssn[-4:]),
    "plan": ("health_plan_number", _plan),
    "acct": ("account_number", lambda w: w.number("account_number")),
    "enc": ("encounter_number", lambda w: w.number("encounter_number")),
    "acc": ("specimen_number", lambda w: w.number("specimen_number")),
    "rx": ("prescription_number", lambda w: w.number("prescription_number")),
    "npi": ("license_number", lambda w: _any(w, "1#########")),
    "dea": ("license_number", lambda w: _any(w, "@@#######")),
    "lic": ("license_number", lambda w: w.number("license_number")),
    "dl": ("drivers_license_number", lambda w: w.number("drivers_license_number")),
    "passport": ("passport_number", lambda w: w.number("passport_number")),
    "emp": ("employee_id", lambda w: w.number("employee_id")),
    "vin": ("vehicle_identifier", lambda w: w.number("vehicle_identifier")),
    "plate": ("license_plate", lambda w: w.number("license_plate")),
    "dev": ("device_identifier", _device),
    "bio": ("biometric_identifier", lambda w: w.number("biometric_identifier")),
    "card": ("credit_card_number", lambda w: w.number("credit_card_number")),
    "photo": ("photograph", lambda w: _any(w, "IMG_####.jpg", "DSC#####.JPG", "face_##.png")),
    "study": ("encounter_number", lambda w: _any(w, "###-####", "##-###", "@@##-###", "####")),
    "other": ("other_identifier", lambda w: w.number("other_identifier")),
    "user": ("username", _user),
    "phone": ("phone_number", lambda w: w.patient.phone if w.chance.random() < 0.35 else w.phone()),
    "phone2": ("phone_number", lambda w: w.phone()),
    "ext": ("phone_number", lambda w: _any(w, "####", "#####", "###", "#-####")),
    "pager": ("pager_number", _pager),
    "fax": ("fax_number", lambda w: w.phone()),
    "email": ("email_address", lambda w: w.patient.email),
    "demail": ("email_address", _demail),
    "url": ("url", _url),
    "handle": ("social_media_handle", _handle),
    "ip": ("ip_address", lambda w: ".".join(str(w.chance.randint(1, 254)) for _ in range(4))),
    "street": ("street_address", _street),
    "city": ("city", lambda w: w.patient.city if w.chance.random() < 0.4 else places.town(w.chance, w.split)),
    "st": ("state", lambda w: w.patient.state),
    "state": ("state", lambda w: w.chance.choice(list(words("states").values()))),
    "zip": ("zip_code", lambda w: w.patient.zip),
    "county": ("county", lambda w: places.county(w.chance, w.split)),
    "country": ("country", lambda w: w.chance.choice(words("countries"))),
    "hosp": ("healthcare_facility", lambda w: places.facility(w.chance, w.split, "hospital")),
    "hosp2": ("healthcare_facility", lambda w: places.facility(w.chance, w.split, "hospital")),
    "clinic": ("healthcare_facility", lambda w: places.facility(w.chance, w.split, "clinic")),
    "home": ("healthcare_facility", lambda w: places.facility(w.chance, w.split, "home")),
    "pharm": ("healthcare_facility", lambda w: places.facility(w.chance, w.split, "pharmacy")),
    "employer": ("employer_name", lambda w: places.employer(w.chance, w.split)),
    "school": ("employer_name", lambda w: places.school(w.chance, w.split)),
    "room": ("room_number", lambda w: _any(w, "###", "####", "#@", "#-###", "ICU-#", "##@", "W###")),
    "unit": ("room_number", lambda w: _any(w, "^ West", "^ North", "MICU", "Tower ^", "^B", "CCU")),
}  # fmt: skip
"""For each slot the type of its content, and how it is drawn."""

ONCE = (
    "mrn",
    "ssn",
    "acct",
    "enc",
    "hosp",
    "hosp2",
    "clinic",
    "home",
    "pharm",
    "employer",
    "school",
    "email",
    "room",
    "zip",
    "st",
)
"""Slots that mean the same thing throughout a note."""

PLAIN: dict[str, Callable[[NoteFacts], str]] = {
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
"""Slots that identify nobody (except for an age over 89)."""

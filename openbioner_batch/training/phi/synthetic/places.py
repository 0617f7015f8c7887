"""Invented streets, towns, hospitals, employers."""

from __future__ import annotations

import random

from openbioner_batch.training.phi.synthetic.people import draw_person, plain
from openbioner_batch.training.phi.synthetic.resources import words
from openbioner_batch.training.phi.synthetic.splits import in_split

_UNITS = ("Apt {}", "Apt. {}", "Apartment {}", "#{}", "Unit {}", "Suite {}", "Lot {}", "Ste {}")


def street(chance: random.Random, split: str | None) -> str:
    """A house number and street, perhaps with a flat, or a post box."""
    if chance.random() < 0.08:
        return f"{chance.choice(('P.O. Box', 'PO Box', 'Box'))} {chance.randint(10, 9999)}"
    stem = chance.choice(
        in_split(words("streets"), split) if chance.random() < 0.7 else [draw_person(chance, split).last]
    )
    if chance.random() < 0.12:
        stem = f"{chance.choice(('N.', 'S.', 'West', 'East', 'NW', 'SE', 'Old'))} {stem}"
    if chance.random() < 0.08:
        stem = f"{chance.randint(2, 98)}th"
    line = f"{chance.randint(1, 9999)} {stem} {chance.choice(words('street_kinds'))}"
    if chance.random() < 0.25:
        unit = chance.choice(_UNITS).format(f"{chance.randint(1, 40)}{chance.choice(('', '', 'A', 'B', 'C'))}")
        line += chance.choice((", ", " ")) + unit
    return line


def town(chance: random.Random, split: str | None) -> str:
    """A town's name, most often a real one's."""
    if chance.random() < 0.2:
        stem = chance.choice(in_split(words("streets"), split))
        return chance.choice(
            (f"{stem}ville", f"{stem} Grove", f"New {stem}", f"{stem}ton", f"Port {stem}", f"{stem} Heights")
        )
    return chance.choice(in_split(words("towns"), split))


def county(chance: random.Random, split: str | None) -> str:
    """A county or parish, named after a person or a town."""
    stem = plain(draw_person(chance, split).last) if chance.random() < 0.5 else town(chance, split)
    return f"{stem} {chance.choice(('County', 'County', 'County', 'Co.', 'Parish'))}"


_HOSPITALS: tuple[str, ...] = (
    "St. {saint} Hospital",
    "St. {saint}'s",
    "Saint {saint} Medical Center",
    "{city} General Hospital",
    "{city} General",
    "{city} Regional Medical Center",
    "{city} VA Medical Center",
    "{name} Memorial Hospital",
    "{name} Memorial",
    "University of {city} Medical Center",
    "{city} Children's Hospital",
    "Mercy {city}",
    "{name}-{city} Health System",
    "{saint[0]}{city[0]}MC",
    "{name} Institute",
)
_CLINICS: tuple[str, ...] = (
    "{city} Family Medicine",
    "{city} Dialysis Center",
    "{name} Clinic",
    "{name} & {saint} Orthopedics",
    "{city} Heart Associates",
    "{name} Eye Institute",
    "Women's Health of {city}",
    "{city} Imaging",
)
_HOMES: tuple[str, ...] = (
    "{city} Manor",
    "{name} House",
    "St. {saint} Village",
    "{city} Rehab",
    "{city} Care and Rehabilitation Center",
    "{name} Nursing Home",
    "Golden {name} Assisted Living",
)
_PHARMACIES: tuple[str, ...] = (
    "CVS on {name}",
    "Walgreens in {city}",
    "{name}'s Pharmacy",
    "{city} Drug",
    "Rite Aid",
    "Walmart Pharmacy",
    "{name} Compounding Pharmacy",
)
_FACILITIES = {"hospital": _HOSPITALS, "clinic": _CLINICS, "home": _HOMES, "pharmacy": _PHARMACIES}


def facility(chance: random.Random, split: str | None, kind: str) -> str:
    """The name of a hospital, clinic, home or pharmacy."""
    stem = (
        chance.choice(in_split(words("streets"), split))
        if chance.random() < 0.4
        else plain(draw_person(chance, split).last)
    )
    form = chance.choice(_FACILITIES[kind])
    return form.format(saint=chance.choice(words("saints")), city=town(chance, split), name=stem)


_KNOWN = (
    "the U.S. Navy",
    "the Post Office",
    "Walmart",
    "Home Depot",
    "Amazon",
    "the Marines",
    "FedEx",
    "Costco",
    "UPS",
)


def employer(chance: random.Random, split: str | None) -> str:
    """A company, agency or the like."""
    stem = chance.choice(in_split(words("brands"), split)) if chance.random() < 0.6 else draw_person(chance, split).last
    own = f"{stem} {chance.choice(words('trades'))}"
    return chance.choice((own, own, own, f"{town(chance, split)} Fire Department", chance.choice(_KNOWN)))


def school(chance: random.Random, split: str | None) -> str:
    """A school or college."""
    ends = ("High School", "Elementary", "Community College", "Middle School", "State University", "Academy")
    return f"{town(chance, split)} {chance.choice(ends)}"

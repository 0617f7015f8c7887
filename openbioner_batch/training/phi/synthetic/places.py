"""Invented streets, towns, hospitals, employers."""

from __future__ import annotations

import random
from collections.abc import Callable

from openbioner_batch.training.phi.synthetic.people import draw_person, plain
from openbioner_batch.training.phi.synthetic.sides import on_side
from openbioner_batch.training.phi.synthetic.stock import words

Chance = random.Random


_UNITS = ("Apt {}", "Apt. {}", "Apartment {}", "#{}", "Unit {}", "Suite {}", "Lot {}", "Ste {}")


def street(chance: Chance, side: str | None) -> str:
    """A house number and street, perhaps with a flat, or a post box."""
    if chance.random() < 0.08:
        return f"{chance.choice(('P.O. Box', 'PO Box', 'Box'))} {chance.randint(10, 9999)}"
    stem = chance.choice(on_side(words("streets"), side) if chance.random() < 0.7 else [draw_person(chance, side).last])
    if chance.random() < 0.12:
        stem = f"{chance.choice(('N.', 'S.', 'West', 'East', 'NW', 'SE', 'Old'))} {stem}"
    if chance.random() < 0.08:
        stem = f"{chance.randint(2, 98)}th"
    line = f"{chance.randint(1, 9999)} {stem} {chance.choice(words('street_kinds'))}"
    if chance.random() < 0.25:
        unit = chance.choice(_UNITS).format(f"{chance.randint(1, 40)}{chance.choice(('', '', 'A', 'B', 'C'))}")
        line += chance.choice((", ", " ")) + unit
    return line


def town(chance: Chance, side: str | None) -> str:
    """A town's name, most often a real one's."""
    if chance.random() < 0.2:
        stem = chance.choice(on_side(words("streets"), side))
        return chance.choice(
            (f"{stem}ville", f"{stem} Grove", f"New {stem}", f"{stem}ton", f"Port {stem}", f"{stem} Heights")
        )
    return chance.choice(on_side(words("towns"), side))


def county(chance: Chance, side: str | None) -> str:
    """A county or parish, named after a person or a town."""
    stem = plain(draw_person(chance, side).last) if chance.random() < 0.5 else town(chance, side)
    return f"{stem} {chance.choice(('County', 'County', 'County', 'Co.', 'Parish'))}"


_HOSPITALS: tuple[Callable[[str, str, str], str], ...] = (
    lambda saint, city, name: f"St. {saint} Hospital",
    lambda saint, city, name: f"St. {saint}'s",
    lambda saint, city, name: f"Saint {saint} Medical Center",
    lambda saint, city, name: f"{city} General Hospital",
    lambda saint, city, name: f"{city} General",
    lambda saint, city, name: f"{city} Regional Medical Center",
    lambda saint, city, name: f"{city} VA Medical Center",
    lambda saint, city, name: f"{name} Memorial Hospital",
    lambda saint, city, name: f"{name} Memorial",
    lambda saint, city, name: f"University of {city} Medical Center",
    lambda saint, city, name: f"{city} Children's Hospital",
    lambda saint, city, name: f"Mercy {city}",
    lambda saint, city, name: f"{name}-{city} Health System",
    lambda saint, city, name: f"{saint[0]}{city[0]}MC",
    lambda saint, city, name: f"{name} Institute",
)
_CLINICS: tuple[Callable[[str, str, str], str], ...] = (
    lambda saint, city, name: f"{city} Family Medicine",
    lambda saint, city, name: f"{city} Dialysis Center",
    lambda saint, city, name: f"{name} Clinic",
    lambda saint, city, name: f"{name} & {saint} Orthopedics",
    lambda saint, city, name: f"{city} Heart Associates",
    lambda saint, city, name: f"{name} Eye Institute",
    lambda saint, city, name: f"Women's Health of {city}",
    lambda saint, city, name: f"{city} Imaging",
)
_HOMES: tuple[Callable[[str, str, str], str], ...] = (
    lambda saint, city, name: f"{city} Manor",
    lambda saint, city, name: f"{name} House",
    lambda saint, city, name: f"St. {saint} Village",
    lambda saint, city, name: f"{city} Rehab",
    lambda saint, city, name: f"{city} Care and Rehabilitation Center",
    lambda saint, city, name: f"{name} Nursing Home",
    lambda saint, city, name: f"Golden {name} Assisted Living",
)
_PHARMACIES: tuple[Callable[[str, str, str], str], ...] = (
    lambda saint, city, name: f"CVS on {name}",
    lambda saint, city, name: f"Walgreens in {city}",
    lambda saint, city, name: f"{name}'s Pharmacy",
    lambda saint, city, name: f"{city} Drug",
    lambda saint, city, name: "Rite Aid",
    lambda saint, city, name: "Walmart Pharmacy",
    lambda saint, city, name: f"{name} Compounding Pharmacy",
)
_FACILITIES = {"hospital": _HOSPITALS, "clinic": _CLINICS, "home": _HOMES, "pharmacy": _PHARMACIES}


def facility(chance: Chance, side: str | None, kind: str) -> str:
    """The name of a hospital, clinic, home or pharmacy."""
    stem = (
        chance.choice(on_side(words("streets"), side))
        if chance.random() < 0.4
        else plain(draw_person(chance, side).last)
    )
    return chance.choice(_FACILITIES[kind])(chance.choice(words("saints")), town(chance, side), stem)


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


def employer(chance: Chance, side: str | None) -> str:
    """A company, agency or the like."""
    stem = chance.choice(on_side(words("brands"), side)) if chance.random() < 0.6 else draw_person(chance, side).last
    own = f"{stem} {chance.choice(words('trades'))}"
    public = (
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
    return chance.choice((own, own, own, f"{town(chance, side)} Fire Department", chance.choice(public)))


def school(chance: Chance, side: str | None) -> str:
    """A school or college."""
    ends = ("High School", "Elementary", "Community College", "Middle School", "State University", "Academy")
    return f"{town(chance, side)} {chance.choice(ends)}"

"""Invented people: patients, their relatives, clinicians, with names of many origins."""

from __future__ import annotations

import importlib
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from openbioner_batch.training.phi.synthetic.resources import words
from openbioner_batch.training.phi.synthetic.splits import in_split


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's name, the parts of it that notes use, and whether they are a woman."""

    first: str
    middle: str
    last: str
    female: bool

    @property
    def initials(self) -> str:
        """The first letters of all parts, such as JRW."""
        return "".join(part[0] for part in (self.first, self.middle, self.last) if part).upper()

    @property
    def title(self) -> str:
        """Ms. or Mrs. for a woman, by the length of her name, and Mr. for a man."""
        return ("Mrs." if len(self.first) % 2 else "Ms.") if self.female else "Mr."


@dataclass(frozen=True, slots=True)
class Relative:
    """A person and their relation to the patient."""

    person: Person
    relation: str


def draw_person(chance: random.Random, split: str | None, family: str = "", female: bool | None = None) -> Person:
    """A new person whose names are in `split`; `family` is a surname to share."""
    origin = chance.choices(list(words("origins")), list(words("origins").values()))[0]
    female = chance.random() < 0.55 if female is None else female
    firsts, lasts = names_of_origin(origin, split)[0 if female else 1], names_of_origin(origin, split)[2]
    if origin == "en_US" and chance.random() < 0.4:
        # half of a hospital's patients have frequent names: the lists are in order of frequency
        firsts, lasts = firsts[:60], lasts[:120]
    first, last = chance.choice(firsts), family or chance.choice(lasts)
    if not family and chance.random() < 0.05:
        last = f"{last}-{chance.choice(lasts)}"
    middle = chance.choice(firsts) if chance.random() < 0.35 else ""
    if chance.random() < 0.3:
        first, middle, last = plain(first), plain(middle), plain(last)
    return Person(first, middle, last, female)


def draw_relative(chance: random.Random, split: str | None, patient: Person) -> Relative:
    """A relative or friend of `patient`, most often of the same surname."""
    female = chance.random() < 0.6
    relation = chance.choice(words("relations")["women" if female else "men"])
    if relation in ("wife", "husband"):
        female = not patient.female
        relation = "wife" if female else "husband"
    family = patient.last if relation not in ("neighbor", "friend") and chance.random() < 0.6 else ""
    return Relative(draw_person(chance, split, family, female), relation)


def plain(name: str) -> str:
    """The name without accents, as most hospital systems store it."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def ascii_of(name: str) -> str:
    """The name as in an e-mail address: small letters, digits and dots."""
    return "".join(letter for letter in plain(name).lower() if letter.isascii() and (letter.isalnum() or letter == "."))


@cache
def names_of_origin(origin: str, split: str | None) -> tuple[list[str], list[str], list[str]]:
    """Women's, men's and family names of an origin that are in `split`."""
    own = words("names").get(origin)
    if own:
        lists: Sequence[Sequence[str]] = [own["women"], own["men"], own["families"]]
    else:
        provider = importlib.import_module(f"faker.providers.person.{origin}").Provider
        lists = [list(getattr(provider, kind)) for kind in ("first_names_female", "first_names_male", "last_names")]
    women, men, families = (
        in_split((name for name in names if len(name) > 1), split) or list(names) for names in lists
    )
    return women, men, families

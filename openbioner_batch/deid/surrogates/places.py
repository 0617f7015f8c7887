"""Invents places and organisations: keeps the words for the kind of place, and replaces proper names."""

from __future__ import annotations

import re
from collections.abc import Collection

from openbioner_batch.deid.normalising import WORD, like_case, normalise_word, squeeze, strip_possessive
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.base import InventedValue
from openbioner_batch.deid.surrogates.identifiers import invented_number
from openbioner_batch.deid.surrogates.name_pools import name_pools
from openbioner_batch.deid.surrogates.names import letter_surrogate
from openbioner_batch.deid.surrogates.words import form_of, name_form, other_surname

KINDS = frozenset(
    """hospital hospitals medical center centre clinic clinics health healthcare care nursing home homes rehab
    rehabilitation institute laboratory laboratories lab labs pharmacy drug drugs surgery surgical surgicenter specialty
    associates group practice physicians hospice infirmary sanatorium department dept division unit ward emergency room
    cancer heart children childrens womens womans veterans va memorial general regional community county state
    university college school high elementary middle academy district church baptist methodist lutheran catholic
    presbyterian company co corp corporation inc incorporated llc ltd llp plc gmbh ag sa industries industry solutions
    systems services service technologies technology enterprises partners group holdings international global national
    bank insurance logistics construction manufacturing foundation society association agency army navy marines force
    police fire us the of and for at in on by a an de la le""".split()
)
"""Words of names of organisations that are kept."""
_ROOMS = frozenset(
    """room rm bed floor fl unit ward wing building bldg icu micu sicu ccu nicu picu or er ed pacu suite ste bay pod
    tower
    north south east west n s e w main level lower upper intensive care step down the on in at ext extension""".split()
)
_COUNTY = frozenset("county parish borough precinct district township co bezirk of the".split())
_run = re.compile(rf"({WORD}|\d+)")
_coordinate = re.compile(r"\d+")


def organisation_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another hospital, clinic, employer or school: "St. Brendan Medical Center" to "Hartford Medical Center", say.

    Proper words in a row become one surname; capitals that stand for a name (SBMC) become others by the patient's
    alphabet.
    """
    return _proper_words(text, scope, KINDS, "organisation")


def county_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another county; the word for it stays."""
    return _proper_words(text, scope, _COUNTY, "county")


def town_surrogate(text: str, scope: Scope) -> InventedValue:
    """An entirely invented town: a surname and an ending such as -ville."""
    name = town_of(text, scope)
    return InventedValue(like_case(text.strip(), name), frozenset({squeeze(name)} - {""}))


def town_of(text: str, scope: Scope) -> str:
    """The invented town for a town, with a capital; unchanged where it has no letter or digit."""
    form = name_form(re.findall(rf"{WORD}|\d+", text)) or squeeze(text)
    if not form:
        return text
    base = other_surname(form, scope, "town").rstrip("aeiouys")
    return (base + scope.choose(name_pools().towns, "ending", form)).capitalize()


def country_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another country, by name."""
    form = squeeze(text)
    others = tuple(name for name in name_pools().countries if squeeze(name) != form)
    name = scope.choose(others, "country", form)
    return InventedValue(name.upper() if text.isupper() and len(form) > 3 else name, frozenset({squeeze(name)}))


def room_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another room or bed: "Room 412" to "Room 857", say; words such as "bed" stay."""
    return _proper_words(text, scope, _ROOMS, "room")


def coordinates_surrogate(text: str, scope: Scope) -> InventedValue:
    """A position elsewhere in the same layout: degrees below 80 and other decimals."""
    invented = set()

    def other(match: re.Match[str]) -> str:
        digits, decimals = match.group(), match.start() > 0 and text[match.start() - 1] == "."
        number = invented_number(digits, scope)
        if not decimals and 2 <= len(digits) <= 3:
            number = f"{1 + scope.number('degrees', digits) % 79:0{len(digits)}d}"
        if len(number) > 2:
            invented.add(number)
        return number

    return InventedValue(_coordinate.sub(other, text), frozenset(invented))


def _proper_words(text: str, scope: Scope, kept: Collection[str], purpose: str) -> InventedValue:
    """Words of `kept` and punctuation stay; other words in a row become one surname, numbers other numbers."""
    pieces = _run.split(text)
    invented: set[str] = set()
    place = 1
    # in a text all in capitals they do not show initials: "MERCY HOSPITAL", but "SBMC".
    shouted = text.isupper() and len(pieces) > 3
    if all(form_of(word) in kept for word in pieces[1::2]):
        kept = ()  # there is nothing else: then it is the name
    while place < len(pieces):
        token = pieces[place]
        if token.isdecimal():
            pieces[place] = invented_number(token, scope)
            invented.add(pieces[place])
        elif form_of(token) not in kept:
            end = place
            while (
                end + 2 < len(pieces)
                and pieces[end + 1] in (" ", ". ", "-", " & ", "")
                and _is_proper(pieces[end + 2], kept)
            ):
                end += 2
            row = "".join(pieces[place : end + 1])
            pieces[place] = _proper_surrogate(row, scope, purpose, invented, shouted)
            pieces[place + 1 : end + 1] = [""] * (end - place)
            place = end
        place += 2
    return InventedValue("".join(pieces), frozenset(invented - {""}))


def _is_proper(token: str, kept: Collection[str]) -> bool:
    return not token.isdecimal() and form_of(token) not in kept


def _proper_surrogate(row: str, scope: Scope, purpose: str, invented: set[str], shouted: bool) -> str:
    base, possessive = strip_possessive(row)
    form = normalise_word(base)
    letters = base.isupper() and len(form) <= 5 and form.isalpha() and not shouted and not name_pools().knows(form)
    if len(form) <= 1 or letters:
        other = "".join(letter_surrogate(letter, scope) for letter in form)
        return (other.upper() if base.isupper() else other) + possessive
    name = other_surname(name_form(re.findall(rf"{WORD}|\d+", row)) or form, scope, purpose)
    invented.add(name)
    return like_case(base, name) + possessive

"""Invented places and organisations: words that say what kind of place it is stay, the proper names among them go."""

from __future__ import annotations

import re
from collections.abc import Collection

from openbioner_batch.deid.geography import STATES
from openbioner_batch.deid.normalising import WORD, like_case, normalise_word, squeeze, strip_possessive
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.base import Surrogate
from openbioner_batch.deid.surrogates.identifiers import invented_number, lay_out
from openbioner_batch.deid.surrogates.names import letter_surrogate
from openbioner_batch.deid.surrogates.stock import stock

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
"""Words of names of organisations that stay."""
_STREETS = frozenset(
    """street st avenue ave road rd lane ln drive dr court ct boulevard blvd way place pl terrace ter circle cir
    parkway pkwy highway hwy route rt square sq trail alley row loop crescent close north south east west n s e w
    ne nw se sw th nd rd po p o box apt apartment suite ste unit floor fl building bldg room rm lot and the corner
    of at""".split()
)
_ROOMS = frozenset(
    """room rm bed floor fl unit ward wing building bldg icu micu sicu ccu nicu picu or er ed pacu suite ste bay pod
    tower
    north south east west n s e w main level lower upper intensive care step down the on in at ext extension""".split()
)
_COUNTY = frozenset("county parish borough precinct district township co bezirk of the".split())
_run = re.compile(rf"({WORD}|\d+)")
_end = re.compile(
    rf"(?P<state>\b(?:{'|'.join(STATES)}|{'|'.join(STATES.values())})\b)?[,\s]*(?P<zip>\d{{5}}(?:-\d{{4}})?)?\s*$"
)
_last_part = re.compile(r"(?:^|(?<=[,\n]))(\s*)([^,\n\d]+?)([,\s]*)$")
_coordinate = re.compile(r"\d+")


def organisation_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another hospital, clinic, employer or school: "St. Brendan Medical Center" to "Hartford Medical Center", say.

    Proper words in a row become one surname; capitals that stand for a name (SBMC) become others by the patient's
    alphabet.
    """
    return _proper_words(text, scope, KINDS, "organisation")


def county_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another county; the word for it stays."""
    return _proper_words(text, scope, _COUNTY, "county")


def town_surrogate(text: str, scope: Scope) -> Surrogate:
    """A town that is invented altogether: a surname and an ending such as -ville."""
    name = _town(text, scope)
    return Surrogate(like_case(text.strip(), name), frozenset({squeeze(name)}))


def address_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another address in the same layout: house, street, town and ZIP code are invented; state and kinds of street
    stay.

    The last words before a state or ZIP code are the town, and agree with that town elsewhere.
    """
    end = _end.search(text)
    assert end is not None  # it may match nothing, but matches
    if text.strip() in stock().countries:
        return country_surrogate(text, scope)
    head, invented, parts = text[: end.start()], set[str](), []
    town = _last_part.search(head)
    if town and not _is_street(town[2]):
        name = _town(town[2], scope)
        invented.add(squeeze(name))
        parts, head = [town[1], like_case(town[2], name), town[3]], head[: town.start()]
    if end["zip"]:
        code = zip_surrogate(end["zip"], scope)
        invented |= code.invented
        tail = text[end.start() : end.start("zip")] + code.text + text[end.end("zip") :]
    else:
        tail = end.group()
    if end["state"]:
        tail = state_surrogate(end["state"], scope).text + tail.removeprefix(end["state"])
    street = _proper_words(head, scope, _STREETS, "street") if head.strip() else Surrogate(head)
    if not (head.strip() or parts or end["zip"]):
        return state_surrogate(text, scope)
    return Surrogate(street.text + "".join(parts) + tail, frozenset(invented | street.invented))


def zip_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another postal code in the same layout; the first five digits of ZIP+4 agree with those alone."""
    core = squeeze(text)
    number = invented_number(core, scope)
    if len(core) == 9 and core.isdecimal():
        number = invented_number(core[:5], scope) + number[5:]
    return Surrogate(lay_out(number, text), frozenset({number}))


def state_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another state of the United States, by abbreviation or name as the original is; "OH" agrees with "Ohio"."""
    whole = text.strip().rstrip(".")
    code = next((code for code, name in STATES.items() if name.casefold() == whole.casefold()), whole.upper())
    others = tuple(other for other in STATES if other != code)
    other = scope.choose(others, "state", code)
    name = other if len(squeeze(whole)) <= 2 else STATES[other]
    return Surrogate(name.upper() if whole.isupper() else name)


def country_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another country, by name."""
    form = squeeze(text)
    others = tuple(name for name in stock().countries if squeeze(name) != form)
    name = scope.choose(others, "country", form)
    return Surrogate(name.upper() if text.isupper() and len(form) > 3 else name, frozenset({squeeze(name)}))


def room_surrogate(text: str, scope: Scope) -> Surrogate:
    """Another room or bed: "Room 412" to "Room 857", say; words such as "bed" stay."""
    return _proper_words(text, scope, _ROOMS, "room")


def coordinates_surrogate(text: str, scope: Scope) -> Surrogate:
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

    return Surrogate(_coordinate.sub(other, text), frozenset(invented))


def _proper_words(text: str, scope: Scope, kept: Collection[str], purpose: str) -> Surrogate:
    """Words of `kept` and punctuation stay; other words in a row become one surname, numbers other numbers."""
    pieces = _run.split(text)
    invented: set[str] = set()
    place = 1
    if all(normalise_word(strip_possessive(word)[0]) in kept for word in pieces[1::2]):
        kept = ()  # nothing else is there: then it is the name
    while place < len(pieces):
        token = pieces[place]
        if token.isdecimal():
            pieces[place] = invented_number(token, scope)
            invented.add(pieces[place])
        elif normalise_word(strip_possessive(token)[0]) not in kept:
            end = place
            while (
                end + 2 < len(pieces)
                and pieces[end + 1] in (" ", ". ", "-", " & ", "")
                and _is_proper(pieces[end + 2], kept)
            ):
                end += 2
            row = "".join(pieces[place : end + 1])
            pieces[place] = _proper_surrogate(row, scope, purpose, invented)
            pieces[place + 1 : end + 1] = [""] * (end - place)
            place = end
        place += 2
    return Surrogate("".join(pieces), frozenset(invented - {""}))


def _is_proper(token: str, kept: Collection[str]) -> bool:
    return not token.isdecimal() and normalise_word(strip_possessive(token)[0]) not in kept


def _proper_surrogate(row: str, scope: Scope, purpose: str, invented: set[str]) -> str:
    base, possessive = strip_possessive(row)
    form = normalise_word(base)
    if len(form) == 1 or (base.isupper() and len(form) <= 5 and form.isalpha() and not stock().knows(form)):
        other = "".join(letter_surrogate(letter, scope) for letter in form)
        return (other.upper() if base.isupper() else other) + possessive
    name = _other_surname(form, scope, purpose)
    invented.add(name)
    return like_case(base, name) + possessive


def _other_surname(form: str, scope: Scope, purpose: str) -> str:
    """A surname in small letters that begins with another letter than `form`."""
    letter = letter_surrogate(form[0], scope)
    return scope.choose(stock().surnames[letter], purpose, form).lower()


def _town(text: str, scope: Scope) -> str:
    """The invented town for a town, with a capital."""
    form = normalise_word(" ".join(text.split()))
    base = _other_surname(form, scope, "town").rstrip("aeiouys")
    return (base + scope.choose(stock().towns, "ending", form)).capitalize()


def _is_street(text: str) -> bool:
    words = [normalise_word(word) for word in re.findall(WORD, text)]
    return any(word in _STREETS and len(word) > 1 for word in words) and words[0] not in (
        "st",
        "north",
        "south",
        "east",
        "west",
    )

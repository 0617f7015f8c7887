"""Invented addresses: house, street, town, state and ZIP code, each the same wherever it occurs alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openbioner_batch.deid.geography import STATES, STREET_KINDS
from openbioner_batch.deid.normalising import WORD, like_case, squeeze
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.base import InventedValue
from openbioner_batch.deid.surrogates.identifiers import in_layout_of, invented_number
from openbioner_batch.deid.surrogates.name_pools import name_pools
from openbioner_batch.deid.surrogates.names import letter_surrogate
from openbioner_batch.deid.surrogates.places import country_surrogate, town_of
from openbioner_batch.deid.surrogates.words import form_of, name_form, other_surname
from openbioner_batch.deid.zips import areas, state_of_zip

_DIRECTIONS = frozenset("north south east west northeast northwest southeast southwest n s e w ne nw se sw nth".split())
_UNITS = frozenset("p o po box apt apartment suite ste unit floor fl building bldg room rm lot trlr".split())
_SMALL = frozenset("and the corner of at near".split())
_KEPT = STREET_KINDS | _DIRECTIONS | _UNITS | _SMALL

_token = re.compile(rf"(\d+(?:st|nd|rd|th)\b|{WORD}|\d+)", re.IGNORECASE)
_JOINTS = (" ", ". ", "-", "")
"""Separators between the words of one name."""
_NAMES_OF_STATES = "|".join(name.replace(" ", r"\s+") for name in STATES.values())
_end = re.compile(
    rf"(?P<state>\b(?:{'|'.join(STATES)}|(?i:{_NAMES_OF_STATES}))\b\.?)?[,\s]*"
    r"(?P<zip>(?<!\d)\d{5}(?:-\d{4})?)?(?:[,\s]+(?:USA|U\.S\.A\.|United\s+States(?:\s+of\s+America)?))?[\s.]*$"
)
_last_part = re.compile(r"(?:^|(?<=[,\n]))(\s*)([^,\n\d]*[^\W\d_][^,\n\d]*?)([,\s]*)$")


def address_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another address in the same layout; kinds of street, units and directions stay.

    The last words before a state or ZIP code, and those after a street, are the town. With both a state and a ZIP code,
    the state is that of the invented ZIP code.
    """
    if text.strip() in name_pools().countries:
        return country_surrogate(text, scope)
    end = _end.search(text)
    assert end is not None  # it may match nothing, but matches
    head, invented, town_parts = text[: end.start()], set[str](), ""
    town = _last_part.search(head)
    if town and not _is_street(town[2]):
        name = town_of(town[2], scope)
        invented.add(squeeze(name))
        town_parts, head = town[1] + like_case(town[2].strip(), name) + town[3], head[: town.start()]
    street = _street(head, scope)
    tail = end.group()
    if end["zip"]:
        code = zip_surrogate(end["zip"], scope)
        invented |= code.invented
        tail = tail.replace(end["zip"], code.text, 1)
    if end["state"]:
        original = (end["zip"] and state_of_zip(end["zip"])) or end["state"]
        tail = _state_like(end["state"], original, end["zip"], scope) + tail[len(end["state"]) :]
    return InventedValue(street.text + town_parts + tail, frozenset(invented | street.invented))


def zip_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another postal code in the same layout.

    A ZIP code becomes one of the state that replaces its own. The first three digits of two codes agree if
    the originals' do, and the first five of ZIP+4 with those alone. One of four digits has lost its zero. Codes of
    other countries keep their layout only.
    """
    core = squeeze(text)
    if not core.isdecimal() or len(core) not in (3, 4, 5, 9):
        number = invented_number(core, scope)
        return InventedValue(in_layout_of(number, text), frozenset({number}))
    core = str(int(core)).zfill(len(core))  # in ASCII
    if len(core) == 4:
        number = _zip_digits("0" + core, scope)
        return InventedValue(number, frozenset({number}))
    number = _zip_digits(core[:5], scope) + (invented_number(core, scope)[5:] if len(core) == 9 else "")
    return InventedValue(in_layout_of(number, text), frozenset({number}))


def state_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another state of the United States, abbreviated or in full like the original; "OH" agrees with "Ohio"."""
    return InventedValue(_state_like(text, text, None, scope))


def _zip_digits(digits: str, scope: Scope) -> str:
    """Three or five digits of an invented ZIP code."""
    area = scope.choose(areas()[_state_for_zip(digits, scope)], "zip area", digits[:3])
    if len(digits) == 3:
        return area
    return f"{area}{1 + scope.number('zip', digits) % 99:02d}"


def _state_for_zip(digits: str, scope: Scope) -> str:
    state = state_of_zip(digits)
    return _other_state(state, scope) if state else scope.choose(tuple(areas()), "zip state", digits[:3])


def _other_state(code: str, scope: Scope) -> str:
    return scope.choose(tuple(other for other in STATES if other != code), "state", code)


def _state_like(text: str, original: str, zip: str | None, scope: Scope) -> str:
    """The state that replaces `original`, or that of a ZIP code in an unknown area, written like `text`."""
    whole = " ".join(text.strip().rstrip(".").split())
    code = _code_of(original)
    other = _state_for_zip(zip, scope) if zip and not state_of_zip(zip) else _other_state(code, scope)
    name = other if len(squeeze(whole)) <= 2 else STATES[other]
    return name.upper() if whole.isupper() else name


def _code_of(state: str) -> str:
    whole = " ".join(state.strip().rstrip(".").split())
    return next((code for code, name in STATES.items() if name.casefold() == whole.casefold()), whole.upper())


def _street(text: str, scope: Scope) -> InventedValue:
    """Another street: numbers become others, the words of its name one surname, a town after it an invented one."""
    pieces = _token.split(text)
    roles = _roles(pieces[1::2])
    invented: set[str] = set()
    place = 1
    while place < len(pieces):
        role = roles[place // 2]
        end = place
        if role == "number":
            pieces[place] = invented_number(pieces[place], scope)
            invented.add(pieces[place])
        elif role == "letter":
            pieces[place] = like_case(pieces[place], letter_surrogate(form_of(pieces[place]), scope))
        elif role in ("name", "town"):
            while end + 2 < len(pieces) and roles[end // 2 + 1] == role and pieces[end + 1] in _JOINTS:
                end += 2
            row, words = "".join(pieces[place : end + 1]), pieces[place : end + 1 : 2]
            if role == "town":
                name = town_of(row, scope)
                invented.add(squeeze(name))
            else:
                name = other_surname(name_form(words) or row, scope, "street")
                invented.add(name)
            pieces[place] = name.capitalize() if row[0].isdecimal() and not row.isupper() else like_case(row, name)
            pieces[place + 1 : end + 1] = [""] * (end - place)
        place = end + 2
    return InventedValue("".join(pieces), frozenset(invented - {""}))


def _roles(words: Sequence[str]) -> list[str]:
    """What each word of a street is: "number", "letter", "kept", "name" or, after the street, "town"."""
    forms = [form_of(word) for word in words]
    roles = [
        "number" if word.isdecimal() else "kept" if form in _KEPT else "name"
        for word, form in zip(words, forms, strict=True)
    ]
    for place, form in enumerate(forms[:-1]):
        # Saint Mary's Avenue: a street's kind follows its name.
        if form in ("st", "ste") and roles[place + 1] == "name" and "name" not in roles[:place]:
            roles[place] = "name"
    kinds = [place for place, form in enumerate(forms) if form in STREET_KINDS and roles[place] == "kept"]
    last = kinds[-1] if kinds else 0
    if last and "name" not in roles[:last] and roles[last - 1] == "kept":
        roles[last - 1] = "name"  # North Street, Court Street
    for place in range(len(words) - 1, last, -1):
        if roles[place] != "name" or "name" not in roles[:last]:
            break
        roles[place] = "town"
    return [
        "letter" if role in ("name", "town") and len(form) == 1 else role
        for role, form in zip(roles, forms, strict=True)
    ]


def _is_street(text: str) -> bool:
    """Whether words before a state are a street's, not a town's: "Elm St", "North Oak Street", but not "St. Louis"."""
    roles, forms = _roles(words := re.findall(WORD, text)), [form_of(word) for word in words]
    return (
        any(form in STREET_KINDS and role == "kept" for form, role in zip(forms, roles, strict=True)) and len(words) > 1
    )

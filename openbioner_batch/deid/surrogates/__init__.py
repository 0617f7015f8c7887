"""Invented values in place of identifiers: keyed, consistent within a scope, in the layout of the original."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates import addresses, contacts, identifiers, places
from openbioner_batch.deid.surrogates.base import InventedValue
from openbioner_batch.deid.surrogates.names import name_surrogate

_SUFFIX = re.compile(r"\.(?:jpe?g|png|gif|bmp|tiff?|heic|webp|raw|svg|dcm|pdf|mp4|mov|avi|mpg)$", re.IGNORECASE)

__all__ = ["SURROGATE_FAMILIES", "InventedValue", "surrogate"]


def _file_surrogate(text: str, scope: Scope) -> InventedValue:
    """A file name keeps its suffix, which identifies nobody."""
    suffix = _SUFFIX.search(text)
    cut = suffix.start() if suffix else len(text)
    other = identifiers.identifier_surrogate(text[:cut], scope)
    return InventedValue(other.text + text[cut:], other.invented)


_GENERATORS: dict[str, Callable[[str, Scope], InventedValue]] = {
    "organisation": places.organisation_surrogate,
    "account": contacts.account_surrogate,
    "contact": contacts.contact_surrogate,
    "phone": contacts.phone_surrogate,
    "email": contacts.email_surrogate,
    "url": contacts.url_surrogate,
    "ip": contacts.ip_surrogate,
    "address": addresses.address_surrogate,
    "town": places.town_surrogate,
    "county": places.county_surrogate,
    "zip": addresses.zip_surrogate,
    "state": addresses.state_surrogate,
    "country": places.country_surrogate,
    "room": places.room_surrogate,
    "coordinates": places.coordinates_surrogate,
    "ssn": identifiers.ssn_surrogate,
    "identifier": identifiers.identifier_surrogate,
    "file": _file_surrogate,
}

SURROGATE_FAMILIES = frozenset(_GENERATORS) | {"name"}
"""Families of types for which values can be invented."""


def surrogate(type: str, text: str, scope: Scope, avoid: Collection[str] = ()) -> InventedValue | None:
    """An invented value for `text`, or None where it would equal something in `avoid` or `text` itself.

    Args:
        type: of the PHI catalog; its family must be in `SURROGATE_FAMILIES`.
        text: the original.
        scope: within which the same original gets the same value.
        avoid: the originals of the note, as by `comparable_forms`. A name that coincides with one is written as its
            initial. Nothing is drawn again: one original would get two invented values.
    """
    family = family_of(type)
    if family == "name":
        invented = name_surrogate(text, scope, avoid)
    else:
        invented = _GENERATORS[family](text, scope)
        if any(form in avoid for form in invented.invented):
            return None
    return None if invented.text.casefold() == text.casefold() else invented

"""Collects what FHIR resources say about people and places in their elements: values to find in their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openbioner_batch.deid.fhir.elements import (
    PARTS_OF_ADDRESSES,
    TYPES_OF_PEOPLE,
    TYPES_OF_REFERENCES,
    TYPES_OF_TELECOM,
)
from openbioner_batch.deid.fhir.references import contained_kinds, target_of
from openbioner_batch.deid.fhir.systems import type_of_identifier
from openbioner_batch.deid.known import KnownValue

_DATES = {"birthDate": "birth_date", "deceasedDateTime": "death_date"}
_NAMES_IN_EXTENSIONS = ("maidenname", "birthname")
"""Endings, in small letters, of the addresses of extensions whose text is a name."""


def known_values_of(resource: Mapping[str, Any]) -> Iterator[KnownValue]:
    """Names, numbers, contacts, addresses and dates of birth, anywhere in the resource.

    Displays of references count, be those relative, absolute or contained; so do contained resources and extensions.
    """
    yield from _inside(resource, "", contained_kinds(resource))


def _inside(found: Mapping[str, Any], owner: str, contained: Mapping[str, str]) -> Iterator[KnownValue]:
    """The values in an element and below it; `owner` is the kind of resource that names belong to."""
    owner = str(found.get("resourceType", owner))
    for name, value in found.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield from _of_text(name, item, owner)
            elif isinstance(item, Mapping):
                yield from _of_element(name, item, owner, contained)
                yield from _inside(item, "RelatedPerson" if name == "contact" else owner, contained)


def _of_text(name: str, text: str, owner: str) -> Iterator[KnownValue]:
    if name in _DATES:
        yield KnownValue(_DATES[name], text)
    elif name == "name" and owner in ("Organization", "Location"):
        yield KnownValue(TYPES_OF_REFERENCES[owner], text)


def _of_element(name: str, item: Mapping[str, Any], owner: str, contained: Mapping[str, str]) -> Iterator[KnownValue]:
    if isinstance(item.get("display"), str) and name != "coding" and not item.keys() & {"system", "code"}:
        if type := TYPES_OF_REFERENCES.get(str(target_of(item, name, contained).kind)):
            yield KnownValue(type, item["display"])
    elif name in ("name", "valueHumanName"):
        yield from _names(item, TYPES_OF_PEOPLE.get(owner, "person_name"))
    elif name in ("telecom", "valueContactPoint") and isinstance(item.get("value"), str):
        yield KnownValue(TYPES_OF_TELECOM.get(str(item.get("system")), "contact_detail"), item["value"])
    elif name in ("address", "valueAddress"):
        for part in ("line", "city", "postalCode"):
            for value in _strings(item.get(part)):
                yield KnownValue(PARTS_OF_ADDRESSES[part], value)
    elif name in ("identifier", "masterIdentifier", "valueIdentifier") and isinstance(item.get("value"), str):
        yield KnownValue(type_of_identifier(item), item["value"])
    elif name == "extension" and str(item.get("url")).lower().replace("-", "").endswith(_NAMES_IN_EXTENSIONS):
        for value in _strings(item.get("valueString")):
            yield KnownValue("relative_name", value)


def _names(item: Mapping[str, Any], type: str) -> Iterator[KnownValue]:
    parts = [*_strings(item.get("given")), *_strings(item.get("family"))]
    for value in [" ".join(parts), *_strings(item.get("text"))]:
        if value:
            yield KnownValue(type, value)


def _strings(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
